//! What is going on, while something takes long.

use std::future::Future;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use anstream::eprintln;
use anyhow::Result;
use indicatif::ProgressBar;

use crate::report::{DIM, GOOD};

/// Waits for a step and shows that it goes on: a spinner on a terminal, a line elsewhere.
pub(crate) async fn step<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    if !stderr().is_terminal() {
        eprintln!("{name} …");
        return work.await;
    }
    let started = Instant::now();
    let spinner = ProgressBar::new_spinner().with_message(format!("{name} …"));
    spinner.enable_steady_tick(TICK);
    let result = work.await;
    spinner.finish_and_clear();
    if result.is_ok() {
        let seconds = started.elapsed().as_secs_f32();
        eprintln!("{GOOD}✓{GOOD:#} {name} {DIM}{seconds:.1} s{DIM:#}");
    }
    result
}

/// Waits for a build, which shows by itself what it does.
pub(crate) async fn build<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    eprintln!("{name} …");
    work.await
}

const TICK: Duration = Duration::from_millis(80);
