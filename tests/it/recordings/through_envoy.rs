//! Recorded exchanges through real Envoy: the same events as natively.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::collector::Collector;
use audit_layer_tests::envoy::{Configuration, Envoy};
use audit_layer_tests::recordings::{self, Recording, native};
use audit_layer_tests::replay::{REPLAY_HEADER, Replay};
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::wait::PATIENCE;
use audit_layer_tests::{python, workspace};
use reqwest::Client;
use reqwest::header::HOST;
use serde_json::Value;

use crate::fixture::run;

/// How many exchanges pass: the smallest of each kind, as each has its own way through Envoy and
/// the rest is the core's, which the other tests compare for all of them.
const CALLS: usize = 300;

/// Bytes of a piece of a stream: not a divisor of any buffer on the way.
const PIECE: usize = 97;

#[test]
fn recorded_exchanges_through_envoy_give_the_event_of_the_native_core() -> Result<()> {
    let Some(recordings) = recordings::all()? else {
        return Ok(());
    };
    run(async {
        let sample = sample(recordings)?;
        let replay = Replay::start(recordings, PIECE).await?;
        let folder = workspace::scratch()?;
        let collector = Collector::start(&folder.path().join("audit.db"), 0).await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &collector).await?;
        stack::ask_port(&mut configuration, replay.address().port())?;
        let options = stack::envoy_options();
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &options).await?;
        let client = Client::new();
        let mut calls = Vec::new();
        for (recording, expected) in &sample {
            let request_id = call(&client, &envoy, recording)
                .await
                .with_context(|| recording.id())?;
            calls.push((recording, request_id, expected));
        }
        for (recording, request_id, expected) in &calls {
            let event = stack::event(&collector, &envoy, request_id).await?;
            let event = native::comparable(event);
            ensure!(
                event == **expected,
                "{recording:?}:\n{event:#}\nbut natively\n{expected:#}"
            );
        }
        println!("{} recorded exchanges through Envoy", calls.len());
        Ok(())
    })
}

/// Recordings of every kind that gives events, the smallest first, with those events.
fn sample(recordings: &[Recording]) -> Result<Vec<(&Recording, Value)>> {
    let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for recording in recordings {
        let expected = native::event(recording, usize::MAX)?;
        if let Some(expected) = expected {
            let kind = (&recording.api, &recording.streaming);
            let expected = native::comparable(expected);
            kinds.entry(kind).or_default().push((recording, expected));
        }
    }
    for kind in kinds.values_mut() {
        kind.sort_by_key(|(recording, _)| recording.request().len() + recording.response().len());
    }
    // One of each kind, then the next of each, until there are enough.
    let mut all: Vec<_> = kinds
        .into_values()
        .flat_map(|kind| kind.into_iter().enumerate())
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    ensure!(
        all.len() >= CALLS,
        "only {} recordings give events",
        all.len()
    );
    all.truncate(CALLS);
    Ok(all.into_iter().map(|(_, recording)| recording).collect())
}

/// Makes the recorded call, checks that the answer passed as it was, and gives the call's id.
async fn call(client: &Client, envoy: &Envoy, recording: &Recording) -> Result<String> {
    let url = format!("http://{}{}", envoy.address(LISTENER)?, recording.path);
    let mut request = client.post(url).header(HOST, &recording.host);
    for (name, value) in recording.request_headers() {
        request = request.header(name, value);
    }
    let request = request
        .header(REPLAY_HEADER, recording.number)
        .body(recording.request().to_owned())
        .timeout(PATIENCE);
    let answer = request.send().await?;
    ensure!(answer.status() == recording.status, "{answer:?}");
    let request_id = answer
        .headers()
        .get("x-audit-request-id")
        .context("no x-audit-request-id")?;
    let request_id = request_id.to_str()?.to_owned();
    ensure!(
        answer.bytes().await? == recording.response(),
        "the answer was changed on its way"
    );
    Ok(request_id)
}
