//! Thousands of random lives of a proxy, each repeatable from its seed.
//!
//! Streams come in random pieces and orders; the audit API is up, flaky or down; configurations
//! change, VMs are replaced, the proxy stops. Whatever happens: each matched exchange is delivered
//! exactly once by id, or dead-lettered; sequences have no holes; traffic passes untouched; and no
//! secret gets anywhere.
//!
//! `SIMULATION_SEED=7 cargo test -p audit-layer-tests --test host simulation` replays one life;
//! `SIMULATION_SEEDS=100000` runs more of them.

mod ledger;
mod life;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::proxy::module;
use crate::simulation::life::Life;

/// Lives in an ordinary test run.
const SEEDS: u64 = 2_000;

#[test]
fn whatever_happens_no_exchange_is_lost_or_doubled() -> Result<()> {
    module()?;
    if let Some(seed) = number("SIMULATION_SEED")? {
        println!("{}", Life::new(seed)?.live());
        return Ok(());
    }
    let seeds = number("SIMULATION_SEEDS")?.unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let workers = thread::available_parallelism()?.get();
    let failed = thread::scope(|scope| {
        let runs: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| first_failure(&next, seeds)))
            .collect();
        runs.into_iter()
            .filter_map(|run| run.join().ok().flatten())
            .min()
    });
    match failed {
        None => Ok(()),
        Some(seed) => bail!(
            "seed {seed} failed, as told above; it replays with\n\
             SIMULATION_SEED={seed} cargo test -p audit-layer-tests --test host simulation -- --nocapture"
        ),
    }
}

#[test]
fn a_life_is_repeatable_from_its_seed() -> Result<()> {
    for seed in 0..20 {
        assert_eq!(
            Life::new(seed)?.live(),
            Life::new(seed)?.live(),
            "seed {seed}"
        );
    }
    Ok(())
}

/// Runs lives whose seeds nobody has run yet, until one fails.
fn first_failure(next: &AtomicU64, seeds: u64) -> Option<u64> {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return None;
        }
        // The message of a failed assertion has been printed by then.
        let life = catch_unwind(AssertUnwindSafe(|| Life::new(seed).map(Life::live)));
        if !matches!(life, Ok(Ok(_))) {
            next.store(seeds, Ordering::Relaxed);
            return Some(seed);
        }
    }
}

fn number(variable: &str) -> Result<Option<u64>> {
    match std::env::var(variable) {
        Ok(text) => Ok(Some(
            text.parse().with_context(|| format!("{variable}={text}"))?,
        )),
        Err(_) => Ok(None),
    }
}
