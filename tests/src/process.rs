//! Child processes that write a log and never outlive us.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::wait::wait_until;

/// A command that runs `program` on the processor of this number, or on any of ours.
pub fn on_processor(processor: Option<usize>, program: &Path) -> Command {
    let Some(processor) = processor else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", &processor.to_string()])
        .arg(program);
    command
}

/// A running program whose output goes to a file. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// Acts when the pipe to it closes.
    guard: Child,
}

impl Process {
    /// Starts `command` and writes both of its outputs to `log`, after what is there already.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log);
        let output = output.with_context(|| format!("the log {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            // Ctrl-C in a terminal is for the program that the user started; that one ends us.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        let id = child.id().context("the process ended at once")?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
            guard: guard(id)?,
        })
    }

    /// Asks `probe` until the program is ready; fails with the log when it ends or takes too long.
    pub async fn ready<T>(
        &mut self,
        patience: Duration,
        mut probe: impl AsyncFnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let Self { name, child, .. } = self;
        let what = format!("sign of life from {name}");
        let answer = wait_until(&what, patience, async || {
            // First the probe: a program may do its work and end before we ask.
            let answer = probe().await?;
            match child.try_wait()? {
                Some(status) if answer.is_none() => bail!("{name} ended with {status}"),
                _ => Ok(answer),
            }
        });
        answer.await.with_context(|| self.log_tail())
    }

    /// Asks the program to end, as an operator would, and waits; kills it when it does not.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        if let Some(pid) = self.child.id().and_then(pid) {
            // Failing means that it has just ended, which `wait` then finds.
            let _ = kill_process(pid, Signal::TERM);
        }
        match tokio::time::timeout(TERMINATION_PATIENCE, self.wait()).await {
            Ok(status) => status,
            Err(_) => self.kill().await,
        }
    }

    /// Ends the program without a chance to tidy up.
    pub async fn kill(&mut self) -> Result<ExitStatus> {
        self.child
            .start_kill()
            .with_context(|| format!("{} could not be killed", self.name))?;
        self.wait().await
    }

    /// Waits until the program ends by itself.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await?;
        // The system may now give the id to another process, which is none of the guard's business.
        self.guard.kill().await?;
        Ok(status)
    }

    /// Bytes of memory that the program has in use, as the system counts them; Linux only.
    pub fn resident_bytes(&self) -> Result<u64> {
        let id = self.child.id().context("the process has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kibibytes.context("no VmRSS")?.trim().parse::<u64>()? << 10)
    }

    /// Time that all threads of the program have been at work so far; Linux only.
    pub fn cpu_time(&self) -> Result<Duration> {
        let id = self.child.id().context("the process has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name before the last bracket may hold anything. User and system time are the 14th and
        // 15th field, in hundredths of a second: proc_pid_stat(5).
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let times = fields.split_whitespace().skip(11).take(2);
        let times: Result<Vec<u64>, _> = times.map(str::parse).collect();
        Ok(Duration::from_millis(10 * times?.iter().sum::<u64>()))
    }

    /// Where the output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// All output so far; bytes that are not UTF-8 are replaced.
    pub fn log_text(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The end of the output, introduced by a line that says whose it is.
    pub fn log_tail(&self) -> String {
        let text = self.log_text();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines
            .iter()
            .skip(lines.len().saturating_sub(TAIL_LINES))
            .copied();
        let tail: Vec<&str> = tail.collect();
        format!("the log of {} ends:\n{}", self.name, tail.join("\n"))
    }
}

/// A shell that kills process `id` when we are gone, however we went.
///
/// It waits on a pipe of which we hold the other end; the system closes that when we end, by
/// SIGKILL too. Works wherever there is a shell, and needs no unsafe code.
fn guard(id: u32) -> Result<Child> {
    Command::new("/bin/sh")
        .args([
            "-c",
            r#"read -r _; kill -KILL "$1" 2>/dev/null"#,
            "guard",
            &id.to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .process_group(0)
        .spawn()
        .context("the guard of a child process could not be started")
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

const TERMINATION_PATIENCE: Duration = Duration::from_secs(60);
const TAIL_LINES: usize = 40;
