//! The account of a situation: every call is stored, or dead-lettered, or counted as lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use serde_json::Value;

use crate::load::{Call, USER};
use crate::scene::Scene;

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Calls that Envoy saw end.
    pub calls: usize,
    /// Of these, calls whose event is in the collector.
    pub stored: usize,
    /// Calls whose event is only in Envoy's log; an import then stored it.
    pub dead_lettered: usize,
    /// Calls without an event, that something counts.
    pub lost: usize,
    /// Calls that did not give their client what it wanted.
    pub client_errors: usize,
    /// What else there is to say.
    pub remark: String,
}

impl Row {
    /// The same with a remark.
    pub fn remarked(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }

    /// Fails unless every event arrived by itself.
    pub fn delivered(self) -> Result<Self> {
        let Self { stored, calls, .. } = self;
        ensure!(calls > 0, "no calls");
        ensure!(stored == calls, "{stored} of {calls} calls are stored");
        Ok(self)
    }

    /// Fails unless every event arrived by itself, and no client noticed anything.
    pub fn undisturbed(self) -> Result<Self> {
        self.delivered()?.unnoticed()
    }

    /// Fails if a client noticed anything.
    pub fn unnoticed(self) -> Result<Self> {
        let errors = self.client_errors;
        ensure!(errors == 0, "{errors} calls failed for their clients");
        Ok(self)
    }
}

/// What is known of a situation's events.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The calls that ended, by their names.
    pub calls: BTreeSet<String>,
    /// The events in the collector, by the names of their calls.
    pub stored: BTreeMap<String, Value>,
    /// The events in Envoy's log, by the names of their calls, with the reason.
    pub dead: BTreeMap<String, (String, Value)>,
}

impl Ledger {
    /// Reads the collector, Envoy's log and its access log, when that has every call that ended
    /// with an answer.
    pub async fn read(scene: &Scene, calls: &[Call]) -> Result<Self> {
        let answered: BTreeSet<_> = calls
            .iter()
            .filter(|call| call.status().is_some())
            .map(|call| call.name.as_str())
            .collect();
        let calls = wait_until(
            "line of each call in the access log",
            PATIENCE,
            async || {
                let ended = ended(scene.access_log())?;
                let is_whole = answered.iter().all(|name| ended.contains(*name));
                Ok(is_whole.then_some(ended))
            },
        );
        Self::of(scene, calls.await?).await
    }

    /// Reads the collector and Envoy's log; these calls have ended.
    pub async fn of(scene: &Scene, calls: BTreeSet<String>) -> Result<Self> {
        let ledger = Self {
            calls,
            stored: stored(scene).await?,
            dead: dead_letters(&scene.envoy.log_text())?,
        };
        let events = ledger.stored.keys().chain(ledger.dead.keys());
        for name in events {
            ensure!(ledger.calls.contains(name), "an event of no call: {name}");
        }
        Ok(ledger)
    }

    /// The calls without an event anywhere.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let names = self.calls.iter().map(String::as_str);
        names.filter(|name| !self.stored.contains_key(*name) && !self.dead.contains_key(*name))
    }

    /// The calls whose event is only in Envoy's log.
    pub fn dead_lettered(&self) -> usize {
        let names = self.dead.keys();
        names
            .filter(|name| !self.stored.contains_key(*name))
            .count()
    }

    /// The calls that gave their clients less than they wanted. A connection may also end before
    /// Envoy has seen a call on it: then there was none.
    fn client_errors(&self, calls: &[Call]) -> usize {
        let seen = calls.iter().filter(|call| self.calls.contains(&call.name));
        seen.filter(|call| call.is_error()).count()
    }

    /// The account, in which `counted_lost` calls may be missing; imports the dead letters.
    pub async fn settle(self, scene: &Scene, calls: &[Call], counted_lost: usize) -> Result<Row> {
        let log = scene.envoy.log();
        self.settle_from(log, scene, calls, counted_lost).await
    }

    /// The same with the log as something else has kept it.
    pub async fn settle_from(
        self,
        log: &Path,
        scene: &Scene,
        calls: &[Call],
        counted_lost: usize,
    ) -> Result<Row> {
        let missing: Vec<_> = self.missing().collect();
        ensure!(
            missing.len() == counted_lost,
            "{} calls have no event and {counted_lost} are counted as lost: {:?}",
            missing.len(),
            &missing[..missing.len().min(10)],
        );
        let dead_lettered = self.dead_lettered();
        let imported = scene.collector.import(log).await?;
        ensure!(
            (imported.new, imported.broken) == (dead_lettered, 0),
            "{dead_lettered} events are only in the log, and an import says: {imported:?}"
        );
        let after = stored(scene).await?.len();
        let all = self.calls.len() - counted_lost;
        ensure!(after == all, "{after} of {all} events after the import");
        Ok(Row {
            calls: self.calls.len(),
            stored: self.stored.len(),
            dead_lettered,
            lost: counted_lost,
            client_errors: self.client_errors(calls),
            remark: String::new(),
        })
    }
}

/// The account of a scene whose Envoy still runs, when nothing waits to be delivered any more.
pub async fn account(scene: &Scene, calls: &[Call]) -> Result<Row> {
    scene.delivered().await?;
    let ledger = Ledger::read(scene, calls).await?;
    let lost = scene.envoy.plugin_stat("events_lost").await?;
    let recorded = scene.envoy.plugin_stat("events_recorded").await?;
    let calls_seen = u64::try_from(ledger.calls.len())?;
    ensure!(
        recorded == calls_seen,
        "the plugin counts {recorded} events of {calls_seen} calls"
    );
    ledger.settle(scene, calls, usize::try_from(lost)?).await
}

/// Where an event stands: its writer's id, and its place in the writer's sequence.
pub fn place(event: &Value) -> Result<(String, u64)> {
    let writer = &event["metadata"]["audit_layer"]["writer"];
    let id = writer["id"].as_str().context("an event without a writer")?;
    let seq = writer["seq"].as_u64().context("an event without a place")?;
    Ok((id.to_owned(), seq))
}

/// The state of a call, as its event tells it.
pub fn state(event: &Value) -> &str {
    let state = event["metadata"]["audit_layer"]["completion"]["state"].as_str();
    state.unwrap_or_default()
}

/// Every event in the collector, by the name of its call; fails if a call has two.
async fn stored(scene: &Scene) -> Result<BTreeMap<String, Value>> {
    let (mut events, mut twice) = (BTreeMap::new(), None);
    let query = format!("user_id={USER}");
    let keep = |event: Value| {
        let name = name(&event).to_owned();
        if let Some(first) = events.insert(name, event) {
            twice = Some(first);
        }
    };
    scene.collector.api().each_event(&query, keep).await?;
    ensure!(twice.is_none(), "a call has two events: {twice:#?}");
    Ok(events)
}

/// The names of the calls in an access log. A line at the end may not be whole yet.
fn ended(access_log: &Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(access_log).context("the access log")?;
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let names = whole.filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

fn dead_letters(log: &str) -> Result<BTreeMap<String, (String, Value)>> {
    let letters = log
        .lines()
        .filter_map(|line| line.split_once("audit-layer dead-letter reason="));
    letters
        .map(|(_, letter)| {
            let letter = letter.split_once(" event=");
            let (head, event) = letter.context("a dead letter without an event")?;
            let reason = head.split(' ').next().unwrap_or_default();
            let event: Value = serde_json::from_str(event).context("a dead letter's event")?;
            Ok((name(&event).to_owned(), (reason.to_owned(), event)))
        })
        .collect()
}

fn name(event: &Value) -> &str {
    event["session_id"].as_str().unwrap_or_default()
}
