//! Real traffic, recorded from providers by others: what the core makes of bytes that nobody here
//! wrote.

mod stated;
mod table;
mod through_envoy;
mod vendors;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::recordings::{self, Recording, native};
use serde_json::Value;

use self::table::Table;

/// Kinds of recordings whose format the core does not read yet. To be deleted.
const NOT_READ_YET: &[&str] = &[];

/// Recordings, by a part of their name, of which the core makes something wrong, and what. To be
/// deleted, one by one.
const NOT_RIGHT_YET: &[(&str, &str)] = &[
    (
        "bedrock-invokemodel-adds-anthropic-claude-model-attributes-to-span.json#0",
        "usage beside an older completion of Anthropic's is not read",
    ),
    (
        "cassettes/test_llms/test_custom_llm.yaml#0",
        "no note says that the request names no model",
    ),
    (
        "cassettes/test_generate_content_extra_params.yaml#0",
        "no note says that the model gave nothing but thoughts",
    ),
];

/// Calls among the recordings for which no model generates anything.
const NO_GENERATIONS: [(&str, &str, &str); 7] = [
    ("cohere-v1-rerank", "/rerank", "sorts documents"),
    ("cohere-v2-rerank", "/rerank", "sorts documents"),
    ("voyage-other", "/rerank", "sorts documents"),
    ("openai-assistants", "/assistants", "stores a definition"),
    ("openai-assistants", "/threads", "stores a conversation"),
    ("openai-assistants", "/messages", "stores a turn"),
    ("openai-other", "/traces/ingest", "stores telemetry"),
];

#[test]
fn every_recorded_generation_gives_one_event_whatever_its_pieces() -> Result<()> {
    let Some(recordings) = recordings::all()? else {
        return Ok(());
    };
    let mut table = Table::default();
    for (recording, event) in recordings::in_parallel(recordings, events)? {
        match event {
            Some(event) => table.add(recording, &event),
            None if may_pass(recording) => {}
            None => table.lacks(recording),
        }
    }
    println!("{table}");
    let faults = table.faults(|recording| {
        !NOT_RIGHT_YET
            .iter()
            .any(|(part, _)| recording.contains(part))
    });
    ensure!(faults.is_empty(), "faults:\n{}", faults.join("\n"));
    Ok(())
}

/// Whether there need be no event.
fn may_pass(recording: &Recording) -> bool {
    let is_none = NO_GENERATIONS
        .iter()
        .any(|(api, path, _)| recording.api == *api && recording.bare_path().ends_with(path));
    is_none || NOT_READ_YET.contains(&recording.api.as_str())
}

fn events(recordings: &[Recording]) -> Result<Vec<(&Recording, Option<Value>)>> {
    let each = recordings.iter();
    each.map(|recording| Ok((recording, in_any_pieces(recording)?)))
        .collect()
}

fn in_any_pieces(recording: &Recording) -> Result<Option<Value>> {
    let event = native::event(recording, usize::MAX)?;
    for piece in [1, 7, 4096] {
        let again = native::event(recording, piece).with_context(|| recording.id())?;
        ensure!(again == event, "{recording:?} in pieces of {piece}");
    }
    Ok(event)
}
