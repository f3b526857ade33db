//! Events as rows of a table that a person opens in a spreadsheet.

use std::collections::HashMap;

use audit_layer_core::event::Member;
use csv::{Terminator, WriterBuilder};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::event::{GatewayFacts, Node, Usage};
use crate::query::dialect::Dialect;
use crate::store::Log;
use crate::time;

/// The names of the columns.
pub(crate) fn head(dialect: Dialect) -> Result<Vec<u8>, TableError> {
    let added = ["id", "received_at"].into_iter();
    let documented = Member::ALL.iter().map(|member| member.name());
    let names = added.chain(documented).chain(OBSERVED);
    let names = names.chain(RECORDED);
    let names = rows([names].into_iter(), dialect)?;
    Ok([dialect.mark().as_bytes(), &names].concat())
}

/// A row for each event. Texts stand as text, all other values as JSON. A token count that nobody gave
/// is empty, where the event has 0 because a number is wanted there.
pub(crate) fn body(logs: &[Log], dialect: Dialect) -> Result<Vec<u8>, TableError> {
    let cells = logs.iter().map(cells).collect::<Result<Vec<_>, _>>()?;
    rows(cells.into_iter(), dialect)
}

/// What a gateway observed that sums depend on. It stands in `metadata` as well, where no spreadsheet
/// finds it.
const OBSERVED: [&str; 3] = ["capture_api", "outer_request_id", "usage_source"];

/// With which key it was recorded, and whether others of its call contradict it. Columns that came later
/// are the last.
const RECORDED: [&str; 4] = [
    "recorded_by_key_id",
    "recorded_by_kind",
    "conflict_of",
    "writer_not_counted",
];

/// The counts that have to be numbers, and are 0 where nobody knows them.
const TOKENS: [Member; 2] = [Member::PromptTokens, Member::ResponseTokens];

/// As RFC 4180 writes it, without a mark.
pub(crate) fn rows<C: AsRef<[u8]>>(
    rows: impl Iterator<Item = impl Iterator<Item = C>>,
    dialect: Dialect,
) -> Result<Vec<u8>, TableError> {
    let mut writer = WriterBuilder::new()
        .delimiter(dialect.delimiter)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|_| TableError::Unfinished)
}

fn cells(log: &Log) -> Result<impl Iterator<Item = String>, TableError> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(&log.event)?;
    let text = |member: Member| members.get(member.name()).map_or("null", |raw| raw.get());
    let metadata = text(Member::Metadata);
    let observed = Node::of(metadata).get("audit_layer").get("usage");
    let usage = Usage::of(TOKENS.map(text).map(Node::of), observed);
    let documented = Member::ALL.iter().map(|member| match text(*member) {
        "0" if usage.is_unknown(*member) => "null",
        text => text,
    });
    let documented = documented.map(cell).collect::<Result<Vec<_>, _>>()?;
    let facts = GatewayFacts::read(Some(metadata));
    let source = observed.get("source").text();
    let of_gateway = [facts.capture_api, facts.outer_request_id, source];
    let of_gateway = of_gateway.map(|text| harmless(text.unwrap_or_default()));
    let added = [log.id.clone(), time::text(log.received_at)];
    let cells = added.into_iter().chain(documented).chain(of_gateway);
    Ok(cells.chain(recorded(log)))
}

fn recorded(log: &Log) -> [String; RECORDED.len()] {
    let recorder = log.recorded_by.as_ref();
    let key_id = recorder.map(|recorder| recorder.key_id.clone());
    let kind = recorder.map(|recorder| recorder.kind.name().to_owned());
    let not_counted = log.writer_not_counted.then(|| true.to_string());
    [key_id, kind, log.conflict_of.clone(), not_counted].map(Option::unwrap_or_default)
}

fn cell(raw: &str) -> Result<String, TableError> {
    match raw.as_bytes().first() {
        Some(b'"') => Ok(harmless(serde_json::from_str(raw)?)),
        _ if raw == "null" => Ok(String::new()),
        _ => Ok(raw.to_owned()),
    }
}

/// Puts an apostrophe before a text that a spreadsheet would take for a formula, and run.
/// https://owasp.org/www-community/attacks/CSV_Injection
///
/// It goes before an apostrophe as well, so that taking the first one away always gives the text.
pub(crate) fn harmless(text: String) -> String {
    let shown = text.trim_start_matches(is_passed_over);
    match text.starts_with(['\t', '\r', '\n']) || shown.starts_with(FORMULA_STARTS) {
        true => format!("'{text}"),
        false => text,
    }
}

/// What some spreadsheets leave out before they look at the first sign of a cell.
fn is_passed_over(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{feff}')
}

/// The last four are the wide forms that East Asian keyboards give.
const FORMULA_STARTS: [char; 9] = [
    '=', '+', '-', '@', '\'', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Why there is no table. What is stored was read before: this is damage.
#[derive(Debug, Error)]
pub(crate) enum TableError {
    #[error("a stored event cannot be read: {0}")]
    Event(#[from] serde_json::Error),
    #[error("a row cannot be written: {0}")]
    Row(#[from] csv::Error),
    #[error("the table was not finished")]
    Unfinished,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "'",
            "\u{ff1d}1",
            " =1",
            "\u{feff}=1",
            "\0\u{a0}@a",
            " '",
        ] {
            assert_eq!(harmless(text.to_owned()), format!("'{text}"));
        }
        for text in ["", "1=1", " a=1", " ", "a", "é"] {
            assert_eq!(harmless(text.to_owned()), text);
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(cell("-0.50").unwrap(), "-0.50");
        assert_eq!(cell("\"-0.50\"").unwrap(), "'-0.50");
        assert_eq!(cell("null").unwrap(), "");
    }
}
