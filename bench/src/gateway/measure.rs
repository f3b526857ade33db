//! What a contestant cost under a workload, as numbers with names.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::envoy::Envoy;
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::gateway::calls::{self, Saturation, Wrk};
use crate::gateway::contestants::Contestant;
use crate::gateway::durations::{Counted, Durations};
use crate::gateway::provider::Provider;
use crate::gateway::running::Running;
use crate::gateway::sink::Sink;
use crate::gateway::streams;
use crate::gateway::workload::{Chat, Stream};

/// One number of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Which round of the run, from 0.
    pub round: usize,
    /// Whose it is, as on the command line.
    pub contestant: Contestant,
    /// As in the table.
    pub workload: &'static str,
    /// What it is, with its unit.
    pub name: &'static str,
    /// The number.
    pub value: f64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (round, contestant) = (self.round + 1, self.contestant.name());
        let Self {
            workload,
            name,
            value,
            ..
        } = self;
        write!(
            f,
            "round {round}: {contestant}: {workload}: {name} {value:.2}"
        )
    }
}

/// What the figures are called.
pub mod names {
    /// Time that all of the proxy's threads worked for one call, at saturation.
    pub const CPU_A_CALL: &str = "cpu_us_per_call";
    /// Calls that were answered in a second, at saturation.
    pub const THROUGHPUT: &str = "calls_per_second";
    /// Half of the calls at the fixed rate took no longer.
    pub const LATENCY_P50: &str = "latency_p50_us";
    /// 99 of 100 calls at the fixed rate took no longer.
    pub const LATENCY_P99: &str = "latency_p99_us";
    /// Share of the turns of the worker's loop at the fixed rate that took longer than a millisecond.
    pub const LONG_TURNS: &str = "turns_over_1ms_share";
    /// Share of the plugin's callbacks at the fixed rate that took longer than a millisecond.
    pub const LONG_CALLBACKS: &str = "callbacks_over_1ms_share";
    /// No callback at the fixed rate took longer.
    pub const LONGEST_CALLBACK: &str = "longest_callback_us";
    /// Time that all of the proxy's threads worked for one event of a stream.
    pub const CPU_AN_EVENT: &str = "cpu_us_per_event";
    /// From the request to the first event.
    pub const FIRST_P50: &str = "first_event_p50_us";
    /// From the request to the first event.
    pub const FIRST_P99: &str = "first_event_p99_us";
    /// By how much the distance of two events changed on the way.
    pub const GAP_P99: &str = "gap_change_p99_us";
    /// Calls at saturation of which no event came, until nothing more came.
    pub const LOST: &str = "events_not_come";
    /// Events at saturation that the plugin says it did not deliver: dead letters, and what it counts
    /// as lost.
    pub const UNDELIVERED: &str = "events_counted_undelivered";
    /// Of how many calls at the fixed rate no event came.
    pub const LOST_AT_RATE: &str = "events_not_come_at_rate";
    /// Calls a second that are half of what the plugin takes at saturation.
    pub const HALF_RATE: &str = "half_of_saturation_calls_per_second";
    /// Half of the calls at that rate took no longer.
    pub const HALF_P50: &str = "latency_p50_us_at_half_of_saturation";
    /// 99 of 100 calls at that rate took no longer.
    pub const HALF_P99: &str = "latency_p99_us_at_half_of_saturation";
    /// Of how many calls at that rate no event came.
    pub const LOST_AT_HALF: &str = "events_not_come_at_half_of_saturation";
    /// Memory in use before the first call.
    pub const MEMORY_FRESH: &str = "memory_fresh_mib";
    /// Memory in use after many calls.
    pub const MEMORY_AFTER: &str = "memory_after_calls_mib";
    /// Memory that open streams take in addition, each.
    pub const MEMORY_STREAM: &str = "memory_per_open_stream_kib";
}

/// A running contestant, and what is around it.
#[derive(Debug)]
pub struct Run<'a> {
    /// Which round this is.
    pub round: usize,
    /// Who is measured.
    pub contestant: Contestant,
    /// Its processes.
    pub running: &'a mut Running,
    /// Who answers its calls.
    pub provider: &'a Provider,
    /// Where its events go.
    pub sink: &'a Sink,
    /// The generator of load at saturation.
    pub wrk: &'a Wrk,
    /// How long calls are made for.
    pub duration: Duration,
}

/// What happened while something was done.
struct Spent {
    cpu: Duration,
    calls: u64,
    lost: u64,
    undelivered: u64,
}

impl Run<'_> {
    /// As many calls as are answered.
    pub async fn saturation(&mut self, chat: &Chat) -> Result<Vec<Figure>> {
        let proxy = self.proxy()?;
        let before = self.begin().await?;
        let result = self.saturate(proxy, chat).await?;
        ensure!(result.failed == 0, "{} calls failed", result.failed);
        let spent = self.end(before).await?;
        let mut figures = self.figures(
            chat.name,
            [
                (names::CPU_A_CALL, micros(spent.cpu) / spent.calls as f64),
                (names::THROUGHPUT, result.rate),
                (names::LOST, spent.lost as f64),
            ],
        );
        if self.contestant.is_plugin() {
            let undelivered = [(names::UNDELIVERED, spent.undelivered as f64)];
            figures.extend(self.figures(chat.name, undelivered));
        }
        Ok(figures)
    }

    /// Half of the calls a second that are answered at saturation.
    pub async fn half_of_saturation(&mut self, chat: &Chat) -> Result<u32> {
        let proxy = self.proxy()?;
        let before = self.begin().await?;
        let result = self.saturate(proxy, chat).await?;
        self.end(before).await?;
        // As a number of calls it is far below 2^32.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "above"
        )]
        let half = (result.rate / 2.0) as u32;
        Ok(half.max(1))
    }

    /// Calls at another rate, in calls a second: half of what the plugin takes at saturation.
    pub async fn half(&mut self, chat: &Chat, rate: u32) -> Result<Vec<Figure>> {
        let proxy = self.proxy()?;
        let before = self.begin().await?;
        let (chat, duration) = (Chat { rate, ..*chat }, self.duration);
        let times = spawn_blocking(move || calls::at_rate(proxy, &chat, duration)).await??;
        let spent = self.end(before).await?;
        Ok(self.figures(
            chat.name,
            [
                (names::HALF_RATE, f64::from(rate)),
                (names::HALF_P50, at(&times, 0.5)),
                (names::HALF_P99, at(&times, 0.99)),
                (names::LOST_AT_HALF, spent.lost as f64),
            ],
        ))
    }

    /// Calls at the workload's rate.
    pub async fn rate(&mut self, chat: &Chat) -> Result<Vec<Figure>> {
        let proxy = self.proxy()?;
        let before = self.begin().await?;
        let turns = Durations::of(self.envoy()?, Counted::Turns).await?;
        let callbacks = Durations::of(self.envoy()?, Counted::Callbacks).await?;
        let (chat, duration) = (*chat, self.duration);
        let times = spawn_blocking(move || calls::at_rate(proxy, &chat, duration)).await??;
        let turns = Durations::of(self.envoy()?, Counted::Turns)
            .await?
            .since(&turns);
        let spent = self.end(before).await?;
        // The last callbacks come with the last events.
        let callbacks = Durations::of(self.envoy()?, Counted::Callbacks)
            .await?
            .since(&callbacks);
        let long_turns = turns.share_over(LONG_US);
        let mut figures = self.figures(
            chat.name,
            [
                (names::LATENCY_P50, at(&times, 0.5)),
                (names::LATENCY_P99, at(&times, 0.99)),
                (
                    names::LONG_TURNS,
                    long_turns.context("Envoy tells no durations of its loop")?,
                ),
                (names::LOST_AT_RATE, spent.lost as f64),
            ],
        );
        if let (Some(share), Some(longest)) = (callbacks.share_over(LONG_US), callbacks.longest()) {
            let of_callbacks = [
                (names::LONG_CALLBACKS, share),
                (names::LONGEST_CALLBACK, longest),
            ];
            figures.extend(self.figures(chat.name, of_callbacks));
        }
        Ok(figures)
    }

    /// Streams side by side.
    pub async fn streams(&mut self, stream: &Stream) -> Result<Vec<Figure>> {
        let proxy = self.proxy()?;
        let before = self.begin().await?;
        let times = streams::read_all(proxy, *stream).await?;
        let spent = self.end(before).await?;
        Ok(self.figures(
            stream.name,
            [
                (
                    names::CPU_AN_EVENT,
                    micros(spent.cpu) / times.events() as f64,
                ),
                (names::FIRST_P50, at(&times.first, 0.5)),
                (names::FIRST_P99, at(&times.first, 0.99)),
                (names::GAP_P99, at(&times.gap, 0.99)),
                (names::LOST, spent.lost as f64),
            ],
        ))
    }

    /// Memory before and after so many calls, and with so many streams open.
    ///
    /// The proxy must be fresh.
    pub async fn memory(&mut self, chat: &Chat, calls: u64, open: usize) -> Result<Vec<Figure>> {
        let proxy = self.proxy()?;
        let fresh = self.memory_mib()?;
        let before = self.begin().await?;
        while self.calls().await? - before.calls < calls {
            self.saturate(proxy, chat).await?;
        }
        self.end(before).await?;
        let after = self.memory_mib()?;
        let streams = streams::open(proxy, open).await?;
        let with_streams = self.memory_mib()?;
        drop(streams);
        let each = (with_streams - after) * 1024.0 / open as f64;
        Ok(self.figures(
            "memory",
            [
                (names::MEMORY_FRESH, fresh),
                (names::MEMORY_AFTER, after),
                (names::MEMORY_STREAM, each),
            ],
        ))
    }

    fn figures<const N: usize>(
        &self,
        workload: &'static str,
        values: [(&'static str, f64); N],
    ) -> Vec<Figure> {
        let figure = |(name, value)| Figure {
            round: self.round,
            contestant: self.contestant,
            workload,
            name,
            value,
        };
        values.into_iter().map(figure).collect()
    }

    fn proxy(&self) -> Result<SocketAddr> {
        self.running.address()
    }

    fn envoy(&self) -> Result<&Envoy> {
        let envoy = self.running.envoy();
        envoy.context("only Envoy tells of its turns")
    }

    async fn saturate(&self, proxy: SocketAddr, chat: &Chat) -> Result<Saturation> {
        let headers = self.running.headers();
        self.wrk.saturate(proxy, chat, headers, self.duration).await
    }

    fn memory_mib(&mut self) -> Result<f64> {
        let bytes = self.running.resident_bytes()?;
        Ok(bytes as f64 / f64::from(1 << 20))
    }

    /// Calls that Envoy has seen, or that another gateway has passed on.
    async fn calls(&self) -> Result<u64> {
        let Some(envoy) = self.running.envoy() else {
            return Ok(self.provider.calls());
        };
        let stats = envoy.stats(CALLS).await?;
        stats
            .get(CALLS)
            .copied()
            .with_context(|| format!("Envoy has no {CALLS}"))
    }

    async fn begin(&mut self) -> Result<Spent> {
        self.sink.forget();
        Ok(Spent {
            cpu: self.running.cpu_time()?,
            calls: self.calls().await?,
            lost: 0,
            undelivered: self.undelivered().await?,
        })
    }

    /// Events that the plugin says it did not deliver; 0 for who is no plugin.
    async fn undelivered(&self) -> Result<u64> {
        let envoy = match self.running.envoy() {
            Some(envoy) if self.contestant.is_plugin() => envoy,
            _ => return Ok(0),
        };
        let dead_letters = envoy.plugin_stat("events_dead_lettered").await?;
        Ok(dead_letters + envoy.plugin_stat("events_lost").await?)
    }

    async fn end(&mut self, before: Spent) -> Result<Spent> {
        let calls = self.calls().await? - before.calls;
        let lost = match self.contestant.audits() {
            true => calls.saturating_sub(self.wait_for_events(calls).await),
            false => 0,
        };
        Ok(Spent {
            cpu: self.running.cpu_time()? - before.cpu,
            calls,
            lost,
            undelivered: self.undelivered().await? - before.undelivered,
        })
    }

    /// Waits until there are events of so many calls, or no more come; gives how many there are.
    async fn wait_for_events(&self, calls: u64) -> u64 {
        let mut come = self.sink.calls();
        let mut since = Instant::now();
        while come < calls && since.elapsed() < QUIET {
            sleep(LINGER).await;
            if self.sink.calls() > come {
                come = self.sink.calls();
                since = Instant::now();
            }
        }
        // The record of a prompt comes before the event of its call, and counts as it.
        sleep(LINGER).await;
        self.sink.calls()
    }
}

/// Longer than any event waits for others before it is sent.
const LINGER: Duration = Duration::from_millis(300);

/// What is long for a turn or a callback.
const LONG_US: f64 = 1000.0;

/// After so long without an event, none is expected.
const QUIET: Duration = Duration::from_secs(10);

const CALLS: &str = "http.llm.downstream_rq_total";

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A quantile in microseconds.
fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1e3
}
