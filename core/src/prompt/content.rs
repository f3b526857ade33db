//! The parts of a content, as most formats write them: objects that are named by their `type`.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://docs.claude.com/en/api/messages>, <https://docs.mistral.ai/api/> and
//! <https://docs.cohere.com/reference/chat>.

use std::borrow::Cow;

use super::part::MessagePart;
use super::{Content, Fields, Shared, data_text, placeholder, results};
use crate::event::Kind;
use crate::json::{self, Blob, Json, Text, TextOrList};
use crate::media;

/// Types of parts that hold media or name them.
const MEDIA: [&str; 18] = [
    "audio",
    "audio_url",
    "container_upload",
    "document_url",
    "file",
    "file_url",
    "image",
    "image_file",
    "image_url",
    "input_audio",
    "input_document",
    "input_file",
    "input_image",
    "input_video",
    "tool_file",
    "video",
    "video_file",
    "video_url",
];

/// Members that hold an object with the media, or are the media's address.
const NESTED: [&str; 13] = [
    "audio",
    "audio_url",
    "document_url",
    "file",
    "file_url",
    "image",
    "image_file",
    "image_url",
    "input_audio",
    "source",
    "url",
    "video",
    "video_url",
];

/// Members that hold media, as base64 or as a data URL.
const DATA: [&str; 5] = ["data", "file_data", "bytes", "b64_json", "base64"];

/// Members that name media which are elsewhere.
const REFERENCES: [&str; 6] = [
    "file_id",
    "uri",
    "file_uri",
    "fileUri",
    "document_id",
    "s3Location",
];

/// Members that name the type of media.
const MEDIA_TYPES: [&str; 4] = ["media_type", "mime_type", "mimeType", "format"];

/// Types of parts of which nobody but the provider can read more: tokens, references and
/// ciphertexts.
const OPAQUE: [&str; 4] = [
    "compaction",
    "compaction_trigger",
    "item_reference",
    "redacted_thinking",
];

/// How deep results and documents are followed: parts within parts within parts would cost time
/// and stack without end, and nobody sends them.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// A part of a message.
    Outer,
    /// A part of a part.
    Inner,
}

/// The parts of a message's content. Null has none; what is neither a text nor a list is told
/// beside the canonical text, where it always was the empty text.
pub fn content_parts(content: Content<'_>) -> Vec<MessagePart<'_>> {
    match content {
        Content::Absent => Vec::new(),
        Content::Text(text) => vec![MessagePart::text(text)],
        Content::List(list) => list_parts(list),
        Content::Object(mut fields) => {
            let text = fields.text("text").unwrap_or_default();
            let mut parts = vec![
                MessagePart::beside(Kind::Other, text)
                    .typed("content")
                    .unread(),
            ];
            fields.rest(&mut parts);
            parts
        }
        Content::Scalar(value) => {
            let value = MessagePart::beside(Kind::Other, Cow::Owned(value));
            vec![value.typed("content").unread()]
        }
    }
}

/// The parts of a list.
pub fn list_parts(list: Vec<Json<'_>>) -> Vec<MessagePart<'_>> {
    let mut parts = Vec::new();
    for part in list {
        read(part, Place::Outer, &mut parts);
    }
    parts
}

/// The parts of an input that is a text, a list of texts or parts, or tokens. Tokens are not turned
/// into text: `[tokens sha256:…]` stands for them.
pub fn input_parts(input: Json<'_>) -> Vec<MessagePart<'_>> {
    let is_token = |item: &Json<'_>| {
        item.get()
            .starts_with(|c: char| c == '[' || c.is_ascii_digit())
    };
    match json::read(input).unwrap_or_default() {
        Content::List(items) if items.iter().any(is_token) => {
            vec![opaque_part("tokens", input)]
        }
        content => content_parts(content),
    }
}

/// The files that a member holds, one or several: as they stand in for a form's, or as JSON has
/// them in their place.
pub fn files<'a>(kind: &'static str, member: Json<'a>) -> Vec<MessagePart<'a>> {
    let file = |value: Json<'a>| match (Blob::from(value).file(), json::read(value)) {
        (Some(media), _) => {
            let shown = format!("[file {}]", media.hash);
            MessagePart::data(Kind::Media, media).with_placeholder(shown)
        }
        // It was not whole.
        (None, Some(Text(Some(text)))) if text == "[file]" => MessagePart::of(Kind::Media, text),
        _ => media_part(kind, value),
    };
    match json::read(member).unwrap_or_default() {
        TextOrList::List(several) => several.into_iter().map(file).collect(),
        TextOrList::Absent if member.get() == "null" => Vec::new(),
        TextOrList::Absent | TextOrList::Text(_) => vec![file(member)],
    }
}

/// Media that are a value of their own, such as an image in base64.
pub fn media_part<'a>(kind: &'static str, value: Json<'a>) -> MessagePart<'a> {
    let mut fields = Fields::of(value);
    let part = match json::read(value) {
        Some(Text(Some(_))) => Some(data(value)),
        _ => medium(&mut fields),
    };
    let part = part.unwrap_or_else(|| hashed(value));
    let is_typed = part.type_name.is_some();
    let part = part.standing_as(kind, value);
    if is_typed { part } else { part.typed(kind) }
}

/// A value that no reader knows: `[kind sha256:…]` stands for it. If it holds a text where texts
/// are held, that is told beside it.
pub fn other_part<'a>(kind: &str, value: Json<'a>) -> MessagePart<'a> {
    if OPAQUE.contains(&kind) {
        return opaque_part(kind, value);
    }
    let text = Fields::of(value).text("text");
    let part = text.map_or_else(|| hashed(value), |it| MessagePart::beside(Kind::Other, it));
    part.with_placeholder(placeholder(kind, value))
        .typed(kind.to_owned())
        .unread()
}

/// A value that holds nothing to be read: `[kind sha256:…]` stands for it.
fn opaque_part<'a>(kind: &str, value: Json<'a>) -> MessagePart<'a> {
    hashed(value)
        .with_placeholder(placeholder(kind, value))
        .typed(kind.to_owned())
}

fn read<'a>(part: Json<'a>, place: Place, parts: &mut Vec<MessagePart<'a>>) {
    if let Some(Text(Some(text))) = json::read(part) {
        parts.push(MessagePart::text(text));
        return;
    }
    let mut fields = Fields::of(part);
    let Some(kind) = fields.text("type") else {
        // A text that does not say that it is one stands as its hash, as it always has.
        parts.push(other_part("part", part));
        return;
    };
    if !typed(&kind, part, &mut fields, place, parts) {
        parts.push(other_part(&kind, part));
        return;
    }
    fields.rest(parts);
}

/// Reads a part by its type; false if that is none we know.
fn typed<'a>(
    kind: &str,
    part: Json<'a>,
    fields: &mut Fields<'a>,
    place: Place,
    parts: &mut Vec<MessagePart<'a>>,
) -> bool {
    match kind {
        "text" | "input_text" | "output_text" => {
            let Some(text) = fields.text("text") else {
                return false;
            };
            parts.push(MessagePart::text(text));
        }
        // A table or a record, which is shown to the model as text.
        "input_json" => {
            let Some(data) = fields.take("data") else {
                return false;
            };
            parts.push(MessagePart::text(data_text(data)).typed("input_json"));
        }
        "tool_result" if place == Place::Outer => result(fields, parts),
        "thinking" => return thinking(part, fields, place, parts),
        "compaction" => {
            let Some(text) = fields.text("content") else {
                return false;
            };
            // It stands for all that came before it.
            parts.push(MessagePart::text(text).typed("compaction"));
        }
        "refusal" => {
            let Some(text) = fields.text("refusal") else {
                return false;
            };
            parts.push(
                MessagePart::beside(Kind::Text, text)
                    .standing_as(kind, part)
                    .typed("refusal"),
            );
        }
        "redacted_thinking" => {
            fields.take("data");
            let thought = opaque_part(kind, part).of_kind(Kind::Reasoning);
            parts.push(thought);
        }
        "document" => return document(part, fields, place, parts),
        "search_result" if place == Place::Outer => search_result(part, fields, parts),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            let call = call(fields, "input").standing_as(kind, part);
            parts.push(if kind == "tool_use" {
                call
            } else {
                call.typed(kind.to_owned())
            });
        }
        _ if kind.ends_with("_tool_result") => {
            let id = fields.text("tool_use_id");
            let text = fields.take("content").map(data_text).unwrap_or_default();
            let result = MessagePart::beside(Kind::ToolResult, text).as_result(id, None);
            parts.push(result.standing_as(kind, part).typed(kind.to_owned()));
        }
        _ if MEDIA.contains(&kind) => {
            let Some(medium) = medium(fields) else {
                return false;
            };
            let is_typed = medium.type_name.is_some();
            let medium = medium.standing_as(kind, part);
            parts.push(if is_typed {
                medium
            } else {
                medium.typed(kind.to_owned())
            });
        }
        _ => return false,
    }
    true
}

/// A call of a tool, whose arguments are the member `arguments`.
pub(super) fn call<'a>(fields: &mut Fields<'a>, arguments: &str) -> MessagePart<'a> {
    let id = fields.any_text(&["call_id", "tool_use_id", "id", "tool_call_id"]);
    let name = fields.text("name");
    let arguments = fields.take(arguments).map(data_text);
    MessagePart::call(id, name, arguments.unwrap_or_default())
}

/// What a tool gave is asked of the model as much as what a person wrote.
fn result<'a>(fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let id = fields.text("tool_use_id");
    let content = fields.take("content");
    parts.extend(results(inner_parts(content), id, None));
}

/// The parts of a content within a part: at least an empty text.
fn inner_parts(content: Option<Json<'_>>) -> Vec<MessagePart<'_>> {
    let content = content.and_then(json::read);
    let mut parts = Vec::new();
    match content.unwrap_or_default() {
        Content::List(list) => {
            for part in list {
                read(part, Place::Inner, &mut parts);
            }
        }
        content => parts = content_parts(content),
    }
    if !parts.iter().any(|part| part.shown().is_some()) {
        parts.push(MessagePart::text(Cow::Borrowed("")));
    }
    parts
}

/// Mistral's thoughts are texts; a thought of Anthropic's is one text beside its signature.
fn thinking<'a>(
    part: Json<'a>,
    fields: &mut Fields<'a>,
    place: Place,
    parts: &mut Vec<MessagePart<'a>>,
) -> bool {
    if let Some(text) = fields.text("thinking") {
        parts.push(MessagePart::beside(Kind::Reasoning, text).standing_as("thinking", part));
        return true;
    }
    let is_list = |value: &Json<'_>| value.get().starts_with('[');
    let Some(thoughts) = fields.take("thinking").filter(is_list) else {
        return false;
    };
    if place == Place::Inner {
        return false;
    }
    let thoughts = inner_parts(Some(thoughts)).into_iter();
    parts.extend(thoughts.map(|part| match part.kind {
        Kind::Text => MessagePart {
            kind: Kind::Reasoning,
            ..part
        },
        _ => part,
    }));
    true
}

/// A document is a text, parts, Cohere's data, or a file.
fn document<'a>(
    part: Json<'a>,
    fields: &mut Fields<'a>,
    place: Place,
    parts: &mut Vec<MessagePart<'a>>,
) -> bool {
    let Some(given) = fields.take_any(&["source", "document"]) else {
        return false;
    };
    let title = fields.text("title");
    let mut given = Fields::of(given);
    let title = title.or_else(|| given.any_text(&["title", "id"]));
    let documents = match given.text("type").as_deref() {
        None | Some("text") if given.has("data") => {
            let text = given.take("data").map(data_text);
            vec![MessagePart::of(Kind::Document, text.unwrap_or_default())]
        }
        Some("content") if place == Place::Outer => inner_parts(given.take("content")),
        _ => match medium(&mut given) {
            Some(file) => vec![file.standing_as("document", part)],
            None => return false,
        },
    };
    parts.extend(as_documents(documents, title));
    given.rest(parts);
    true
}

/// What a search found, which the model may cite.
fn search_result<'a>(part: Json<'a>, fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let title = fields.text("title");
    let content = fields.take("content");
    if content.is_none() {
        parts.push(hashed(part).standing_as("search_result", part));
    }
    let found = content.map(|content| inner_parts(Some(content)));
    parts.extend(as_documents(found.unwrap_or_default(), title));
}

fn as_documents<'a>(
    parts: Vec<MessagePart<'a>>,
    title: Option<Cow<'a, str>>,
) -> impl Iterator<Item = MessagePart<'a>> {
    let mut title = Shared::from(title);
    parts.into_iter().map(move |part| {
        let kind = match part.kind {
            Kind::Text | Kind::Media => Kind::Document,
            kind => kind,
        };
        MessagePart {
            kind,
            name: title.give(),
            ..part
        }
    })
}

/// The medium that a part holds or names.
pub fn medium<'a>(fields: &mut Fields<'a>) -> Option<MessagePart<'a>> {
    for name in NESTED {
        fields.flatten(name);
    }
    let name = fields.any_text(&["filename", "name"]);
    let media_type = fields.any_text(&MEDIA_TYPES);
    let held = fields.take_any(&DATA).or_else(|| fields.take_any(&NESTED));
    let part = match held {
        Some(held) => data(held),
        None => MessagePart::reference(Kind::Media, data_text(fields.take_any(&REFERENCES)?)),
    };
    Some(MessagePart {
        name,
        type_name: part.type_name.or(media_type),
        ..part
    })
}

/// Media in base64 or as a data URL, or their address.
fn data(value: Json<'_>) -> MessagePart<'_> {
    let text = data_text(value);
    let is_address = text
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.len() < SCHEME_BYTES_MAX && !scheme.contains(','));
    if is_address {
        return MessagePart::reference(Kind::Media, text);
    }
    let media = Blob::from(value).media();
    MessagePart::data(Kind::Media, media.unwrap_or_else(|| media::of_text(&text)))
}

/// A value of which only size and hash are told.
fn hashed(value: Json<'_>) -> MessagePart<'_> {
    MessagePart::hashed_json(Kind::Other, value)
}

/// Longer than the name of any scheme of an address.
const SCHEME_BYTES_MAX: usize = 16;
