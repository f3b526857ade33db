//! The canonical prompt text: the one text of a prompt that is recorded and hashed.
//!
//! For plain text it equals what the client wrappers compute; every edge is listed in
//! `core/PROMPT.md` with its test vectors.

use std::borrow::Cow;

use serde::Deserialize;

use crate::digest::HashForm;
use crate::json::{self, Json, Object, Text, TextOrList};

/// How the canonical text is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromptFormat {
    /// As the client wrapper of the provider lays it out.
    #[default]
    Wrapper,
    /// `[role] content` lines for every provider, the role as written.
    Roles,
}

/// The layout of a provider's client wrapper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapper {
    /// The contents alone, as for OpenAI.
    Contents,
    /// `[ROLE] content`, as for Anthropic.
    UpperRoles,
}

/// A prompt as read from a request.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// The layout of the provider's client wrapper.
    pub wrapper: Wrapper,
    /// The messages in the order of the canonical text, instructions first.
    pub messages: Vec<Message<'a>>,
}

/// One message of a prompt.
#[derive(Debug)]
pub struct Message<'a> {
    /// The role as written; empty if there was none.
    pub role: Cow<'a, str>,
    /// The text, with placeholders for what is not text.
    pub text: Cow<'a, str>,
}

impl<'a> Prompt<'a> {
    /// Messages of which the contents alone are the text.
    pub fn contents(messages: impl IntoIterator<Item = Message<'a>>) -> Self {
        Self {
            wrapper: Wrapper::Contents,
            messages: messages.into_iter().collect(),
        }
    }

    /// One text of the user.
    pub fn user(text: Cow<'a, str>) -> Self {
        Self::contents([Message::user(text)])
    }
}

impl<'a> Message<'a> {
    /// What the user says.
    pub fn user(text: Cow<'a, str>) -> Self {
        Self {
            role: Cow::Borrowed("user"),
            text,
        }
    }
}

impl Prompt<'_> {
    /// The canonical text: one entry a message, joined by newlines, nothing trimmed or normalised.
    pub fn canonical(&self, format: PromptFormat) -> String {
        let mut text = String::new();
        for (number, message) in self.messages.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            match (format, self.wrapper) {
                (PromptFormat::Roles, _) => push_role(&mut text, &message.role),
                (PromptFormat::Wrapper, Wrapper::Contents) => {}
                (PromptFormat::Wrapper, Wrapper::UpperRoles) => {
                    push_role(&mut text, &message.role.to_uppercase());
                }
            }
            text.push_str(&message.text);
        }
        text
    }
}

fn push_role(text: &mut String, role: &str) {
    text.push('[');
    text.push_str(role);
    text.push_str("] ");
}

/// The text of a message's content: its text parts, and placeholders for others, joined by
/// newlines. Content that is absent, null or of another type is the empty text.
pub fn content_text(content: TextOrList<'_>) -> Cow<'_, str> {
    joined(content, part_text)
}

fn joined<'a>(content: TextOrList<'a>, part_text: fn(Json<'a>) -> Cow<'a, str>) -> Cow<'a, str> {
    match content {
        TextOrList::Absent => Cow::Borrowed(""),
        TextOrList::Text(text) => text,
        TextOrList::List(parts) => {
            let parts: Vec<_> = parts.into_iter().map(part_text).collect();
            Cow::Owned(parts.join("\n"))
        }
    }
}

/// The text of an input that is a text, a list of texts or parts, or tokens. Tokens are not
/// turned into text: `[tokens sha256:…]` stands for them.
pub fn input_text(input: Json<'_>) -> Cow<'_, str> {
    let is_token = |item: &Json<'_>| {
        item.get()
            .starts_with(|c: char| c == '[' || c.is_ascii_digit())
    };
    match json::read(input.get()).unwrap_or_default() {
        TextOrList::List(items) if items.iter().any(is_token) => {
            Cow::Owned(placeholder("tokens", input))
        }
        content => content_text(content),
    }
}

/// The files that a member holds, one or several: as they stand in for a form's, or as
/// placeholders for what JSON has in their place.
pub fn files<'a>(kind: &str, member: Json<'a>) -> Vec<Cow<'a, str>> {
    let file = |value: Json<'a>| match json::read(value.get()) {
        Some(Text(Some(text))) if text.starts_with("[file") => text,
        _ => Cow::Owned(placeholder(kind, value)),
    };
    match json::read(member.get()).unwrap_or_default() {
        TextOrList::List(several) => several.into_iter().map(file).collect(),
        TextOrList::Absent if member.get() == "null" => Vec::new(),
        TextOrList::Absent | TextOrList::Text(_) => vec![file(member)],
    }
}

fn part_text(part: Json<'_>) -> Cow<'_, str> {
    let Part {
        kind,
        content,
        thinking,
        ..
    } = Part::read(part);
    match kind.0.as_deref() {
        // What a tool gave is asked of the model as much as what a person wrote.
        Some("tool_result") => joined(content, inner_text),
        // Mistral's: texts, where a thought of Anthropic's is one text beside its signature.
        Some("thinking") if matches!(thinking, TextOrList::List(_)) => joined(thinking, inner_text),
        _ => inner_text(part),
    }
}

/// The text of a part that is in no other or in one: parts within parts within parts would cost
/// time and stack without end, and nobody sends them.
fn inner_text(part: Json<'_>) -> Cow<'_, str> {
    if let Some(Text(Some(text))) = json::read(part.get()) {
        return text;
    }
    let Part {
        kind,
        text,
        document,
        ..
    } = Part::read(part);
    let data = document.0.and_then(|document| document.data);
    match (kind.0.as_deref(), text.0, data) {
        (Some("text" | "input_text" | "output_text"), Some(text), _) => text,
        (Some("document"), _, Some(data)) => data_text(data),
        (kind, _, _) => Cow::Owned(placeholder(kind.unwrap_or("part"), part)),
    }
}

/// `[type sha256:…]`: what stands for a part that is not text.
///
/// The hash is plain SHA-256 of the part's JSON as sent, without the white space between tokens.
pub fn placeholder(kind: &str, part: Json<'_>) -> String {
    let hash = HashForm::Sha256.hash(compact(part.get()).as_bytes());
    format!("[{kind} {hash}]")
}

/// The text of data that the model is given as it is, such as what a tool gave: a string's
/// content, or JSON without the white space between tokens.
pub fn data_text(data: Json<'_>) -> Cow<'_, str> {
    match json::read(data.get()) {
        Some(Text(Some(text))) => text,
        _ => Cow::Owned(compact(data.get())),
    }
}

/// JSON text without the white space between tokens.
pub fn compact(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    text.chars()
        .filter(|&character| {
            if in_string {
                in_string = escaped || character != '"';
                escaped = !escaped && character == '\\';
                return true;
            }
            in_string = character == '"';
            !matches!(character, ' ' | '\n' | '\r' | '\t')
        })
        .collect()
}

impl<'a> Part<'a> {
    fn read(part: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(part.get());
        read.and_then(|read| read.0).unwrap_or_default()
    }
}

json::wire! {
    struct Part<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        content: TextOrList<'a> = "content",
        thinking: TextOrList<'a> = "thinking",
        // Cohere's, mostly what a tool gave.
        document: Object<DocumentPart<'a>> = "document",
    }

    struct DocumentPart<'a> {
        data: Option<Json<'a>> = "data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> String {
        content_text(json::read(text).unwrap()).into_owned()
    }

    #[test]
    fn text_parts_are_joined_and_others_stand_as_their_hash() {
        let image = r#"{"type":"image_url","image_url":{"url":"data: x \" y"}}"#;
        let spaced = r#"{ "type": "image_url",
            "image_url": {"url": "data: x \" y"} }"#;
        let hash = HashForm::Sha256.hash(image.as_bytes());
        for part in [image, spaced] {
            let list = format!(r#"[{{"type":"text","text":"a"}}, {part}, "b"]"#);
            assert_eq!(content(&list), format!("a\n[image_url {hash}]\nb"));
        }
    }

    #[test]
    fn the_result_of_a_tool_is_its_text() {
        let content = content(
            r#"[{"type":"tool_result","tool_use_id":"t","content":"12 C"},
                {"type":"tool_result","content":[{"type":"text","text":"a"},{"type":"image"}]},
                {"type":"tool_result"}]"#,
        );
        assert!(content.starts_with("12 C\na\n[image sha256:"), "{content}");
        assert!(content.ends_with("]\n"), "{content}");
    }

    #[test]
    fn a_thought_in_texts_is_text_and_a_signed_one_is_not() {
        let thought =
            |thinking| content(&format!(r#"[{{"type":"thinking","thinking":{thinking}}}]"#));
        assert_eq!(
            thought(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#),
            "a\nb"
        );
        assert!(thought(r#""a","signature":"s""#).starts_with("[thinking sha256:"));
    }

    #[test]
    fn results_within_results_are_not_followed() {
        let deep = 50_000;
        let part = [
            r#"{"type":"tool_result","content":["#.repeat(deep),
            "]}".repeat(deep),
        ]
        .concat();
        assert!(content(&format!("[{part}]")).starts_with("[tool_result sha256:"));
    }

    #[test]
    fn content_of_another_type_is_empty_text() {
        for odd in ["null", "7", "{}", "[]", "true"] {
            assert_eq!(content(odd), "");
        }
    }

    #[test]
    fn a_part_without_a_type_still_has_a_placeholder() {
        assert!(content("[7]").starts_with("[part sha256:"));
    }
}
