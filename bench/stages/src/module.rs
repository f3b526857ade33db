//! The filter: its configuration is a list of jobs, which it does at once, and logs what they have
//! shown. It lets every call pass.

use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result};
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::measure::{Job, Report, measure};

mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(crate::module::Root));
    }}
}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let report = match do_all(&self.get_plugin_configuration().unwrap_or_default()) {
            Ok(()) => Report::Done,
            Err(error) => Report::Failed(format!("{error:#}")),
        };
        log(&report);
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Passing))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Passing;

impl Context for Passing {}

impl HttpContext for Passing {}

fn do_all(configuration: &[u8]) -> Result<()> {
    let jobs: Vec<Job> = serde_json::from_slice(configuration).context("the jobs")?;
    for job in &jobs {
        if let Some(measured) = measure(job, now)? {
            log(&Report::Measured(measured));
        }
    }
    Ok(())
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let time = hostcalls::get_current_time().unwrap_or(UNIX_EPOCH);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn log(report: &Report) {
    // A host that takes no line shows that nothing was measured.
    let _ = hostcalls::log(LogLevel::Warn, &report.line());
}
