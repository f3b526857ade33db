//! Envoy ends while calls go on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::{Instant, sleep};

use crate::ledger::{Ledger, Row, place, state};
use crate::load::{Call, CallEnd};
use crate::scale::Scale;
use crate::scene::{Scene, Setting};
use crate::situations::guarantee::acknowledged;
use crate::unruly::Mood;

/// What waits when the signal comes is in the log, and an import brings it.
pub(crate) async fn sigterm(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting::default()).await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.envoy.process().terminate().await?;
    let calls = load.stop().await;
    let ledger = Ledger::read(&scene, &calls).await?;
    ensure!(ledger.dead_lettered() > 0, "nothing waited when it ended");
    ledger.settle(&scene, &calls, 0).await
}

/// The recipe of OPERATING.md: nothing waits when the signal comes.
pub(crate) async fn sigterm_after_drain(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        arguments: &["--drain-time-s", "2"],
        ..Setting::default()
    })
    .await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene
        .envoy
        .command("drain_listeners?graceful&skip_exit")
        .await?;
    sleep(Duration::from_secs(2)).await;
    let calls = load.stop().await;
    scene.delivered().await?;
    scene.envoy.process().terminate().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    ensure!(ledger.dead.is_empty(), "{} dead letters", ledger.dead.len());
    ledger.settle(&scene, &calls, 0).await?.undisturbed()
}

/// What the workers held is gone. Every writer's sequence shows it: by holes, and by where it ends.
pub(crate) async fn sigkill(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        unruly: true,
        ..Setting::default()
    })
    .await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    // Some deliveries overtake others, so that holes come about.
    scene.unruly()?.set(Mood::SilentEveryThird);
    sleep(OVERTAKING).await;
    scene.envoy.process().kill().await?;
    let calls = load.stop().await;
    // What the collector was about to store, it has stored when it has ended in peace.
    scene.collector.terminate().await?;
    scene.collector.restart().await?;
    let ledger = Ledger::of(&scene, answered(&calls)).await?;
    let missing = ledger.missing().count();
    let holes = holes_that_agree(&ledger, &calls)?;
    ensure!(holes > 0, "no delivery overtook another");
    let row = ledger.settle(&scene, &calls, missing).await?;
    let after = missing - holes;
    Ok(row.remarked(format!(
        "{holes} are holes in a sequence, {after} came after its last event"
    )))
}

/// Whoever got an answer is on record, as an event or as the record of its prompt.
pub(crate) async fn sigkill_acknowledged(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        change: acknowledged(5_000),
        ..Setting::default()
    })
    .await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.envoy.process().kill().await?;
    let calls = load.stop().await;
    scene.collector.terminate().await?;
    scene.collector.restart().await?;
    let mut ledger = Ledger::of(&scene, every(&calls)).await?;
    let pending = ledger.stored.values();
    let pending = pending.filter(|event| state(event) == "pending").count();
    ensure!(pending > 0, "no call was still to be recorded");
    // Of calls that got nothing, nothing need be known.
    ledger.calls = answered(&calls);
    ledger.calls.extend(ledger.stored.keys().cloned());
    let row = ledger.settle(&scene, &calls, 0).await?;
    Ok(row.remarked(format!(
        "of {pending} the end is not on record: state pending"
    )))
}

fn every(calls: &[Call]) -> BTreeSet<String> {
    calls.iter().map(|call| call.name.clone()).collect()
}

/// The calls whose clients got an answer.
fn answered(calls: &[Call]) -> BTreeSet<String> {
    let answered = calls.iter().filter(|call| call.status().is_some());
    answered.map(|call| call.name.clone()).collect()
}

/// The numbers that are missing in the writers' sequences, below the highest of each. They must be
/// the missing calls that ended before the last stored one of their worker, and no other.
///
/// A worker serves whole connections, so that a missing call's writer is that of its client's other
/// calls.
fn holes_that_agree(ledger: &Ledger, calls: &[Call]) -> Result<usize> {
    let ended: BTreeMap<&str, Instant> = calls
        .iter()
        .map(|call| (call.name.as_str(), call.ended_at))
        .collect();
    let mut writers: BTreeMap<String, BTreeMap<u64, &str>> = BTreeMap::new();
    for (name, event) in &ledger.stored {
        let (writer, seq) = place(event)?;
        writers.entry(writer).or_default().insert(seq, name);
    }
    let of_client = writers_of_clients(ledger, calls)?;
    let mut holes = 0;
    for (writer, seen) in &writers {
        let (highest, newest) = seen.last_key_value().context("a writer without events")?;
        let newest = *ended.get(newest).context("an event of no call")?;
        let gone = usize::try_from(*highest)? - seen.len();
        let missing = calls.iter().filter(|call| is_missing(ledger, call));
        let missing = missing.filter(|call| of_client.get(&call.client) == Some(writer));
        let missing: Vec<_> = missing.map(|call| call.ended_at).collect();
        let before = |moment| missing.iter().filter(|ended| **ended < moment).count();
        // Clients see the ends of two calls at almost the same time in any order.
        let possible = before(newest - SAME_TIME)..=before(newest + SAME_TIME);
        ensure!(
            possible.contains(&gone),
            "the sequence of {writer} lacks {gone} of {possible:?} events"
        );
        holes += gone;
    }
    Ok(holes)
}

fn is_missing(ledger: &Ledger, call: &Call) -> bool {
    matches!(call.end, CallEnd::Whole { .. }) && !ledger.stored.contains_key(&call.name)
}

fn writers_of_clients(ledger: &Ledger, calls: &[Call]) -> Result<BTreeMap<usize, String>> {
    let mut writers = BTreeMap::new();
    for call in calls {
        if let Some(event) = ledger.stored.get(&call.name) {
            let (writer, _) = place(event)?;
            let first = writers.entry(call.client).or_insert_with(|| writer.clone());
            ensure!(*first == writer, "a connection with two writers");
        }
    }
    Ok(writers)
}

/// Long enough for some deliveries of each worker, and shorter than any of them may take.
const OVERTAKING: Duration = Duration::from_secs(2);

const SAME_TIME: Duration = Duration::from_millis(25);
