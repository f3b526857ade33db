//! Calls at a fixed rate, for latencies; and as many as go, by wrk.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use audit_layer_tests::debian;
use hdrhistogram::Histogram;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::runtime;

use crate::gateway::client::{Client, HEADERS, PATH};
use crate::gateway::workload::Chat;

/// Connections of either kind of load.
pub const CONNECTIONS: u32 = 16;

/// Calls at the workload's rate; gives how long each took, in nanoseconds.
///
/// Each connection is a thread that sleeps until its next call is due, in intervals that vary by half.
/// A call that is due while the one before is not answered counts from when it was due: a proxy that
/// stops for a moment is not excused from the calls that could not be made meanwhile.
///
/// Blocks for as long as the calls are made.
pub fn at_rate(proxy: SocketAddr, chat: &Chat, duration: Duration) -> Result<Histogram<u64>> {
    let interval = f64::from(CONNECTIONS) / f64::from(chat.rate);
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let chat = *chat;
            thread::spawn(move || connection(proxy, &chat, duration, interval, number))
        })
        .collect();
    let mut all = Histogram::new(DIGITS)?;
    for thread in threads {
        all.add(thread.join().ok().context("a client's thread panicked")??)?;
    }
    Ok(all)
}

fn connection(
    proxy: SocketAddr,
    chat: &Chat,
    duration: Duration,
    interval: f64,
    number: u32,
) -> Result<Histogram<u64>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let mut client = runtime.block_on(Client::connect(proxy, chat.request_body()))?;
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    let mut times = Histogram::new(DIGITS)?;
    let began = Instant::now();
    let mut due = interval * random.f64();
    while due < duration.as_secs_f64() {
        let due_at = began + Duration::from_secs_f64(due);
        let wait = due_at.saturating_duration_since(Instant::now());
        thread::sleep(wait);
        // Waking up takes time too, which is not the proxy's.
        let from = if wait.is_zero() {
            due_at
        } else {
            Instant::now()
        };
        runtime.block_on(client.ask_whole())?;
        times.record(nanoseconds(from.elapsed()))?;
        due += interval * (0.5 + random.f64());
    }
    Ok(times)
}

/// Significant digits of every histogram.
pub(super) const DIGITS: u8 = 3;

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The load generator, installed where it is missing.
#[derive(Debug)]
pub struct Wrk {
    program: PathBuf,
    folder: TempDir,
}

/// What wrk did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saturation {
    /// Calls a second that were answered.
    pub rate: f64,
    /// Answers that were none, or had another status than 200: there should be none.
    pub failed: u64,
}

impl Wrk {
    /// Finds it, or installs it.
    pub fn find() -> Result<Self> {
        let find = || {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path)
                .map(|folder| folder.join("wrk"))
                .find(|program| program.is_file())
        };
        Ok(Self {
            program: debian::installed(&["wrk"], find)?,
            folder: audit_layer_tests::workspace::scratch()?,
        })
    }

    /// As many calls as are answered, for so long, with these headers beside the usual ones.
    pub async fn saturate(
        &self,
        proxy: SocketAddr,
        chat: &Chat,
        headers: &[(&'static str, String)],
        duration: Duration,
    ) -> Result<Saturation> {
        let script = self.folder.path().join("request.lua");
        std::fs::write(&script, lua(chat, headers))?;
        let output = Command::new(&self.program)
            .args(["--threads", "1", "--timeout", "30s"])
            .args(["--connections", &CONNECTIONS.to_string()])
            .args(["--duration", &format!("{}s", duration.as_secs().max(1))])
            .arg("--script")
            .arg(&script)
            .arg(format!("http://{proxy}{PATH}"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "wrk failed: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        read(&text).with_context(|| format!("wrk wrote something else than expected:\n{text}"))
    }
}

fn read(text: &str) -> Option<Saturation> {
    let value = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let refused = value("Non-2xx or 3xx responses:").map_or(Some(0), number)?;
    // "Socket errors: connect 0, read 1, write 0, timeout 0"
    let broken = value("Socket errors:").map_or(0, |errors| {
        let words = errors.split([' ', ',']);
        words.filter_map(|word| word.parse::<u64>().ok()).sum()
    });
    Some(Saturation {
        rate: value("Requests/sec:")?.trim().parse().ok()?,
        failed: refused + broken,
    })
}

/// The script that has wrk send a workload's requests.
fn lua(chat: &Chat, headers: &[(&'static str, String)]) -> String {
    let mut script = String::from("wrk.method = 'POST'\n");
    let further = headers.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in HEADERS.into_iter().chain(further) {
        let _ = writeln!(script, "wrk.headers['{name}'] = '{value}'");
    }
    let body = chat.request_body();
    let _ = writeln!(
        script,
        "wrk.body = [==[{}]==]",
        String::from_utf8_lossy(&body)
    );
    script
}
