//! The parameters of `GET /v1/audit/logs`.

use audit_layer_core::event::{CompletionState, RiskLevel};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::access::Kind;
use crate::event::{Field, Observed};
use crate::limits;
use crate::query::dialect::Dialect;
use crate::query::format::Format;
use crate::query::known::Known;
use crate::query::parameters::{self, Edge, ParameterError, check_range, instant, number_up_to};
use crate::query::words;
use crate::search::Position;
use crate::store::arrival::{RECORDED_BY, RECORDED_BY_KIND};
use crate::store::{Condition, LogFilter};

/// What is asked for, and how it is to be written.
pub(crate) struct LogQuery {
    pub(crate) filter: LogFilter,
    pub(crate) format: Format,
    pub(crate) dialect: Dialect,
    /// What is known, of a list that is followed.
    pub(crate) known: Option<Known>,
}

/// Reads `start_date=…&limit=…` as it stands after the question mark. The format is as `accepted`
/// unless the parameter `format` says otherwise.
pub(crate) fn parse(query: &str, accepted: Format) -> Result<LogQuery, ParameterError> {
    let parameters = parameters::read(query, &known().collect::<Vec<_>>())?;
    let named = parameters.iter().find(|(name, _)| *name == "format");
    let format = named.map_or(Ok(accepted), |(_, value)| Format::named(value))?;
    let parameters = parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let filter = filter(format, parameters.clone())?;
    let mut after = parameters.clone().filter(|(name, _)| *name == AFTER);
    let known = after
        .next()
        .map(|(_, value)| Known::read(value))
        .transpose()?;
    if known.is_some() && (format != Format::Page || filter.range.before.is_some()) {
        return Err(ParameterError::AfterOfOther);
    }
    Ok(LogQuery {
        dialect: Dialect::of(parameters)?,
        filter,
        format,
        known,
    })
}

/// The events that these parameters want: any of [`parse`] that choose events.
pub(crate) fn of<'q>(
    parameters: impl Iterator<Item = (&'static str, &'q str)>,
) -> Result<LogFilter, ParameterError> {
    filter(Format::Lines, parameters)
}

fn filter<'q>(
    format: Format,
    parameters: impl Iterator<Item = (&'static str, &'q str)>,
) -> Result<LogFilter, ParameterError> {
    let mut filter = LogFilter {
        limit: format.events_default(),
        ..LogFilter::default()
    };
    for (name, value) in parameters {
        apply(&mut filter, format, name, value)?;
    }
    check_range(filter.range.from, filter.range.until)?;
    Ok(filter)
}

fn apply(
    filter: &mut LogFilter,
    format: Format,
    name: &'static str,
    value: &str,
) -> Result<(), ParameterError> {
    match name {
        "conflict" => {
            let condition = Condition::InConflict(parameters::switch("conflict", value)?);
            filter.conditions.push(condition);
        }
        RECORDED_BY => filter
            .conditions
            .push(Condition::RecordedBy(value.to_owned())),
        RECORDED_BY_KIND => filter
            .conditions
            .push(Condition::RecordedByKind(kind(value)?)),
        "compliance_tag" => filter.conditions.push(Condition::Tag(value.to_owned())),
        "cursor" => filter.range.before = Some(position(value)?),
        "end_date" => filter.range.until = Some(instant(value, Edge::End)?),
        "limit" => filter.limit = number_up_to(format.events_max(), value)?,
        "start_date" => filter.range.from = Some(instant(value, Edge::Start)?),
        "text" => filter.conditions.push(text(value)?),
        _ => {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let condition = field.map(|field| is(field, value)).transpose()?;
            let observed = Observed::ALL.into_iter().find(|one| one.name() == name);
            let observed = observed.map(|one| Condition::Observed(one, value.to_owned()));
            filter.conditions.extend(condition.or(observed));
        }
    }
    Ok(())
}

/// The parameters that choose events.
pub(crate) fn choosing() -> impl Iterator<Item = &'static str> {
    let of_answers = ["limit", "cursor", AFTER, "format"];
    let of_answers = of_answers
        .into_iter()
        .chain(Dialect::PARAMETERS)
        .collect::<Vec<_>>();
    known().filter(move |name| !of_answers.contains(name))
}

fn known() -> impl Iterator<Item = &'static str> {
    let members = OTHERS.into_iter().chain(Field::ALL.map(Field::name));
    let members = members.chain(Dialect::PARAMETERS);
    members.chain(Observed::ALL.map(Observed::name))
}

/// The parameters that are no member of the event.
const OTHERS: [&str; 11] = [
    "start_date",
    "end_date",
    "limit",
    "cursor",
    AFTER,
    "format",
    "text",
    "compliance_tag",
    "conflict",
    RECORDED_BY,
    RECORDED_BY_KIND,
];

/// The parameter with which a list is followed.
const AFTER: &str = "after";

/// A misspelt value of the few that there are would say that there is no such event.
fn is(field: Field, value: &str) -> Result<Condition, ParameterError> {
    let known: &[&str] = match field {
        Field::RiskLevel => RiskLevel::NAMES,
        Field::CompletionState => CompletionState::NAMES,
        _ => &[],
    };
    if !known.is_empty() && !known.contains(&value) {
        let name = field.name();
        let known = known.to_vec();
        return Err(ParameterError::Choice { name, known });
    }
    Ok(Condition::Is(field, value.to_owned()))
}

fn kind(value: &str) -> Result<Kind, ParameterError> {
    value.parse().map_err(|_| ParameterError::Choice {
        name: RECORDED_BY_KIND,
        known: Kind::ALL.map(Kind::name).to_vec(),
    })
}

fn text(value: &str) -> Result<Condition, ParameterError> {
    if value.len() > limits::SEARCH_BYTES_MAX {
        return Err(ParameterError::TextTooLong);
    }
    let words = words::read(value);
    match words.is_empty() {
        true => Err(ParameterError::TextWithoutWord),
        false => Ok(Condition::Words(words)),
    }
}

/// The cursor that goes on after `position`. Clients pass it back and do not look inside.
pub(crate) fn cursor(position: Position) -> String {
    URL_SAFE_NO_PAD.encode(position.0.to_be_bytes())
}

fn position(cursor: &str) -> Result<Position, ParameterError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    let number = bytes.map(i64::from_be_bytes);
    number.map(Position).ok_or(ParameterError::Cursor)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn parse(query: &str) -> Result<LogFilter, ParameterError> {
        super::parse(query, Format::Page).map(|query| query.filter)
    }

    fn parameter_at_fault(query: &str) -> Option<String> {
        parse(query).err().map(|error| error.parameter().to_owned())
    }

    #[test]
    fn a_day_reaches_from_its_midnight_to_the_next() {
        let filter = parse("start_date=2025-02-01&end_date=2025-02-01").unwrap();
        let day_micros = 24 * 60 * 60 * 1_000_000;
        assert_eq!(filter.range.from, Some(1_738_368_000_000_000));
        assert_eq!(filter.range.until, Some(1_738_368_000_000_000 + day_micros));
    }

    #[test]
    fn an_instant_as_the_end_is_in_the_range() {
        let query = "start_date=2025-02-01T01:00:00%2B01:00&end_date=2025-02-01T00:00:00Z";
        let filter = parse(query).unwrap();
        assert_eq!(filter.range.from, Some(1_738_368_000_000_000));
        assert_eq!(filter.range.until, Some(1_738_368_000_000_001));
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let wrong = [
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=", "limit"),
            ("limit=-1", "limit"),
            ("start_date=2025-02-30", "start_date"),
            ("start_date=yesterday", "start_date"),
            ("start_date=2025-2-1", "start_date"),
            ("start_date=2025-%201-%201", "start_date"),
            ("start_date=%2B001-01-01", "start_date"),
            ("limit=%2B5", "limit"),
            ("user_id=M%FCller", "user_id"),
            ("%FC=1", "%FC"),
            ("end_date=%2B99999-12-31", "end_date"),
            ("end_date=2025-02-01T00:00:00+01:00", "end_date"),
            ("start_date=2025-02-02&end_date=2025-02-01", "end_date"),
            ("cursor=", "cursor"),
            ("cursor=%00", "cursor"),
            ("cursor=bm9wZQ", "cursor"),
            ("format=", "format"),
            ("format=xml", "format"),
            ("page=2", "page"),
            ("user_id=a&user_id=b", "user_id"),
        ];
        for (query, name) in wrong {
            assert_eq!(parameter_at_fault(query).as_deref(), Some(name), "{query}");
        }
    }

    #[test]
    fn limits_are_inclusive() {
        assert_eq!(parse("limit=1").unwrap().limit, 1);
        assert_eq!(parse("limit=500").unwrap().limit, 500);
        assert_eq!(parse("").unwrap().limit, 50);
        let export = |limit: &str| parse(&format!("format=csv{limit}"));
        assert_eq!(export("&limit=501").unwrap().limit, 501);
        assert_eq!(export("").unwrap().limit, usize::MAX);
        assert!(export("&limit=0").is_err());
    }

    #[test]
    fn the_openapi_document_describes_each_parameter() {
        let documented = crate::api::query_parameters("/v1/audit/logs");
        let known: BTreeSet<String> = known().map(str::to_owned).collect();
        assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), known);
        let states = &documented["completion_state"]["schema"]["enum"];
        let mut names = CompletionState::NAMES.to_vec();
        names.sort_unstable();
        assert_eq!(*states, serde_json::json!(names));
    }

    #[test]
    fn a_cursor_gives_its_position_back() {
        let here = Position(-7_000_000_001);
        assert_eq!(position(&cursor(here)).unwrap(), here);
    }
}
