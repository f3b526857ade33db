//! The prompt of a decision audit: its turns, or else its text as it is.

use audit_layer_core::event::{Kind, Member};
use audit_layer_core::note::Note;

use crate::event::{Node, in_print};
use crate::limits;
use crate::report::decision::conversation::{self, Content, Conversation, Recorded};
use crate::report::decision::{Members, answer};
use crate::report::document::{Block, Fact, Part, Section, Turn, Value};

/// The section on the prompt.
pub(crate) fn prompt(event: &Members<'_>, recorded: &Recorded<'_>) -> Section {
    let text = event.get(Member::PromptContent).text().unwrap_or_default();
    let mut blocks = Vec::new();
    if event.erased().is_none() {
        blocks.extend(introduction(event, recorded, !text.is_empty()).map(Block::paragraph));
    }
    let conversation = recorded.conversation();
    blocks.extend(conversation.into_iter().flat_map(turns));
    match conversation {
        Some(conversation) if conversation.tells_all_of(&text) => {}
        Some(_) => blocks.push(Block::named_text(AS_ONE_TEXT, text)),
        None => blocks.push(answer::content(event, Some(text), "prompt", "request")),
    }
    Section::new("Prompt", blocks)
}

/// What of the prompt cannot be read in this record, if anything cannot.
pub(crate) fn loss(event: &Members<'_>, recorded: &Recorded<'_>) -> Option<String> {
    let losses = losses(event, recorded.conversation()?);
    (!losses.is_empty()).then(|| {
        format!(
            "Part of the prompt is missing from this record. {}",
            losses.join(" ")
        )
    })
}

/// What cannot be read of the parts, and what the model was asked beside them.
fn losses(event: &Members<'_>, conversation: &Conversation<'_>) -> Vec<String> {
    let noted = MORE.into_iter().filter(|note| event.has_note(*note));
    let noted = noted.map(|note| in_print(note.meaning()));
    conversation.losses().into_iter().chain(noted).collect()
}

fn introduction(event: &Members<'_>, recorded: &Recorded<'_>, has_text: bool) -> Option<String> {
    match recorded {
        Recorded::Parts(conversation) => Some(match losses(event, conversation) {
            losses if losses.is_empty() => TURNS.to_owned(),
            losses => format!("{TURNS} {}", losses.join(" ")),
        }),
        Recorded::NoPrompt => Some("The gateway read no prompt.".to_owned()),
        Recorded::AnotherForm => Some(
            "The event’s description of the turns does not have the expected form. See the JSON \
             report."
                .to_owned(),
        ),
        Recorded::Nothing if has_text => Some(
            "The event does not record who said what, so the prompt is shown as one text."
                .to_owned(),
        ),
        Recorded::Nothing => None,
    }
}

fn turns(conversation: &Conversation<'_>) -> Vec<Block> {
    let turns = (1_u64..).zip(&conversation.turns);
    let mut blocks: Vec<Block> = turns
        .map(|(number, turn)| {
            let role = match turn.role.as_str() {
                "" => "no role",
                role => role,
            };
            Block::Turn(Turn {
                name: format!("Turn {number}: {role}"),
                parts: parts(&turn.parts),
            })
        })
        .collect();
    let left_out = conversation.left_out_parts();
    if left_out > 0 {
        blocks.push(Block::paragraph(format!(
            "And {left_out} more parts; see the event in the JSON report."
        )));
    }
    blocks
}

/// The parts of a turn. A text at its beginning, of which there is nothing else to say, needs no name.
fn parts(parts: &[conversation::Part<'_>]) -> Vec<Part> {
    let mut parts: Vec<Part> = parts.iter().map(part).collect();
    if let Some(first) = parts.first_mut().filter(|first| first.facts.is_empty()) {
        first.name.take_if(|name| name == TEXT);
    }
    parts
}

fn part(part: &conversation::Part<'_>) -> Part {
    let kind = part.kind.shown().unwrap_or_default();
    let is_call = matches!(Kind::named(&kind), Some(Kind::ToolCall | Kind::ToolResult));
    let mut facts = Vec::new();
    let mut push = |name: &str, value: Option<Value>| {
        facts.extend(value.map(|value| Fact::new(name, value)));
    };
    let text = |node: Node<'_>| node.shown().map(Value::Text);
    let code = |node: Node<'_>| node.shown().map(Value::Code);
    push(if is_call { "Tool" } else { "Name" }, text(part.name));
    push(if is_call { "Call" } else { "Id" }, code(part.id));
    push("Type", text(part.type_name));
    push("Reference", code(part.reference));
    if !matches!(part.content, Content::Whole { .. }) {
        let size = part.bytes.count().map(Value::number);
        push("Size, in bytes", size.or_else(|| text(part.bytes)));
    }
    push("Hash", code(part.hash));
    push("Content", content(&part.content));
    for (name, value) in part.others.iter().take(limits::REPORT_ITEMS_MAX) {
        push(
            name,
            Some(Value::text(
                value.shown().unwrap_or_else(|| "null".to_owned()),
            )),
        );
    }
    Part {
        number: u64::try_from(part.number).unwrap_or(u64::MAX),
        name: Some(label(&kind)),
        facts,
        text: part
            .content
            .text()
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
    }
}

/// What is said of a content in place of its text, or of what is missing of it.
fn content(content: &Content) -> Option<Value> {
    let missing = match content {
        Content::Whole { text } if text.is_empty() => return Some(Value::text("empty")),
        Content::Whole { .. } => return None,
        Content::Beginning { .. } => "its end was cut off by a limit",
        Content::Cut => "it was cut off by a limit",
        Content::OnlyHash => "only its hash is recorded",
        Content::Elsewhere => "the prompt only references it",
        Content::NotFound => "it was not found in the record",
    };
    Some(Value::unknown(missing))
}

/// What a kind of part is called; a stranger's as it is.
fn label(kind: &str) -> String {
    let label = match Kind::named(kind) {
        Some(Kind::Text) => TEXT,
        Some(Kind::ToolCall) => "Tool call",
        Some(Kind::ToolResult) => "Tool result",
        Some(Kind::Media) => "Media",
        Some(Kind::Reasoning) => "Reasoning",
        Some(Kind::Document) => "Document",
        Some(Kind::Other) => "Other",
        None if kind.is_empty() => "Part of unknown kind",
        None => kind,
    };
    label.to_owned()
}

/// Notes that the model was asked more than the parts that are listed.
const MORE: [Note; 2] = [Note::PromptContinued, Note::PromptPartsTruncated];

const TEXT: &str = "Text";

const TURNS: &str = "The turns of the conversation, as the event records them.";

const AS_ONE_TEXT: &str = "The recorded text of the prompt, which contains more than these turns";
