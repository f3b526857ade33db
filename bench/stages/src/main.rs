//! Does the jobs that its first argument lists in JSON, natively, and prints what they have shown.

use std::time::Instant;

use anyhow::{Context, Result};
use audit_layer_bench_stages::{Job, Report, measure};

fn main() -> Result<()> {
    let jobs = std::env::args().nth(1).context("no jobs are given")?;
    let jobs: Vec<Job> = serde_json::from_str(&jobs).context("the jobs")?;
    let began = Instant::now();
    let now = || u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    for job in &jobs {
        if let Some(measured) = measure(job, now)? {
            println!("{}", Report::Measured(measured).line());
        }
    }
    println!("{}", Report::Done.line());
    Ok(())
}
