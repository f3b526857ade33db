//! What a caller tells an agent of Amazon Bedrock: what was said before, what its own tools gave,
//! files, and the tools that there are.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_SessionState.html>.

use std::borrow::Cow;

use super::bedrock_block;
use crate::json::{self, Json, List};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, Shared, data_text, media_part, medium, other_part, results,
};

/// The messages before the input, what tools gave, and the input with what stands beside it.
pub(super) fn said<'a>(state: Option<Json<'a>>, input: Option<Cow<'a, str>>) -> Vec<Message<'a>> {
    let mut state = state.map(Fields::expected).unwrap_or_default();
    state.flatten("conversationHistory");
    let mut messages: Vec<_> = list(&mut state, "messages").map(message).collect();
    let id = state.text("invocationId");
    let given_back = list(&mut state, "returnControlInvocationResults");
    let mut id = Shared::from(id);
    messages.extend(given_back.map(|result| given(result, id.give())));
    let mut parts: Vec<_> = input.map(MessagePart::text).into_iter().collect();
    for file in list(&mut state, "files") {
        take_file(file, &mut parts);
    }
    // Unlike those of the session, the model gets them.
    if let Some(attributes) = state.take("promptSessionAttributes") {
        let attributes = MessagePart::beside(Kind::Other, data_text(attributes));
        parts.push(attributes.typed("promptSessionAttributes"));
    }
    state.rest(&mut parts);
    if !parts.is_empty() {
        messages.push(Message::of("user", parts));
    }
    messages
}

/// The names of the functions that groups of actions have; a group without them goes by its own.
pub(super) fn tools<'a>(groups: &Json<'a>) -> Vec<Cow<'a, str>> {
    let List(groups): List<Json<'a>> = json::read(groups).unwrap_or_default();
    let mut names = Vec::new();
    for group in groups {
        let mut group = Fields::of(group);
        group.flatten("functionSchema");
        let functions = list(&mut group, "functions");
        let functions: Vec<_> = functions
            .filter_map(|function| Fields::of(function).text("name"))
            .collect();
        if functions.is_empty() {
            names.extend(group.text("actionGroupName"));
        }
        names.extend(functions);
    }
    names
}

fn list<'a>(fields: &mut Fields<'a>, name: &str) -> impl Iterator<Item = Json<'a>> + use<'a> {
    let given = fields.take(name);
    let list: Option<List<Json<'a>>> = given.and_then(json::expected);
    list.unwrap_or_default().0.into_iter()
}

fn message(message: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(message);
    let role = fields.text("role").unwrap_or_default();
    let content = fields.take("content");
    let content = content.and_then(json::expected);
    let mut parts = bedrock_block::parts(content.unwrap_or_default());
    fields.rest(&mut parts);
    Message::of(role, parts)
}

/// What one of the caller's tools gave: a function, or a path of an API.
fn given<'a>(result: Json<'a>, id: Option<Cow<'a, str>>) -> Message<'a> {
    let mut fields = Fields::expected(result);
    fields.flatten("functionResult");
    fields.flatten("apiResult");
    let name = fields.any_text(&["function", "apiPath"]);
    let mut parts = Vec::new();
    if let Some(body) = fields.take("responseBody") {
        for (kind, content) in Fields::of(body).into_members() {
            take_body(kind, content, &mut parts);
        }
    }
    if parts.is_empty() {
        parts.push(MessagePart::text(Cow::Borrowed("")));
    }
    let mut parts: Vec<_> = results(parts, id, name).collect();
    fields.rest(&mut parts);
    Message::of("tool", parts)
}

/// A body of a content type: a text, and images.
fn take_body<'a>(kind: Cow<'static, str>, content: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut content = Fields::of(content);
    if let Some(text) = content.take("body") {
        let text = MessagePart::text(data_text(text));
        // Nearly all are texts.
        parts.push(if kind == "TEXT" {
            text
        } else {
            text.typed(kind)
        });
    }
    for image in list(&mut content, "images") {
        parts.push(media_part("image", image));
    }
    content.rest(parts);
}

fn take_file<'a>(file: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::of(file);
    parts.push(file_part("file", file, &mut fields));
    fields.rest(parts);
}

/// A file: its bytes, or where it is.
pub(super) fn file_part<'a>(
    kind: &'static str,
    file: Json<'a>,
    fields: &mut Fields<'a>,
) -> MessagePart<'a> {
    for name in ["source", "byteContent", "s3Location"] {
        fields.flatten(name);
    }
    let media_type = fields.any_text(&["mediaType", "contentType"]);
    let Some(medium) = medium(fields) else {
        return other_part(kind, file);
    };
    let medium = medium.standing_as(kind, file);
    match media_type {
        Some(media_type) => medium.typed(media_type),
        None => medium,
    }
}
