//! A contestant that takes calls.

use std::net::SocketAddr;
use std::ops::Add;
use std::time::Duration;

use anyhow::Result;
use audit_layer_tests::envoy::Envoy;
use audit_layer_tests::process::Process;
use tempfile::TempDir;

/// What a contestant's calls and events pass, and where it may run.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Who answers the calls.
    pub provider: SocketAddr,
    /// Who takes the events.
    pub audit_api: SocketAddr,
    /// The number of the only processor that it may run on; any by default.
    pub processor: Option<usize>,
}

/// A running contestant. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    pub(super) gateway: Gateway,
    /// What Envoy asks for each call.
    pub(super) service: Option<Service>,
}

/// What takes the calls.
#[derive(Debug)]
pub(super) enum Gateway {
    /// An Envoy with one worker.
    Envoy(Envoy),
    Other(Service),
}

/// A program that listens.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) process: Process,
    pub(super) address: SocketAddr,
    /// What is sent to it beside what every request has.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) _folder: TempDir,
}

impl Gateway {
    fn process(&mut self) -> &mut Process {
        match self {
            Self::Envoy(envoy) => envoy.process(),
            Self::Other(service) => &mut service.process,
        }
    }
}

impl Running {
    /// Where it takes calls.
    pub fn address(&self) -> Result<SocketAddr> {
        match &self.gateway {
            Gateway::Envoy(envoy) => envoy.address("llm"),
            Gateway::Other(service) => Ok(service.address),
        }
    }

    /// What is sent to it beside what every request has.
    pub fn headers(&self) -> &[(&'static str, String)] {
        match &self.gateway {
            Gateway::Envoy(_) => &[],
            Gateway::Other(service) => &service.headers,
        }
    }

    /// The Envoy, if it is one.
    pub fn envoy(&self) -> Option<&Envoy> {
        match &self.gateway {
            Gateway::Envoy(envoy) => Some(envoy),
            Gateway::Other(_) => None,
        }
    }

    /// The end of its log, for messages about failures.
    pub fn log_tail(&self) -> String {
        match &self.gateway {
            Gateway::Envoy(envoy) => envoy.log_tail(),
            Gateway::Other(service) => service.process.log_tail(),
        }
    }

    /// Time that all of its threads have worked.
    pub fn cpu_time(&mut self) -> Result<Duration> {
        self.sum(Process::cpu_time)
    }

    /// Bytes of memory that it has in use.
    pub fn resident_bytes(&mut self) -> Result<u64> {
        self.sum(Process::resident_bytes)
    }

    /// What its processes take together.
    fn sum<T: Add<Output = T>>(&mut self, of: fn(&Process) -> Result<T>) -> Result<T> {
        let gateway = of(self.gateway.process())?;
        match &self.service {
            Some(service) => Ok(gateway + of(&service.process)?),
            None => Ok(gateway),
        }
    }

    /// Ends it, as an operator would.
    pub async fn terminate(mut self) -> Result<()> {
        self.gateway.process().terminate().await?;
        if let Some(service) = &mut self.service {
            service.process.terminate().await?;
        }
        Ok(())
    }
}
