//! OpenAI moderations, and Mistral's of texts and of chats: what they flag is what was found.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/moderations> and
//! <https://docs.mistral.ai/capabilities/guardrailing/>.

use super::chat_message::ChatMessage;
use super::openai_findings::ModeratedWire;
use super::openai_usage::UsageWire;
use super::{Format, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::json::{self, Broken, FromObject, Json, List, Members, Object, Text, TextOrList};
use crate::prompt::{Message, Prompt, list_parts};

pub(super) const FORMAT: Format = Format::new("openai.moderations", "openai", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        prompt: wire.input.map(|input| Prompt::contents(messages(input))),
        ..Request::default()
    })
}

/// The input: a text, several, parts, the messages of a chat, or several chats.
fn messages(input: Json<'_>) -> Vec<Message<'_>> {
    match json::read(input).unwrap_or_default() {
        TextOrList::Absent => vec![message(input).unwrap_or_default().read()],
        TextOrList::Text(text) => vec![Message::user(text)],
        TextOrList::List(items) => items.into_iter().flat_map(item).collect(),
    }
}

fn item(item: Json<'_>) -> Vec<Message<'_>> {
    if item.get().starts_with('[') {
        let List(chat) = json::read::<List<ChatMessage<'_>>>(item).unwrap_or_default();
        return chat.into_iter().map(ChatMessage::read).collect();
    }
    let message = message(item).filter(|message| message.role.0.is_some());
    let part = || Message::of("user", list_parts(vec![item]));
    vec![message.map_or_else(part, ChatMessage::read)]
}

fn message(value: Json<'_>) -> Option<ChatMessage<'_>> {
    json::read::<Object<_>>(value)?.0
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(members) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(members.id.0.as_deref(), members.model.0.as_deref());
        members.usage.take_input(answer);
        if members.model.0.is_none() && members.error.is_none() {
            openai_error::take_flat(text, answer);
        }
        openai_error::take(members.error, answer);
        members.moderated.take(answer);
        if answer.error.is_none() {
            answer.answers_numbers();
        }
        true
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        input: Option<Json<'a>> = "input",
    }
}

#[derive(Default)]
struct BodyWire<'a> {
    id: Text<'a>,
    model: Text<'a>,
    usage: Object<UsageWire>,
    error: Option<Json<'a>>,
    moderated: ModeratedWire,
}

impl<'de> FromObject<'de> for BodyWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "id" => self.id = value.next_value()?,
            "model" => self.model = value.next_value()?,
            "usage" => self.usage = value.next_value()?,
            "error" => self.error = value.next_value()?,
            _ => self.moderated.member(name, value)?,
        }
        Ok(())
    }
}
