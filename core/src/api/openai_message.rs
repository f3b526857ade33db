//! A message of a choice, or a piece of one: its text, its reasoning and its calls of tools.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/object>, and for content in
//! chunks <https://docs.mistral.ai/capabilities/reasoning/>.

use super::openai_usage::UsageWire;
use super::reasoning::{self, ReasoningWire};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{
    self, Aside, Broken, Count, FromObject, Json, List, Members, Object, Text, TextOrList,
};

/// The key of the one call of the older `function_call`; newer calls count from 0.
const FUNCTION_CALL: u64 = u64::MAX;

#[derive(Default)]
pub(super) struct MessageWire<'a> {
    usage: Aside<UsageWire>,
    content: TextOrList<'a>,
    refusal: Text<'a>,
    audio: Object<AudioWire<'a>>,
    /// What image models on OpenRouter answer.
    images: List<Json<'a>>,
    reasoning: ReasoningWire<'a>,
    tool_calls: List<Object<CallWire<'a>>>,
    function_call: Object<FunctionWire<'a>>,
}

impl<'de> FromObject<'de> for MessageWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "content" => self.content = value.next_value()?,
            "refusal" => self.refusal = value.next_value()?,
            "tool_calls" => self.tool_calls = value.next_value()?,
            "function_call" => self.function_call = value.next_value()?,
            "audio" => self.audio = value.next_value()?,
            "images" => self.images = value.next_value()?,
            "usage" => self.usage = value.next_value()?,
            _ => return self.reasoning.member(name, value),
        }
        Ok(())
    }
}

json::wire! {
    struct AudioWire<'a> {
        transcript: Text<'a> = "transcript",
    }

    struct ChunkWire<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        thinking: Option<Json<'a>> = "thinking",
    }

    struct CallWire<'a> {
        index: Count = "index",
        id: Text<'a> = "id",
        function: Object<FunctionWire<'a>> = "function",
        custom: Object<FunctionWire<'a>> = "custom",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        // A text of JSON; Mistral may send the object itself. A custom tool's input is free text
        // in the place of arguments.
        arguments: Option<Json<'a>> = "arguments" | "input",
    }
}

impl MessageWire<'_> {
    /// Takes what the message says, as choice `index` of the answer.
    pub(super) fn take(self, index: u64, answer: &mut Answer) {
        self.usage.object().take(answer);
        take_content(self.content, index, answer);
        let transcript = self.audio.0.and_then(|audio| audio.transcript.0);
        answer.append(index, Part::Content, &transcript.unwrap_or_default());
        answer.is_not_text |= !self.images.0.is_empty();
        answer.append(index, Part::Refusal, &self.refusal.0.unwrap_or_default());
        self.reasoning.take(index, answer);
        for (position, Object(call)) in (0..).zip(self.tool_calls.0) {
            call.unwrap_or_default().take(index, position, answer);
        }
        if let Some(function) = self.function_call.0 {
            let key = CallKey {
                choice: index,
                call: FUNCTION_CALL,
            };
            function.take(key, None, answer);
        }
    }
}

/// A text, or chunks of one: what a model says before and between its thoughts.
pub(super) fn take_content(content: TextOrList<'_>, index: u64, answer: &mut Answer) {
    match content {
        TextOrList::Absent => {}
        TextOrList::Text(text) => answer.append(index, Part::Content, &text),
        TextOrList::List(chunks) => {
            let chunks = chunks.into_iter();
            chunks.for_each(|chunk| take_chunk(chunk, index, answer));
        }
    }
}

/// A chunk of a content: a text, or an object that is named by its type.
pub(super) fn take_chunk(chunk: Json<'_>, index: u64, answer: &mut Answer) {
    if let Some(Text(Some(text))) = json::read(chunk) {
        answer.append(index, Part::Content, &text);
        return;
    }
    let Object(read) = json::read::<Object<ChunkWire<'_>>>(chunk).unwrap_or_default();
    let ChunkWire {
        kind,
        text,
        thinking,
    } = read.unwrap_or_default();
    match (kind.0.as_deref(), text.0, thinking) {
        (Some("redacted_thinking"), ..) => answer.has_sealed_reasoning = true,
        (_, _, Some(thinking)) => {
            let is_sealed = &mut answer.has_sealed_reasoning;
            let words = reasoning::words(thinking, reasoning::DEPTH_MAX, is_sealed);
            answer.append(index, Part::Reasoning, &words);
        }
        (Some("reasoning" | "reasoning_text" | "thinking"), Some(text), None) => {
            answer.append(index, Part::Reasoning, &text);
        }
        (_, Some(text), None) => answer.append(index, Part::Content, &text),
        // Where a text comes from is no text of its own.
        (None | Some("reference" | "tool_reference"), ..) => {}
        _ => answer.is_not_text = true,
    }
}

impl CallWire<'_> {
    /// A call without a number is known by its id, or else by its place in the list. A piece that
    /// does not say at all what it goes on with does so with the newest call.
    fn take(self, choice: u64, position: u64, answer: &mut Answer) {
        let id = self.id.0.as_deref().filter(|id| !id.is_empty());
        let function = self.function.0.or(self.custom.0).unwrap_or_default();
        let name = function.name.0.as_deref().unwrap_or_default();
        let key = |call| CallKey { choice, call };
        let numbered = self.index.0.or_else(|| answer.call_with_id(choice, id?));
        let is_known = numbered.is_some_and(|call| answer.arguments(key(call)).is_some());
        let newest = answer.newest_call(choice);
        let goes_on = !is_known && position == 0 && id.is_none() && name.is_empty();
        let call = newest.filter(|_| goes_on).or(numbered);
        function.take(key(call.unwrap_or(position)), id, answer);
    }
}

impl FunctionWire<'_> {
    fn take(&self, key: CallKey, id: Option<&str>, answer: &mut Answer) {
        let arguments = self.arguments.map(json::text_of);
        let piece = CallPiece {
            id,
            name: self.name.0.as_deref(),
            arguments: arguments.as_deref().unwrap_or_default(),
        };
        answer.call(key, piece);
    }
}
