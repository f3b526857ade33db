//! Flows of Amazon Bedrock, whose nodes ask models.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeFlow.html>.

use super::bedrock_error::ErrorHead;
use super::{Format, Reader, Request};
use crate::answer::{Answer, Part};
use crate::headers::Headers;
use crate::json::{self, Json, List, Object, Text, text_of};
use crate::note::Note;
use crate::prompt::{Fields, Message, MessagePart, Prompt, data_text};

/// What a flow puts out is one answer.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("bedrock.invoke_flow", "bedrock", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let inputs = wire.inputs.map(|List(inputs)| inputs);
    Some(Request {
        prompt: inputs.map(|inputs| Prompt::contents(inputs.into_iter().map(input))),
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}

/// What a node is given: a text, or any data.
fn input(input: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(input);
    fields.flatten("content");
    let document = fields.take("document").map(data_text).unwrap_or_default();
    let mut parts = vec![MessagePart::text(document)];
    fields.rest(&mut parts);
    Message::of("user", parts)
}

#[derive(Debug, Default)]
struct AnswerReader {
    error: ErrorHead,
    outputs: u64,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
    }

    /// An answer is a stream, and an error a document.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        self.error.read(text, answer)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        match name {
            // The flow asks back by the second.
            "flowOutputEvent" | "flowMultiTurnInputRequestEvent" => {
                let content = event.content.0.and_then(|content| content.document);
                answer.open(CHOICE);
                if self.outputs > 0 {
                    answer.append(CHOICE, Part::Content, "\n");
                }
                self.outputs = self.outputs.saturating_add(1);
                let text = content.map(text_of).unwrap_or_default();
                answer.append(CHOICE, Part::Content, &text);
            }
            "flowCompletionEvent" => {
                let reason = event.reason.0.unwrap_or_default();
                answer.finish(CHOICE, &reason);
                answer.ended = true;
            }
            _ => {}
        }
        true
    }
}

json::wire! {
    struct RequestWire<'a> {
        inputs: Option<List<Json<'a>>> = "inputs",
    }

    struct EventWire<'a> {
        content: Object<ContentWire<'a>> = "content",
        reason: Text<'a> = "completionReason",
    }

    struct ContentWire<'a> {
        document: Option<Json<'a>> = "document",
    }
}
