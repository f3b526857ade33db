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
    let faults = table.faults();
    ensure!(faults.is_empty(), "faults:\n{}", faults.join("\n"));
    Ok(())
}

/// Whether there need be no event.
fn may_pass(recording: &Recording) -> bool {
    NO_GENERATIONS
        .iter()
        .any(|(api, path, _)| recording.api == *api && recording.bare_path().ends_with(path))
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
