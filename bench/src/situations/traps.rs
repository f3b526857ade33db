//! The plugin traps; Envoy does what its policy says.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::wasm;
use reqwest::Client;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::ledger::{Ledger, Row};
use crate::load::{CALL_HEADER, Call, CallEnd, Manner, Streamed, USER};
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

pub(crate) async fn fail_open(scale: Scale) -> Result<Row> {
    let trap = trapped(scale, |plugin| plugin["fail_open"] = true.into()).await?;
    ensure!(trap.request == Some(200), "{trap:?}");
    ensure!(trap.streams_cut == 0, "{trap:?}");
    ensure!(trap.after == After::Unaudited, "{trap:?}");
    Ok(trap.row())
}

pub(crate) async fn policy_fail_open(scale: Scale) -> Result<Row> {
    let trap = trapped(scale, |plugin| set_policy(plugin, "FAIL_OPEN")).await?;
    ensure!(trap.cuts_its_worker(), "{trap:?}");
    ensure!(trap.after == After::Unaudited, "{trap:?}");
    Ok(trap.row())
}

pub(crate) async fn policy_fail_reload(scale: Scale) -> Result<Row> {
    let trap = trapped(scale, |plugin| set_policy(plugin, "FAIL_RELOAD")).await?;
    ensure!(trap.cuts_its_worker(), "{trap:?}");
    ensure!(trap.after == After::Audited, "{trap:?}");
    Ok(trap.row())
}

pub(crate) async fn policy_fail_closed(scale: Scale) -> Result<Row> {
    let trap = trapped(scale, |plugin| set_policy(plugin, "FAIL_CLOSED")).await?;
    ensure!(trap.cuts_its_worker(), "{trap:?}");
    ensure!(trap.after == After::Refused, "{trap:?}");
    Ok(trap.row())
}

/// What a trap did.
#[derive(Debug)]
struct Trap {
    row: Row,
    /// The status that the request got in which the plugin trapped.
    request: Option<u16>,
    /// Of the streams that were open on both workers, those that were cut.
    streams_cut: usize,
    /// What becomes of later calls, when each worker has trapped.
    after: After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Audited,
    Unaudited,
    Refused,
}

impl Trap {
    /// Whether the request was refused, and of the streams only those of its worker were cut.
    fn cuts_its_worker(&self) -> bool {
        self.request == Some(503) && (1..STREAMS).contains(&self.streams_cut)
    }

    fn row(self) -> Row {
        let request = self
            .request
            .map_or("cut".to_owned(), |code| code.to_string());
        let after = match self.after {
            After::Audited => "audited again",
            After::Unaudited => "pass unaudited",
            After::Refused => "get 503",
        };
        self.row.remarked(format!(
            "the request: {request}; streams cut: {} of {STREAMS}; later calls {after}",
            self.streams_cut
        ))
    }
}

/// Has the plugin trap under load, first on one worker and then on the other.
async fn trapped(scale: Scale, policy: fn(&mut serde_json::Value)) -> Result<Trap> {
    let module = wasm::build_trapping().await?;
    let scene = Scene::start(Setting {
        change: Box::new(move |configuration: &mut Configuration| {
            configuration.module(module)?.plugin_config(policy)?;
            Ok(())
        }),
        // A stream takes a second or two, in which the plugin can trap.
        pace: Duration::from_millis(60),
        ..Setting::default()
    })
    .await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    let mut calls = load.stop().await;
    let streams = scene.load_of(&Manner {
        clients: STREAMS,
        calls_each: 1,
        name: "stream",
        streamed: Streamed::All,
        ..Manner::default()
    });
    active(&scene, STREAMS).await?;
    let load = scene.load_of(&Manner {
        name: "meanwhile",
        ..Manner::default()
    });
    let request = trap(&scene, "trap").await?;
    let streams = streams.finish().await;
    let streams_cut = streams.iter().filter(|call| !is_whole(call)).count();
    for number in 0..TRAPS {
        trap(&scene, &format!("trap-{number}")).await?;
    }
    calls.extend(load.stop().await);
    calls.extend(streams);
    sleep(RELOAD).await;
    let later = scene.load_of(&Manner {
        calls_each: scale.calls_each(),
        name: "later",
        ..Manner::default()
    });
    let later = later.finish().await;
    let statuses: Vec<_> = later.iter().map(Call::status).collect();
    calls.extend(later);
    let (row, ledger) = account(&scene, &calls).await?;
    let audited = ledger
        .stored
        .keys()
        .filter(|name| name.starts_with("later"))
        .count();
    let all = |status| statuses.iter().all(|seen| *seen == Some(status));
    let after = match (all(200), all(503), audited) {
        (true, _, 0) => After::Unaudited,
        (true, _, audited) if audited == statuses.len() => After::Audited,
        (_, true, 0) => After::Refused,
        _ => anyhow::bail!("of later calls {audited} are audited: {statuses:?}"),
    };
    Ok(Trap {
        row,
        request,
        streams_cut,
        after,
    })
}

/// Calls that no event tells of must be counted: by the requests that the plugin did not record,
/// and by the queue of a VM that is no more, whose events may have arrived all the same.
async fn account(scene: &Scene, calls: &[Call]) -> Result<(Row, Ledger)> {
    quiet(scene).await?;
    let ledger = Ledger::read(scene, calls).await?;
    let recorded = scene.envoy.plugin_stat("events_recorded").await?;
    let stuck = scene.envoy.plugin_stat("queue_events").await?;
    let unrecorded = ledger.calls.len() - usize::try_from(recorded)?;
    let counted = unrecorded..=unrecorded + usize::try_from(stuck)?;
    let missing = ledger.missing().count();
    ensure!(
        counted.contains(&missing),
        "{missing} calls have no event, {counted:?} are counted"
    );
    let row = Ledger::read(scene, calls).await?;
    let row = row.settle(scene, calls, missing).await?;
    Ok((row, ledger))
}

/// Waits until nothing has been delivered for a while: the queue of a VM that trapped never empties.
async fn quiet(scene: &Scene) -> Result<()> {
    let mut since = (0, Instant::now());
    wait_until("end of deliveries", PATIENCE, async || {
        let delivered = scene.envoy.plugin_stat("events_delivered").await?;
        if delivered != since.0 {
            since = (delivered, Instant::now());
        }
        Ok((since.1.elapsed() > QUIET).then_some(()))
    })
    .await
}

/// Makes a call in which the plugin traps; gives the status, unless the connection was cut.
async fn trap(scene: &Scene, name: &str) -> Result<Option<u16>> {
    let body = json!({ "model": "sample", "messages": [{ "role": "user", "content": "Hi" }] });
    let answer = Client::new()
        .post(format!("{}/v1/chat/completions", scene.url()))
        .header(CALL_HEADER, name)
        .header("x-audit-session-id", name)
        .header("x-audit-user-id", USER)
        .header("x-trap", "1")
        .json(&body)
        .send()
        .await;
    Ok(answer.ok().map(|answer| answer.status().as_u16()))
}

/// Waits until that many calls are under way.
async fn active(scene: &Scene, calls: usize) -> Result<()> {
    let calls = u64::try_from(calls)?;
    wait_until("number of open streams", PATIENCE, async || {
        let active = scene.envoy.stats("http.llm.downstream_rq_active").await?;
        let active = active.values().next().context("no such statistic")?;
        Ok((*active == calls).then_some(()))
    })
    .await
}

fn is_whole(call: &Call) -> bool {
    matches!(call.end, CallEnd::Whole { status: 200, .. })
}

fn set_policy(plugin: &mut serde_json::Value, policy: &str) {
    plugin["failure_policy"] = policy.into();
    if let Some(members) = plugin.as_object_mut() {
        members.remove("fail_open");
    }
}

/// Streams that are open when the plugin traps, over both workers.
const STREAMS: usize = 16;

/// Further traps over as many connections: enough to meet the other worker too.
const TRAPS: usize = 24;

/// Many times as long as events linger.
const QUIET: Duration = Duration::from_secs(2);

/// After this Envoy has a new VM, if it makes one.
const RELOAD: Duration = Duration::from_secs(3);
