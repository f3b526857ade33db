//! Messages of Snowflake's Cortex, whose parts may stand in a list beside their text.
//!
//! Source: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>.

use crate::json::{self, Json, List, TextOrList};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, content_parts, data_text, list_parts, results,
};

/// The messages of a list.
pub(super) fn messages<'a>(list: Json<'a>) -> impl Iterator<Item = Message<'a>> {
    let List(messages): List<Json<'a>> = json::expected(list).unwrap_or_default();
    messages.into_iter().map(message)
}

fn message(message: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(message);
    let role = fields.text("role").unwrap_or_default();
    let mut parts = Vec::new();
    let mut has_text = false;
    match fields.take("content").and_then(json::expected) {
        Some(TextOrList::Text(text)) => {
            has_text = !text.is_empty();
            parts.push(MessagePart::text(text));
        }
        Some(TextOrList::List(list)) => {
            for item in list {
                take_item(item, false, &mut parts);
            }
        }
        Some(TextOrList::Absent) | None => {}
    }
    if let Some(list) = fields.take("content_list") {
        let List(list): List<Json<'_>> = json::expected(list).unwrap_or_default();
        for item in list {
            take_item(item, has_text, &mut parts);
        }
    }
    fields.rest(&mut parts);
    Message::of(role, parts)
}

/// A part. Its text mostly stands in `content` already.
fn take_item<'a>(item: Json<'a>, has_text: bool, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::of(item);
    let is_text = fields.text("type").as_deref() == Some("text");
    if is_text && has_text {
        let text = fields.text("text").unwrap_or_default();
        parts.push(MessagePart::beside(Kind::Text, text).typed("content_list"));
        fields.rest(parts);
        return;
    }
    if fields.has("tool_use") {
        fields.flatten("tool_use");
        let id = fields.any_text(&["tool_use_id", "id"]);
        let name = fields.text("name");
        let arguments = fields.take("input").map(data_text).unwrap_or_default();
        parts.push(MessagePart::call(id, name, arguments));
        fields.rest(parts);
    } else if fields.has("tool_results") || fields.has("tool_result") {
        fields.flatten("tool_results");
        fields.flatten("tool_result");
        let id = fields.any_text(&["tool_use_id", "id"]);
        let name = fields.text("name");
        let content = fields.take("content").and_then(json::read);
        let given = content_parts(content.unwrap_or_default());
        parts.extend(results(given, id, name));
        fields.rest(parts);
    } else {
        parts.append(&mut list_parts(vec![item]));
    }
}
