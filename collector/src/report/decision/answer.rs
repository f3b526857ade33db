//! What the model answered: its text, other choices, and the tools that it wanted called.

use audit_layer_core::event::Member;
use audit_layer_core::note::Note;

use crate::limits;
use crate::report::document::{Block, Section};
use crate::report::members::Members;
use crate::report::words;

pub(crate) fn answer(event: &Members<'_>) -> Section {
    let text = event.get(Member::ResponseContent).text();
    let mut blocks = vec![content(event, text, "answer", "response")];
    for choice in event
        .gateway("response", "choices")
        .items()
        .into_iter()
        .take(limits::REPORT_ITEMS_MAX)
    {
        let name = format!("Choice {}", choice.get("index").shown().unwrap_or_default());
        blocks.push(Block::named_text(
            name,
            choice.get("content").shown().unwrap_or_default(),
        ));
    }
    for (name, heading) in [
        ("refusal", "Model refusal"),
        ("reasoning", "Model reasoning"),
    ] {
        if let Some(text) = event.gateway("response", name).shown() {
            blocks.push(Block::named_text(heading, text));
        }
    }
    Section::new("Answer", blocks)
}

/// A text, or why there is none. Notes on it begin with `side`.
pub(crate) fn content(event: &Members<'_>, text: Option<String>, what: &str, side: &str) -> Block {
    match text {
        Some(text) if !text.is_empty() => Block::text(text),
        _ if let Some(erased) = event.erased() => {
            Block::paragraph(erased.sentence(&format!("{what}, if any,")))
        }
        _ if event.has_only_hashes(what) => {
            Block::paragraph(format!("Only the hash of the {what} is kept."))
        }
        _ if event.is_stub() => Block::paragraph(format!(
            "The {what} was not kept in the gateway’s log, from which this event was imported."
        )),
        _ => {
            let notes = event.notes().into_iter();
            let is_on_it = |note: &String| {
                note.starts_with(side)
                    || note.starts_with(what)
                    || UNREAD.iter().any(|one| one.name() == note)
            };
            let notes = notes.filter(is_on_it);
            let none = format!("No text of the {what} was recorded.");
            let why = notes.filter_map(|note| words::of_note(&note));
            let why: Vec<String> = [none].into_iter().chain(why).collect();
            Block::paragraph(why.join(" "))
        }
    }
}

/// Notes that neither prompt nor answer was read.
const UNREAD: [Note; 4] = [
    Note::ApiUnknown,
    Note::CallUncertain,
    Note::ProtocolNotRead,
    Note::RequestNotSeen,
];

pub(crate) fn tool_calls(event: &Members<'_>) -> Option<Section> {
    let calls = event.gateway("response", "tool_calls").items();
    if calls.is_empty() {
        return None;
    }
    let shown = calls.iter().take(limits::REPORT_ITEMS_MAX);
    let mut blocks: Vec<Block> = shown
        .map(|call| {
            let name = call.get("name").shown().unwrap_or_default();
            let id = call.get("id").shown().map(|id| format!(" ({id})"));
            let arguments = call.get("arguments").shown().unwrap_or_default();
            Block::named_text(format!("{name}{}", id.unwrap_or_default()), arguments)
        })
        .collect();
    let more = calls.len().saturating_sub(limits::REPORT_ITEMS_MAX);
    if more > 0 {
        blocks.push(Block::paragraph(format!(
            "And {more} more; see the JSON report."
        )));
    }
    Some(Section::new("Tool calls", blocks))
}
