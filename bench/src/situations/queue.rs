//! More events than the queue may hold.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::ledger::{Ledger, Row, account, place};
use crate::load::Manner;
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

/// Of each worker.
const EVENTS_MAX: u64 = 100;

/// The same where the log is silent.
const SILENT_EVENTS_MAX: u64 = 10;

/// The audit API is down; each worker keeps its newest events, and the oldest are in the log.
pub(crate) async fn full(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        change: Box::new(|configuration| {
            configuration.plugin(|plugin| {
                plugin["delivery"]["queue"]["max_events"] = EVENTS_MAX.into();
                plugin["delivery"]["batch"]["max_events"] = 20.into();
            })?;
            Ok(())
        }),
        ..Setting::default()
    })
    .await?;
    scene.collector.kill().await?;
    let load = scene.load_of(&Manner {
        clients: 16,
        calls_each: 8 * scale.calls_each(),
        ..Manner::default()
    });
    let calls = load.finish().await;
    let (events, bytes) = (
        scene.envoy.plugin_stat("queue_events").await?,
        scene.envoy.plugin_stat("queue_bytes").await?,
    );
    ensure!(
        (1..=2 * EVENTS_MAX).contains(&events),
        "{events} events wait in two queues of {EVENTS_MAX}"
    );
    scene.collector.restart().await?;
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    oldest_are_dead(&ledger)?;
    let counted = scene
        .envoy
        .plugin_stat("events_dead_lettered_queue_full")
        .await?;
    let row = account(&scene, &calls).await?.unnoticed()?;
    let dead = u64::try_from(row.dead_lettered)?;
    ensure!(dead == counted, "{dead} dead letters, {counted} counted");
    Ok(row.remarked(format!("at most {events} events, {bytes} bytes waited")))
}

/// The same with a log that leaves out errors: what the queues cannot hold is counted as lost, and told
/// by what the log still shows.
pub(crate) async fn full_and_log_silent(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        arguments: &["--component-log-level", "wasm:critical"],
        change: Box::new(|configuration| {
            configuration.plugin(|plugin| {
                plugin["delivery"]["queue"]["max_events"] = SILENT_EVENTS_MAX.into();
            })?;
            Ok(())
        }),
        ..Setting::default()
    })
    .await?;
    scene.collector.kill().await?;
    let load = scene.load_of(&Manner {
        calls_each: 2 * scale.calls_each(),
        ..Manner::default()
    });
    let calls = load.finish().await;
    scene.collector.restart().await?;
    let row = account(&scene, &calls).await?.unnoticed()?;
    ensure!(row.dead_lettered == 0, "the log has what it leaves out");
    ensure!(row.lost > 0, "the queues held all");
    let log = scene.envoy.log_text();
    for told in [
        "an event that cannot be delivered will be lost",
        "events are lost",
    ] {
        ensure!(log.contains(told), "the log does not say: {told}");
    }
    Ok(row)
}

/// What a worker kept is younger than what it gave up, but for a batch that was on its way then.
fn oldest_are_dead(ledger: &Ledger) -> Result<()> {
    const BATCHES: usize = 4 * 20;
    let mut writers: BTreeMap<String, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    for (reason, event) in ledger.dead.values() {
        ensure!(reason == "queue_full", "dead because of {reason}");
        let (writer, seq) = place(event)?;
        writers.entry(writer).or_default().0.push(seq);
    }
    for event in ledger.stored.values() {
        let (writer, seq) = place(event)?;
        writers.entry(writer).or_default().1.push(seq);
    }
    for (writer, (dead, kept)) in writers {
        let newest_dead = dead.iter().max().copied().unwrap_or(0);
        let older = kept.iter().filter(|seq| **seq < newest_dead).count();
        ensure!(
            older <= BATCHES,
            "{writer} kept {older} events that are older than those it gave up"
        );
    }
    Ok(())
}
