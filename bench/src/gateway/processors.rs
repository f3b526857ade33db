//! Which processor does what: the proxy has one to itself, and all else shares the others.

use anyhow::{Context, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors that are ours to use, shared out.
#[derive(Debug, Clone, Copy)]
pub struct Processors {
    all: CpuSet,
    proxy: usize,
}

impl Processors {
    /// Takes the first for the proxy, and moves this process to the others; its children follow it.
    ///
    /// Call it before any thread is started.
    ///
    /// # Errors
    /// There is only one.
    pub fn share_out() -> Result<Self> {
        let all = sched_getaffinity(None).context("which processors are ours")?;
        let proxy = (0..CpuSet::MAX_CPU).find(|number| all.is_set(*number));
        let proxy = proxy.context("no processor is ours")?;
        let mut others = all;
        others.unset(proxy);
        ensure!(
            others.count() > 0,
            "two processors are needed: one for the proxy, one for what is around it"
        );
        sched_setaffinity(None, &others).context("moving to the other processors")?;
        Ok(Self { all, proxy })
    }

    /// The number of the proxy's, for `taskset`.
    pub fn proxy(&self) -> usize {
        self.proxy
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.all.count()
    }
}
