//! Real traffic, recorded from providers by others: what the core makes of bytes that nobody here
//! wrote. The recordings are in the folder that the variable RECORDINGS names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use audit_layer_core::completion::End;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::expected::notes;

#[test]
fn recorded_exchanges_are_read_whatever_their_pieces() -> Result<()> {
    let Some(folder) = std::env::var_os("RECORDINGS") else {
        eprintln!("RECORDINGS is not set: no recorded exchanges were read");
        return Ok(());
    };
    let mut table: BTreeMap<String, Row> = BTreeMap::new();
    for recording in recordings(Path::new(&folder))? {
        let Some(event) = replay(&recording, usize::MAX)? else {
            continue;
        };
        for piece in [1, 7, 4096] {
            let again = replay(&recording, piece)?.context("audited once")?;
            ensure!(again == event, "{recording:?} in pieces of {piece}");
        }
        table
            .entry(recording.api.clone())
            .or_default()
            .add(&recording, &event)?;
    }
    ensure!(!table.is_empty(), "no recordings in {}", folder.display());
    println!(
        "{:<32} {:>5} {:>6} {:>7} {:>7} {:>6}",
        "", "calls", "model", "prompt", "answer", "usage"
    );
    for (api, row) in &table {
        println!(
            "{api:<32} {:>5} {:>6} {:>7} {:>7} {:>6}",
            row.calls, row.model, row.prompt, row.answer, row.usage
        );
    }
    Ok(())
}

/// What was found in the exchanges of one kind.
#[derive(Default)]
struct Row {
    calls: usize,
    model: usize,
    prompt: usize,
    answer: usize,
    usage: usize,
}

impl Row {
    /// Counts what the event holds; what it lacks, it must explain.
    fn add(&mut self, recording: &Recording, event: &Value) -> Result<()> {
        let own = &event["metadata"]["audit_layer"];
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let has_request = recording.request_body_note != "absent";
        let model = is_text(&event["model_name"]);
        let prompt = is_text(&event["prompt_hash"]);
        let answer = is_text(&event["response_content"])
            || own["response"]["tool_calls"].get(0).is_some()
            || !own["completion"]["error"].is_null()
            || is_text(&own["response"]["reasoning"]);
        let usage = own["usage"]["source"] == "reported";
        let explained = !notes(event).is_empty();
        ensure!(
            prompt || explained || !has_request,
            "no prompt: {recording:?}\n{event:#}"
        );
        ensure!(
            model || explained || !has_request,
            "no model: {recording:?}\n{event:#}"
        );
        ensure!(
            usage || explained || own["completion"]["state"] != "complete",
            "no usage: {recording:?}\n{event:#}"
        );
        self.calls += 1;
        self.model += usize::from(model);
        self.prompt += usize::from(prompt);
        self.answer += usize::from(answer);
        self.usage += usize::from(usage);
        agrees_with_the_total(recording, event)
    }
}

/// Where the provider states a total, our numbers add up to it.
fn agrees_with_the_total(recording: &Recording, event: &Value) -> Result<()> {
    let Ok(body) = serde_json::from_slice::<Value>(&recording.response()?) else {
        return Ok(());
    };
    if let Some(total) = body["usage"]["total_tokens"].as_u64() {
        let ours = event["prompt_tokens"]
            .as_u64()
            .zip(event["response_tokens"].as_u64());
        let sum = ours.map(|(input, output)| input + output);
        ensure!(sum == Some(total), "{recording:?}: {ours:?} is not {total}");
    }
    Ok(())
}

/// The event of an exchange whose bodies come in pieces of a size; `None` if it is not audited.
fn replay(recording: &Recording, piece: usize) -> Result<Option<Value>> {
    let config = br#"{"audit_api":{"cluster":"audit"}}"#;
    let policy = Rc::new(Policy::read(config, &|_| None)?);
    let at = Timestamp::from_unix_ms;
    let mut head = pairs(&recording.request_headers);
    head.extend([
        (b":method".to_vec(), recording.method.clone().into_bytes()),
        (b":path".to_vec(), recording.path.clone().into_bytes()),
        (b":authority".to_vec(), recording.host.clone().into_bytes()),
    ]);
    let Some(mut exchange) = Exchange::begin(&policy, Headers(&head), [0; 10], at(0)) else {
        return Ok(None);
    };
    for piece in STANDARD
        .decode(&recording.request_body_base64)?
        .chunks(piece)
    {
        exchange.request_body(piece);
    }
    exchange.request_end();
    let mut head = pairs(&recording.response_headers);
    if recording
        .response_body_note
        .starts_with("decoded-by-recorder")
    {
        head.retain(|(name, _)| name != b"content-encoding");
    }
    head.push((
        b":status".to_vec(),
        recording.status.to_string().into_bytes(),
    ));
    exchange.response_head(Headers(&head));
    for piece in recording.response()?.chunks(piece) {
        exchange.response_body(piece, at(5));
    }
    exchange.response_end();
    let end = End {
        details: Some("via_upstream".to_owned()),
        ..End::default()
    };
    Ok(Some(serde_json::to_value(exchange.end(end, at(10)))?))
}

fn pairs(headers: &BTreeMap<String, String>) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_ascii_lowercase().into_bytes(),
                value.clone().into_bytes(),
            )
        })
        .collect()
}

/// One line of a recordings file; the folder's README says what the members mean.
#[derive(Deserialize)]
struct Recording {
    source: String,
    name: String,
    index: usize,
    api: String,
    host: String,
    method: String,
    path: String,
    request_headers: BTreeMap<String, String>,
    request_body_base64: String,
    request_body_note: String,
    status: u16,
    response_headers: BTreeMap<String, String>,
    response_body_base64: String,
    response_body_note: String,
}

impl Recording {
    fn response(&self) -> Result<Vec<u8>> {
        Ok(STANDARD.decode(&self.response_body_base64)?)
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}#{}", self.source, self.name, self.index)
    }
}

fn recordings(folder: &Path) -> Result<Vec<Recording>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with(".jsonl.gz") {
            continue;
        }
        for line in BufReader::new(GzDecoder::new(File::open(&path)?)).lines() {
            all.push(serde_json::from_str(&line?).with_context(|| path.display().to_string())?);
        }
    }
    Ok(all)
}
