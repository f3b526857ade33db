//! Content blocks of Bedrock's Converse, of which the one member's name says what each is.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>
//! and its pages on `ContentBlockStart` and `ContentBlockDelta`.

use std::borrow::Cow;

use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{self, Broken, FromObject, Json, List, Members, Object, Text};
use crate::prompt::{
    Content, Fields, Kind, MessagePart, content_parts, data_text, medium, other_part, results,
};

/// An answer has one choice.
pub(super) const CHOICE: u64 = 0;

/// The parts of a prompt's content.
pub(super) fn parts(content: Content<'_>) -> Vec<MessagePart<'_>> {
    let Content::List(blocks) = content else {
        return content_parts(content);
    };
    let mut parts = Vec::new();
    for block in blocks {
        take_block(block, true, &mut parts);
    }
    parts
}

/// Takes a block; what a tool gave counts like what stands beside it. Results within results are
/// not followed.
fn take_block<'a>(block: Json<'a>, is_outer: bool, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::of(block);
    let kind = fields.first_name_but("type").map(str::to_owned);
    let Some(kind) = kind else {
        parts.push(other_part("part", block));
        return;
    };
    let Some(value) = fields.take(&kind) else {
        parts.push(other_part(&kind, block));
        return;
    };
    let mut inner = Fields::of(value);
    match &*kind {
        "text" => parts.push(MessagePart::text(data_text(value))),
        "json" => parts.push(MessagePart::text(data_text(value))),
        // It marks a place in the prompt and says nothing.
        "cachePoint" => return,
        "guardContent" => take_guarded(&mut inner, block, parts),
        "citationsContent" => {
            let read: Option<Object<CitedWire<'_>>> = json::read(value);
            let cited = read.and_then(|read| read.0).unwrap_or_default();
            parts.push(MessagePart::text(Cow::Owned(cited.text())));
            inner.take("content");
            inner.rest(parts);
        }
        "toolUse" => {
            let id = inner.text("toolUseId");
            let name = inner.text("name");
            let arguments = inner.take("input").map(data_text).unwrap_or_default();
            parts.push(MessagePart::call(id, name, arguments).standing_as("toolUse", block));
            inner.rest(parts);
        }
        "toolResult" if is_outer => take_result(inner, parts),
        "reasoningContent" => {
            inner.flatten("reasoningText");
            let text = inner.text("text").unwrap_or_default();
            parts.push(MessagePart::beside(Kind::Reasoning, text).standing_as(&kind, block));
            inner.rest(parts);
        }
        "document" if is_outer => take_document(inner, block, parts),
        "searchResult" if is_outer => {
            let title = inner.text("title");
            take_documents(inner.take("content"), title.as_ref(), block, parts);
            inner.rest(parts);
        }
        "image" | "video" | "audio" | "document" => take_file(&kind, inner, block, parts),
        _ => parts.push(other_part(&kind, block)),
    }
    fields.rest(parts);
}

fn take_guarded<'a>(inner: &mut Fields<'a>, block: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    inner.flatten("text");
    match inner.text("text") {
        Some(text) => parts.push(MessagePart::text(text).typed("guardContent")),
        None => {
            parts.push(other_part("guardContent", block));
            return;
        }
    }
    std::mem::take(inner).rest(parts);
}

fn take_result<'a>(mut inner: Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let id = inner.text("toolUseId");
    let content = inner.take("content");
    let blocks: Option<List<Json<'a>>> = content.and_then(json::expected);
    let mut given = Vec::new();
    for block in blocks.unwrap_or_default().0 {
        take_block(block, false, &mut given);
    }
    parts.extend(results(given, id, None));
    inner.rest(parts);
}

/// A document is a text, blocks of texts, or a file.
fn take_document<'a>(mut inner: Fields<'a>, block: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let title = inner.text("name");
    let mut source = inner.take("source").map(Fields::of).unwrap_or_default();
    if let Some(text) = source.text("text") {
        parts.push(MessagePart::of(Kind::Document, text).named(title));
    } else if let Some(content) = source.take("content") {
        take_documents(Some(content), title.as_ref(), block, parts);
    } else {
        let file = medium(&mut source).unwrap_or_else(|| other_part("document", block));
        let file = file.of_kind(Kind::Document).standing_as("document", block);
        parts.push(file.named(title));
    }
    source.rest(parts);
    inner.rest(parts);
}

/// Texts of a document; a block without any stands as its hash.
fn take_documents<'a>(
    content: Option<Json<'a>>,
    title: Option<&Cow<'a, str>>,
    block: Json<'a>,
    parts: &mut Vec<MessagePart<'a>>,
) {
    let texts: Option<List<Json<'a>>> = content.and_then(json::expected);
    let before = parts.len();
    for text in texts.unwrap_or_default().0 {
        let mut fields = Fields::of(text);
        let document = match fields.text("text") {
            Some(text) => MessagePart::of(Kind::Document, text),
            None => other_part("document", text),
        };
        parts.push(document.named(title.cloned()));
        fields.rest(parts);
    }
    if parts.len() == before {
        parts.push(other_part("document", block).of_kind(Kind::Document));
    }
}

/// A file stands as its hash.
fn take_file<'a>(
    kind: &str,
    mut inner: Fields<'a>,
    block: Json<'a>,
    parts: &mut Vec<MessagePart<'a>>,
) {
    let file = medium(&mut inner);
    let file = file.unwrap_or_else(|| other_part(kind, block));
    parts.push(file.standing_as(kind, block));
    inner.rest(parts);
}

/// A block, its start, or a piece of it.
#[derive(Default)]
pub(super) struct BlockWire<'a> {
    text: Text<'a>,
    cited: Object<CitedWire<'a>>,
    reasoning: Object<ReasoningWire<'a>>,
    tool_use: Object<ToolUseWire<'a>>,
    /// What a tool of the provider's gave.
    given: Option<Json<'a>>,
    has_media: bool,
    /// A member that is none that is known, which says what the block is.
    other: Option<(String, Json<'a>)>,
}

/// Members that say nothing of their own: where a text comes from, a mark for caches, and what
/// clients add.
const SILENT: [&str; 4] = ["cachePoint", "citation", "citations", "type"];

impl<'de> FromObject<'de> for BlockWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "text" => self.text = value.next_value()?,
            "citationsContent" => self.cited = value.next_value()?,
            "reasoningContent" => self.reasoning = value.next_value()?,
            "toolUse" => self.tool_use = value.next_value()?,
            "toolResult" => self.given = value.next_value()?,
            "image" | "audio" | "video" | "document" => {
                self.has_media = true;
                value.skip()?;
            }
            _ if SILENT.contains(&name) => value.skip()?,
            _ => {
                let other: Option<Json<'de>> = value.next_value()?;
                self.other = other.map(|other| (name.to_owned(), other));
            }
        }
        Ok(())
    }

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &[
            "text",
            "json",
            "guardContent",
            "citationsContent",
            "reasoningContent",
            "toolUse",
            "toolResult",
        ];
        [NAMES, &[]]
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
            let is_signed = reasoning
                .whole
                .0
                .as_ref()
                .is_some_and(|it| it.signature.is_some());
            answer.has_sealed_reasoning |= is_signed || reasoning.sealed.is_some();
        }
        answer.is_not_text |= self.has_media;
        if let Some((name, other)) = &self.other {
            answer.part(Kind::Other, name, None, &data_text(*other));
        }
        if let Some(given) = self.given {
            take_given(given, answer);
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
}

/// What a tool gave: a whole block, its start, or a list of pieces.
fn take_given(given: Json<'_>, answer: &mut Answer) {
    let (start, pieces) = match json::object::<GivenWire<'_>>(given) {
        Some(GivenWire { id, content }) => (Some(id), content),
        None => (None, json::read(given).unwrap_or_default()),
    };
    if let Some(id) = start {
        answer.part(Kind::ToolResult, "toolResult", id.0.as_deref(), "");
    }
    for Object(piece) in pieces.0 {
        let PieceWire { text, json } = piece.unwrap_or_default();
        let json = json.map(|json| Cow::Owned(json::compact(json.get())));
        answer.append_part(&text.0.or(json).unwrap_or_default());
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
        match json::read(input) {
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
    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct CitedWire<'a> {
        content: List<Object<TextWire<'a>>> = "content",
    }

    struct ReasoningWire<'a> {
        // A piece of a stream, and a whole block.
        text: Text<'a> = "text",
        whole: Object<ThoughtWire<'a>> = "reasoningText",
        // What only the provider can read, and the mark that there was a thought.
        sealed: Option<Json<'a>> = "redactedContent" | "signature",
    }

    struct ThoughtWire<'a> {
        text: Text<'a> = "text",
        signature: Option<Json<'a>> = "signature",
    }

    struct GivenWire<'a> {
        id: Text<'a> = "toolUseId",
        content: List<Object<PieceWire<'a>>> = "content",
    }

    struct PieceWire<'a> {
        text: Text<'a> = "text",
        json: Option<Json<'a>> = "json",
    }

    struct ToolUseWire<'a> {
        id: Text<'a> = "toolUseId",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
    }
}
