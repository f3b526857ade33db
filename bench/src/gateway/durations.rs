//! Durations as Envoy counts them, in histograms of fixed buckets.

use std::time::Duration;

use anyhow::Result;
use audit_layer_tests::envoy::Envoy;
use tokio::time::sleep;

/// How many things took at most how long.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Durations {
    /// The upper bound of each bucket in microseconds, ascending, and what took no longer.
    up_to: Vec<(f64, f64)>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// The turns of the worker's loop: for so long, no other call goes on.
    Turns,
    /// The callbacks of a plugin that is built to time them.
    Callbacks,
}

impl Counted {
    fn has(self, line: &str) -> bool {
        match self {
            Self::Turns => line.contains("worker") && line.contains("loop_duration_us_bucket"),
            Self::Callbacks => line.contains("callback_us") && line.contains("_bucket{"),
        }
    }
}

impl Durations {
    /// Those until now; nothing where Envoy has no such histogram.
    pub(super) async fn of(envoy: &Envoy, counted: Counted) -> Result<Self> {
        sleep(FLUSH).await;
        Ok(Self::read(&envoy.prometheus().await?, counted))
    }

    fn read(text: &str, counted: Counted) -> Self {
        let buckets = text.lines().filter_map(|line| {
            let (name, count) = line.rsplit_once(' ')?;
            let (_, bound) = name.split_once("le=\"")?;
            let (bound, _) = bound.split_once('"')?;
            // Rust reads "+Inf" as Prometheus writes it.
            let bucket: (f64, f64) = (bound.parse().ok()?, count.parse().ok()?);
            counted.has(line).then_some(bucket)
        });
        let mut all = Self::default();
        for (bound, count) in buckets {
            match all.up_to.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, sum)) => *sum += count,
                None => all.up_to.push((bound, count)),
            }
        }
        all.up_to
            .sort_by(|(left, _), (right, _)| left.total_cmp(right));
        all
    }

    /// Those that came since.
    pub(super) fn since(mut self, before: &Self) -> Self {
        for (bound, count) in &mut self.up_to {
            let mut known = before.up_to.iter();
            let known = known.find(|(known, _)| known == bound);
            *count -= known.map_or(0.0, |(_, count)| *count);
        }
        self
    }

    fn all(&self) -> f64 {
        self.up_to.last().map_or(0.0, |(_, count)| *count)
    }

    /// The share of those that took longer than a bucket's bound, in microseconds; `None` if there are
    /// none at all.
    pub(super) fn share_over(&self, bound: f64) -> Option<f64> {
        let mut buckets = self.up_to.iter();
        let (_, below) = buckets.find(|(known, _)| *known == bound)?;
        (self.all() > 0.0).then(|| (self.all() - below) / self.all())
    }

    /// No one took longer than these microseconds: the bound of a bucket. `None` if there are none.
    pub(super) fn longest(&self) -> Option<f64> {
        let all = self.all();
        let mut buckets = self.up_to.iter();
        let (bound, _) = buckets.find(|(_, count)| *count >= all)?;
        (all > 0.0).then_some(*bound)
    }
}

/// Longer than Envoy takes to add up what its workers have counted.
const FLUSH: Duration = Duration::from_millis(1500);
