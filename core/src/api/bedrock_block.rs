//! Content blocks of Bedrock's Converse, of which the one member's name says what each is.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>
//! and its pages on `ContentBlockStart` and `ContentBlockDelta`.

use std::borrow::Cow;

use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{self, Broken, FromObject, Json, List, Members, Object, Text, TextOrList};
use crate::prompt::{data_text, placeholder};

/// An answer has one choice.
pub(super) const CHOICE: u64 = 0;

/// The text of a prompt's content.
pub(super) fn text(content: TextOrList<'_>) -> Cow<'_, str> {
    match content {
        TextOrList::Absent => Cow::Borrowed(""),
        TextOrList::Text(text) => text,
        TextOrList::List(blocks) => {
            let texts: Vec<_> = blocks.into_iter().flat_map(block_texts).collect();
            Cow::Owned(texts.join("\n"))
        }
    }
}

/// What a tool gave counts like what stands beside it.
fn block_texts(block: Json<'_>) -> Vec<Cow<'_, str>> {
    let wire = BlockWire::read(block);
    match wire.tool_result.0 {
        Some(result) => result
            .content
            .0
            .into_iter()
            .filter_map(|block| block_text(BlockWire::read(block), block))
            .collect(),
        None => block_text(wire, block).into_iter().collect(),
    }
}

fn block_text<'a>(wire: BlockWire<'a>, block: Json<'a>) -> Option<Cow<'a, str>> {
    let guarded = wire.guarded.0.and_then(|guarded| guarded.text.0);
    let text = wire.text.0.or(guarded.and_then(|text| text.text.0));
    let cited = wire.cited.0.map(|cited| Cow::Owned(cited.text()));
    let json = wire.json.map(data_text);
    let kind = wire.kind.as_deref().unwrap_or("part");
    // It marks a place in the prompt and says nothing.
    let is_mark = kind == "cachePoint";
    let other = || (!is_mark).then(|| Cow::Owned(placeholder(kind, block)));
    text.or(cited).or(json).or_else(other)
}

/// A block, its start, or a piece of it.
#[derive(Default)]
pub(super) struct BlockWire<'a> {
    text: Text<'a>,
    json: Option<Json<'a>>,
    guarded: Object<GuardedWire<'a>>,
    cited: Object<CitedWire<'a>>,
    reasoning: Object<ReasoningWire<'a>>,
    tool_use: Object<ToolUseWire<'a>>,
    tool_result: Object<ToolResultWire<'a>>,
    kind: Option<String>,
}

impl<'de> FromObject<'de> for BlockWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "text" => self.text = value.next_value()?,
            "json" => self.json = value.next_value()?,
            "guardContent" => self.guarded = value.next_value()?,
            "citationsContent" => self.cited = value.next_value()?,
            "reasoningContent" => self.reasoning = value.next_value()?,
            "toolUse" => self.tool_use = value.next_value()?,
            "toolResult" => self.tool_result = value.next_value()?,
            _ => value.skip()?,
        }
        // Some clients repeat beside the one member what it is.
        if self.kind.is_none() && name != "type" {
            self.kind = Some(name.to_owned());
        }
        Ok(())
    }
}

impl<'a> BlockWire<'a> {
    /// Takes a whole block, its start or the next piece of it.
    pub(super) fn take(&self, number: u64, answer: &mut Answer) {
        let mut append = |part, text: &Text<'_>| {
            answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
        };
        append(Part::Content, &self.text);
        if let Some(cited) = &self.cited.0 {
            append(Part::Content, &Text(Some(cited.text().into())));
        }
        if let Some(reasoning) = &self.reasoning.0 {
            append(Part::Reasoning, &reasoning.text);
            if let Some(whole) = &reasoning.whole.0 {
                append(Part::Reasoning, &whole.text);
            }
        }
        if let Some(call) = &self.tool_use.0 {
            let piece = CallPiece {
                id: call.id.0.as_deref(),
                name: call.name.0.as_deref(),
                arguments: &call.arguments(),
            };
            answer.call(key(number), piece);
        }
    }

    fn read(block: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(block.get());
        read.and_then(|read| read.0).unwrap_or_default()
    }
}

impl CitedWire<'_> {
    /// Citations cut one text into several.
    fn text(&self) -> String {
        let texts = self.content.0.iter().filter_map(|text| text.0.as_ref());
        texts.filter_map(|text| text.text.0.as_deref()).collect()
    }
}

impl ToolUseWire<'_> {
    /// A whole call has its arguments as an object; a stream sends strings that make up its JSON.
    fn arguments(&self) -> Cow<'_, str> {
        let Some(input) = self.input else {
            return Cow::Borrowed("");
        };
        match json::read(input.get()) {
            Some(Text(Some(piece))) => piece,
            _ => Cow::Borrowed(input.get()),
        }
    }
}

/// The tool call that a block is.
pub(super) fn key(block: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: block,
    }
}

json::wire! {
    struct GuardedWire<'a> {
        text: Object<TextWire<'a>> = "text",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct CitedWire<'a> {
        content: List<Object<TextWire<'a>>> = "content",
    }

    struct ReasoningWire<'a> {
        // A piece of a stream, and a whole block.
        text: Text<'a> = "text",
        whole: Object<TextWire<'a>> = "reasoningText",
    }

    struct ToolUseWire<'a> {
        id: Text<'a> = "toolUseId",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
    }

    struct ToolResultWire<'a> {
        content: List<Json<'a>> = "content",
    }
}
