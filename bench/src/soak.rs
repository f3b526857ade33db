//! A long run: whether Envoy's memory grows with the calls, and whether every call is accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use crate::ledger::place;
use crate::load::{Manner, USER};
use crate::scene::{Scene, Setting};

/// How Envoy is at one moment of a run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Calls that have ended.
    pub calls: u64,
    /// Since the first call.
    pub after: Duration,
    /// Bytes of memory that Envoy has in use, its VMs' included.
    pub resident_bytes: u64,
    /// Bytes that wait to be delivered.
    pub queue_bytes: u64,
}

/// What came of a run.
#[derive(Debug)]
pub struct Soak {
    /// One at each tenth of the calls.
    pub samples: Vec<Sample>,
    /// Calls that ended, by the access log.
    pub calls: u64,
    /// Calls whose event is in the collector, dead letters imported.
    pub stored: u64,
    /// Events that were only in Envoy's log until then.
    pub dead_lettered: u64,
}

impl Soak {
    /// Makes `calls` calls as fast as they come, and shows each sample to `seen`.
    pub async fn run(calls: u64, mut seen: impl FnMut(&Sample)) -> Result<Self> {
        ensure!(calls >= CALLS_MIN, "at least {CALLS_MIN} calls");
        let calls_each = calls / CLIENTS;
        let calls = calls_each * CLIENTS;
        let mut scene = Scene::start(Setting {
            pace: Duration::ZERO,
            ..Setting::default()
        })
        .await?;
        let started = Instant::now();
        let load = scene.load_of(&Manner {
            clients: usize::try_from(CLIENTS)?,
            pause: Duration::ZERO,
            calls_each: usize::try_from(calls_each)?,
            ..Manner::default()
        });
        let mut samples = Vec::new();
        for tenth in 1..=10 {
            reach(&scene, calls * tenth / 10).await?;
            let sample = sample(&mut scene, started).await?;
            seen(&sample);
            samples.push(sample);
        }
        let errors = load.finish().await;
        let errors = errors.iter().filter(|call| call.is_error()).count();
        ensure!(errors == 0, "{errors} calls failed for their clients");
        scene.delivered().await?;
        let imported = scene.collector.import(scene.envoy.log()).await?;
        ensure!(imported.broken == 0, "{imported:?}");
        Ok(Self {
            samples,
            calls,
            stored: stored(&scene).await?,
            dead_lettered: u64::try_from(imported.new)?,
        })
    }

    /// By how much Envoy's memory grew after the first tenth, in bytes.
    pub fn growth_bytes(&self) -> u64 {
        let resident = |sample: &Sample| sample.resident_bytes;
        let first = self.samples.first().map_or(0, resident);
        let most = self.samples.iter().map(resident).max().unwrap_or(0);
        most - first
    }

    /// Fails unless every call is stored and memory stayed within `growth_max` bytes.
    pub fn check(&self, growth_max: u64) -> Result<()> {
        let Self { calls, stored, .. } = self;
        ensure!(stored == calls, "{stored} of {calls} calls are stored");
        let growth = self.growth_bytes();
        ensure!(
            growth <= growth_max,
            "Envoy grew by {growth} bytes after the first tenth, {growth_max} are allowed"
        );
        Ok(())
    }
}

/// Waits until that many calls have been recorded; however long it takes, if it goes on.
async fn reach(scene: &Scene, calls: u64) -> Result<()> {
    let (mut seen, mut progress) = (0, Instant::now());
    loop {
        let recorded = scene.envoy.plugin_stat("events_recorded").await?;
        if recorded >= calls {
            return Ok(());
        }
        if recorded > seen {
            (seen, progress) = (recorded, Instant::now());
        }
        ensure!(
            progress.elapsed() < STANDSTILL_MAX,
            "{seen} calls, and no more"
        );
        sleep(LOOK).await;
    }
}

async fn sample(scene: &mut Scene, started: Instant) -> Result<Sample> {
    Ok(Sample {
        calls: scene.envoy.plugin_stat("events_recorded").await?,
        after: started.elapsed(),
        resident_bytes: scene.envoy.process().resident_bytes()?,
        queue_bytes: scene.envoy.plugin_stat("queue_bytes").await?,
    })
}

/// Counts the stored events; fails if a writer's sequence has a hole, or a place twice.
async fn stored(scene: &Scene) -> Result<u64> {
    let mut writers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let (mut events, mut odd) = (0, None);
    let query = format!("user_id={USER}");
    scene
        .collector
        .api()
        .each_event(&query, |event| {
            events += 1;
            let place = place(&event);
            let is_its_own =
                place.is_ok_and(|(writer, seq)| writers.entry(writer).or_default().insert(seq));
            if !is_its_own {
                odd = Some(event);
            }
        })
        .await?;
    ensure!(
        odd.is_none(),
        "an event without a place of its own: {odd:#?}"
    );
    for (writer, seen) in writers {
        let highest = seen.last().copied().context("a writer without events")?;
        let count = u64::try_from(seen.len())?;
        ensure!(
            count == highest,
            "{writer} recorded {highest}, {count} are stored"
        );
    }
    Ok(events)
}

/// Enough to keep two workers busy.
const CLIENTS: u64 = 32;

/// Fewer would give no tenths.
pub const CALLS_MIN: u64 = 10 * CLIENTS;

const LOOK: Duration = Duration::from_millis(100);
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
