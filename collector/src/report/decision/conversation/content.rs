//! What a part of a conversation says, as far as the event has it.

use std::ops::Range;

use audit_layer_core::event::Kind;
use serde::Serialize;

use crate::event::Fields;

/// What a part says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "content", rename_all = "snake_case")]
pub(crate) enum Content {
    /// All of its text.
    Whole { text: String },
    /// The beginning of its text: the rest was cut.
    Beginning { text: String },
    /// A text that was cut before it began.
    Cut,
    /// Something of which only the hash is recorded.
    OnlyHash,
    /// Data that are elsewhere: the prompt only refers to them.
    Elsewhere,
    /// A text that does not stand where the part says, or nothing that can be shown.
    NotFound,
}

impl Content {
    /// What this part says, whose text may stand in the canonical `text`.
    pub(super) fn of(part: &Fields<'_>, text: &str) -> Self {
        let own = ["arguments", "text"].map(|name| part.get(name).shown());
        if let Some(text) = own.into_iter().flatten().next() {
            return Self::Whole { text };
        }
        if !part.get("at").is_missing() {
            return Self::placed(part, text);
        }
        let is_named = |name| part.get(name).text().is_some_and(|text| !text.is_empty());
        let kind = part.get("kind").text().and_then(|kind| Kind::named(&kind));
        let nothing = Self::Whole {
            text: String::new(),
        };
        match (kind, part.get("bytes").count()) {
            _ if is_named("reference") => Self::Elsewhere,
            _ if is_named("hash") => Self::OnlyHash,
            // A message without anything.
            (Some(Kind::Text), None) if part.get("bytes").is_missing() => nothing,
            (Some(kind), Some(0)) if !matches!(kind, Kind::Media | Kind::Other) => nothing,
            _ => Self::NotFound,
        }
    }

    fn placed(part: &Fields<'_>, text: &str) -> Self {
        let Some(Place { at, end }) = Place::of(part) else {
            return Self::NotFound;
        };
        let found = |range: Range<usize>| text.get(range).map(str::to_owned);
        match found(at..end.min(text.len())) {
            Some(text) if at.saturating_add(text.len()) == end => Self::Whole { text },
            Some(text) if !text.is_empty() => Self::Beginning { text },
            _ if at >= text.len() => Self::Cut,
            _ => Self::NotFound,
        }
    }

    /// The text, as far as there is any.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Whole { text } | Self::Beginning { text } => Some(text),
            Self::Cut | Self::OnlyHash | Self::Elsewhere | Self::NotFound => None,
        }
    }
}

/// Where the text of a part stands in the canonical `text`, as far as it is shown from there.
pub(super) fn place(part: &Fields<'_>, text: &str) -> Option<Range<usize>> {
    let has_own = ["arguments", "text"]
        .iter()
        .any(|name| part.get(name).shown().is_some());
    let Place { at, end } = Place::of(part).filter(|_| !has_own)?;
    let range = at..end.min(text.len());
    text.get(range.clone()).map(|_| range)
}

/// From where to where, in bytes of UTF-8.
struct Place {
    at: usize,
    end: usize,
}

impl Place {
    fn of(part: &Fields<'_>) -> Option<Self> {
        let number = |name| usize::try_from(part.get(name).count()?).ok();
        let at = number("at")?;
        let end = at.checked_add(number("bytes")?)?;
        Some(Self { at, end })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Node;

    fn content(part: &Value, text: &str) -> Content {
        Content::of(&Fields::of(Node::of(&part.to_string())), text)
    }

    #[test]
    fn a_text_is_cut_out_by_its_bytes() {
        let text = "für 中\u{1f600}!";
        let whole = |text: &str| Content::Whole {
            text: text.to_owned(),
        };
        for (at, bytes, expected) in [
            (0, 4, whole("für")),
            (5, 3, whole("中")),
            (8, 4, whole("\u{1f600}")),
            (13, 0, whole("")),
            (0, 0, whole("")),
            (
                8,
                90,
                Content::Beginning {
                    text: "\u{1f600}!".to_owned(),
                },
            ),
            (13, 1, Content::Cut),
            (500, 1, Content::Cut),
            (u64::MAX, 1, Content::NotFound),
            // Within a character.
            (2, 3, Content::NotFound),
            (0, 2, Content::NotFound),
        ] {
            let part = json!({"kind": "text", "at": at, "bytes": bytes});
            assert_eq!(content(&part, text), expected, "{part}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (part, expected) in [
            (
                json!({"kind": "media", "bytes": 9, "hash": "sha256:1"}),
                Content::OnlyHash,
            ),
            (
                json!({"kind": "media", "reference": "file-1", "hash": "sha256:1"}),
                Content::Elsewhere,
            ),
            (
                json!({"kind": "text", "bytes": 9, "hash": "sha256:1"}),
                Content::OnlyHash,
            ),
            (json!({"kind": "text", "bytes": 9}), Content::NotFound),
            (json!({"kind": "text", "bytes": "x"}), Content::NotFound),
            (json!({"kind": "media"}), Content::NotFound),
            (json!({"kind": "media", "bytes": 0}), Content::NotFound),
            (json!({"kind": "document", "name": "n"}), Content::NotFound),
            (
                json!({"kind": "text", "at": -1, "bytes": 1}),
                Content::NotFound,
            ),
            (json!({"kind": "text", "at": 0}), Content::NotFound),
            (
                json!({"kind": "text", "at": "0", "bytes": "1"}),
                Content::NotFound,
            ),
            (
                json!({"kind": "text", "at": 1e300, "bytes": 1}),
                Content::NotFound,
            ),
            (json!("text"), Content::NotFound),
            (json!(null), Content::NotFound),
            (json!([]), Content::NotFound),
        ] {
            assert_eq!(content(&part, "abc"), expected, "{part}");
        }
    }

    #[test]
    fn a_text_of_its_own_is_shown_whatever_it_is() {
        let whole = |text: &str| Content::Whole {
            text: text.to_owned(),
        };
        for (part, expected) in [
            (
                json!({"kind": "tool_call", "arguments": "{\"a\":1}"}),
                "{\"a\":1}",
            ),
            (
                json!({"kind": "tool_call", "arguments": {"a": 1}}),
                "{\"a\":1}",
            ),
            (
                json!({"kind": "text", "text": "t", "at": 0, "bytes": 1}),
                "t",
            ),
            (json!({"kind": "text"}), ""),
            (json!({"kind": "tool_call", "bytes": 0}), ""),
            (
                json!({"kind": "text", "text": null, "at": 0, "bytes": 1}),
                "a",
            ),
        ] {
            assert_eq!(content(&part, "abc"), whole(expected), "{part}");
        }
    }
}
