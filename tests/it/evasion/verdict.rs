//! What became of a way: what the server read, held against what was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use audit_layer_tests::servers::NAMES;
use serde_json::Value;

use crate::expected::notes;

/// Notes by which an event says that it does not have the prompt as it was.
const SAYS_UNKNOWN: &[&str] = &[
    "api_unknown",
    "call_uncertain",
    "invalid_unicode_replaced",
    "member_duplicated",
    "prompt_content_truncated",
    "prompt_part_unread",
    "protocol_not_read",
    "request_body_empty",
    "request_body_truncated",
    "request_charset_unknown",
    "request_encoding_broken",
    "request_encoding_unsupported",
    "request_incomplete",
    "request_unreadable",
    "trailing_data",
];

/// A way, where it was tried, and how it ended.
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) way: String,
    pub(crate) server: &'static str,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server read no prompt.
    NotRead,
    /// The event has the prompt.
    Recorded,
    /// The event has another or none, and says so.
    Noted(String),
    /// Nothing says that there was a call.
    Nothing { read: String },
    /// The event has something else and says nothing of it.
    Silent { read: String, event: String },
}

impl Verdict {
    pub(crate) fn of(read: Option<&String>, events: Option<&Vec<Value>>) -> Self {
        let Some(read) = read.filter(|read| !read.is_empty()) else {
            return Self::NotRead;
        };
        let Some(events) = events else {
            return Self::Nothing { read: short(read) };
        };
        let mut verdict = Self::Recorded;
        for event in events {
            if is_prompt(event, read) {
                continue;
            }
            let unknown = notes(event)
                .into_iter()
                .find(|note| SAYS_UNKNOWN.contains(note));
            let Some(note) = unknown else {
                return Self::Silent {
                    read: short(read),
                    event: short(&format!("{} {:?}", event["prompt_content"], notes(event))),
                };
            };
            verdict = Self::Noted(note.to_owned());
        }
        verdict
    }

    pub(crate) fn escapes(&self) -> bool {
        matches!(self, Self::Nothing { .. } | Self::Silent { .. })
    }

    fn sign(&self) -> char {
        match self {
            Self::NotRead => '.',
            Self::Recorded => '=',
            Self::Noted(_) => '?',
            Self::Nothing { .. } => '0',
            Self::Silent { .. } => '!',
        }
    }
}

/// Whether the event has this prompt and no other words. Images stand as lines of their own, and
/// Anthropic's layout has the role before the words.
fn is_prompt(event: &Value, read: &str) -> bool {
    let content = event["prompt_content"].as_str().unwrap_or_default();
    let content = content.strip_prefix("[USER] ").unwrap_or(content);
    let is_image = |line: &&str| line.starts_with("[image_url sha256:") && line.ends_with(']');
    let words: Vec<_> = content.split('\n').filter(|line| !is_image(line)).collect();
    words.join("\n") == read
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The names of the ways that came to such a verdict anywhere.
pub(crate) fn ways(outcomes: &[Outcome], is_such: impl Fn(&Verdict) -> bool) -> BTreeSet<&str> {
    let such = outcomes.iter().filter(|outcome| is_such(&outcome.verdict));
    such.map(|outcome| &*outcome.way).collect()
}

/// A line for each way, with a sign for each server and gateway, and what was wrong.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        rows.entry(&outcome.way).or_default().push(outcome);
    }
    let mut table = format!(
        "for each gateway, of {}:\n. not read, = recorded, ? said to be unknown, \
         0 NO EVENT, ! ANOTHER PROMPT IN SILENCE\n",
        NAMES.join(", ")
    );
    for (way, outcomes) in rows {
        let signs: String = outcomes.iter().map(|it| it.verdict.sign()).collect();
        let said: BTreeSet<_> = outcomes
            .iter()
            .filter_map(|outcome| match &outcome.verdict {
                Verdict::Noted(note) => Some(note.clone()),
                _ => None,
            })
            .collect();
        let said = said.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(table, "{signs:13} {way:50} {said}");
        for outcome in outcomes.iter().filter(|it| it.verdict.escapes()) {
            let Outcome {
                id,
                server,
                verdict,
                ..
            } = outcome;
            let _ = writeln!(table, "    {id} {server}: {verdict:?}");
        }
    }
    table
}
