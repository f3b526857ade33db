//! What is around a contestant: who answers its calls, who takes its events, and who makes load.

use std::time::Duration;

use anyhow::Result;
use tokio::task::spawn_blocking;

use crate::gateway::calls::Wrk;
use crate::gateway::contestants::Contestant;
use crate::gateway::measure::Run;
use crate::gateway::programs::Programs;
use crate::gateway::provider::Provider;
use crate::gateway::running::{Place, Running};
use crate::gateway::sink::Sink;
use crate::gateway::workload::Chat;

/// All of it, running. Dropping it ends it.
#[derive(Debug)]
pub struct Surroundings {
    provider: Provider,
    sink: Sink,
    wrk: Wrk,
    /// The only processor of the contestants; any by default.
    processor: Option<usize>,
    /// How long calls are made for.
    duration: Duration,
}

impl Surroundings {
    /// Starts and installs it.
    pub async fn prepare(processor: Option<usize>, duration: Duration) -> Result<Self> {
        Ok(Self {
            provider: Provider::start().await?,
            sink: Sink::start().await?,
            wrk: spawn_blocking(Wrk::find).await??,
            processor,
            duration,
        })
    }

    /// Starts a contestant in the middle of it.
    pub async fn start(&self, programs: &Programs, contestant: Contestant) -> Result<Running> {
        let place = Place {
            provider: self.provider.address(),
            audit_api: self.sink.address(),
            processor: self.processor,
        };
        programs.start(contestant, place).await
    }

    /// What is to be measured of one that runs.
    pub fn run<'a>(
        &'a self,
        round: usize,
        contestant: Contestant,
        running: &'a mut Running,
    ) -> Run<'a> {
        Run {
            round,
            contestant,
            running,
            provider: &self.provider,
            sink: &self.sink,
            wrk: &self.wrk,
            duration: self.duration,
        }
    }

    /// For each kind of call, half of what the plugin takes at saturation, in calls a second.
    pub async fn halves<const N: usize>(
        &self,
        programs: &Programs,
        chats: &[Chat; N],
    ) -> Result<[u32; N]> {
        let mut running = self.start(programs, Contestant::Batched).await?;
        let mut run = self.run(0, Contestant::Batched, &mut running);
        let mut halves = [0; N];
        for (half, chat) in halves.iter_mut().zip(chats) {
            *half = run.half_of_saturation(chat).await?;
        }
        running.terminate().await?;
        Ok(halves)
    }
}
