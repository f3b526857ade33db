//! How long a part of the work takes.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::call::Workload;
use crate::stage::Stage;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The part of the work.
    pub stage: Stage,
    /// On which call.
    pub workload: Workload,
    /// How often it is done each time that it is measured.
    pub times: u32,
    /// How often it is measured.
    pub repeats: u32,
}

/// What a job has shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The part of the work.
    pub stage: Stage,
    /// On which call.
    pub workload: Workload,
    /// Bytes that it works on.
    pub bytes: usize,
    /// Nanoseconds that it takes once: of all repeats the least, as others on the machine only add.
    pub ns: f64,
}

/// A line that a proxy logs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// One job was done.
    Measured(Measured),
    /// All jobs were done.
    Done,
    /// It went no further.
    Failed(String),
}

impl Report {
    /// Precedes the report in the log.
    pub const PREFIX: &str = "bench-stages: ";

    /// The report in a line of a log; `None` if it has none.
    pub fn read(line: &str) -> Option<Self> {
        let (_, json) = line.split_once(Self::PREFIX)?;
        serde_json::Deserializer::from_str(json)
            .into_iter()
            .next()?
            .ok()
    }

    /// The line.
    pub fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        [Self::PREFIX, &json].concat()
    }
}

/// Does a job by a clock of nanoseconds; `None` if the call has nothing of the stage.
///
/// # Errors
/// The core does not make of the call what it should.
pub fn measure(job: &Job, clock: impl Fn() -> u64) -> Result<Option<Measured>> {
    let Some(mut task) = job.stage.task(job.workload)? else {
        return Ok(None);
    };
    let mut least = u64::MAX;
    for _ in 0..job.repeats.max(1) {
        let began = clock();
        for _ in 0..job.times {
            task.run();
        }
        least = least.min(clock().saturating_sub(began));
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "nanoseconds of less than a day"
    )]
    let ns = least as f64 / f64::from(job.times.max(1));
    Ok(Some(Measured {
        stage: job.stage,
        workload: job.workload,
        bytes: task.bytes(),
        ns,
    }))
}
