//! Waiting for something to become true, with a deadline instead of a guess.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

/// How long anything on this machine may take. Generous: it only bounds failures.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Asks `probe` again and again until it has an answer; fails when there is none in time.
pub async fn wait_until<T>(
    what: &str,
    patience: Duration,
    mut probe: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(answer) = probe().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("no {what} within {} seconds", patience.as_secs());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

const PAUSE_MAX: Duration = Duration::from_millis(50);
