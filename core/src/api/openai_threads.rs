//! What is said in threads and conversations that the provider keeps: messages handed in, of which
//! a run or a response asks a model later, and the answers of runs, which are fetched from there.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/messages>,
//! <https://platform.openai.com/docs/api-reference/conversations> and, for Azure's agents, which
//! speak likewise, <https://learn.microsoft.com/azure/ai-foundry/agents/quickstart>.

use super::chat_message::{ChatMessage, ChatMessages};
use super::{Format, Reader, Request, openai_error, openai_input};
use crate::answer::{Answer, Part};
use crate::json::{self, Count, Json, List, Object, Text};
use crate::note::Note;
use crate::prompt::Prompt;

/// What came since the last message of a user is one answer.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("openai.threads", "openai", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let one = wire
        .content
        .and_then(|_| json::read::<ChatMessage<'_>>(text));
    let items = wire.items.map(openai_input::messages).unwrap_or_default();
    let messages: Vec<_> = one
        .map(ChatMessage::read)
        .into_iter()
        .chain(wire.messages.read())
        .chain(items.into_iter().map(|item| item.message))
        .collect();
    Some(Request {
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        match body.object.0.as_deref() {
            None if body.error.is_none() => openai_error::take_flat(text, answer),
            None => openai_error::take(body.error, answer),
            Some("list") => {
                let messages = body.data.0.into_iter();
                let messages = messages.filter_map(json::object).collect();
                take_newest(messages, answer);
            }
            Some(_) => match json::object::<MessageWire<'_>>(text) {
                Some(message) if message.is_answer() => take_newest(vec![message], answer),
                message => {
                    let id = message.and_then(|message| message.id.0);
                    answer.identify(id.as_deref(), None);
                    answer.is_pending = true;
                }
            },
        }
        true
    }
}

/// Takes what was answered to the newest message of a user, if it was answered. Lists begin with
/// the newest message, unless they were asked to end with it.
fn take_newest(messages: Vec<MessageWire<'_>>, answer: &mut Answer) {
    let asked = messages.iter().filter(|it| it.is("user"));
    let asked = asked.filter_map(|it| it.created.0).max();
    let mut answers: Vec<_> = messages
        .into_iter()
        .filter(|it| it.is_answer() && it.created.0 >= asked)
        .collect();
    answers.sort_by_key(|it| it.created.0);
    answer.is_pending = answers.is_empty();
    for (number, message) in (0..).zip(answers) {
        // The run is what the answer is of.
        answer.identify(message.run.0.or(message.id.0).as_deref(), None);
        answer.open(CHOICE);
        if number > 0 {
            answer.append(CHOICE, Part::Content, "\n");
        }
        for part in message.content.0.into_iter().filter_map(|part| part.0) {
            let text = part.text.0.and_then(|text| text.value.0);
            answer.append(CHOICE, Part::Content, &text.unwrap_or_default());
            answer.append(CHOICE, Part::Refusal, &part.refusal.0.unwrap_or_default());
            let kind = part.kind.0.unwrap_or_default();
            answer.is_not_text |= kind.starts_with("image");
        }
    }
}

impl MessageWire<'_> {
    fn is(&self, role: &str) -> bool {
        self.object.0.as_deref() == Some("thread.message") && self.role.0.as_deref() == Some(role)
    }

    /// Azure's name for who answers differs.
    fn is_answer(&self) -> bool {
        self.is("assistant") || self.is("agent")
    }
}

json::wire! {
    struct RequestWire<'a> {
        content: Option<Json<'a>> = "content",
        messages: ChatMessages<'a> = "messages",
        items: Option<Json<'a>> = "items",
    }

    struct BodyWire<'a> {
        object: Text<'a> = "object",
        data: List<Json<'a>> = "data",
        error: Option<Json<'a>> = "error",
    }

    struct MessageWire<'a> {
        object: Text<'a> = "object",
        id: Text<'a> = "id",
        role: Text<'a> = "role",
        run: Text<'a> = "run_id",
        created: Count = "created_at",
        content: List<Object<PartWire<'a>>> = "content",
    }

    struct PartWire<'a> {
        kind: Text<'a> = "type",
        text: Object<ValueWire<'a>> = "text",
        refusal: Text<'a> = "refusal",
    }

    struct ValueWire<'a> {
        value: Text<'a> = "value",
    }
}
