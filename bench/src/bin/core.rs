//! `cargo bench-core`: what the core costs by stage, natively and in WebAssembly.

use std::fs;
use std::path::PathBuf;

use anstream::{eprintln, println};
use anyhow::Result;
use audit_layer_bench::output;
use audit_layer_bench::screen::DIM;
use audit_layer_bench::stages::engines::{Engine, Engines};
use audit_layer_bench::stages::report::Results;
use audit_layer_bench_stages::Job;
use clap::Parser;

/// See what the core costs by stage: natively, in the V8 of a real Envoy, and in wasmtime's fuel.
///
/// Each stage stands beside what others need for bytes of the same number. Engines take turns, and of
/// all rounds the least counts: whatever else the machine does only adds. Compare figures of one run
/// only.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-core", bin_name = "cargo bench-core --", version)]
struct Arguments {
    /// How often each engine does all jobs
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Where the tables and raw figures are written [default: bench-core in the target directory]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let output = output::folder(arguments.output.as_deref(), "bench-core")?;
    eprintln!("{DIM}building what is needed …{DIM:#}");
    let engines = Engines::prepare().await?;
    eprintln!("{DIM}counting fuel …{DIM:#}");
    let fuel = engines.fuel()?;
    let jobs: Vec<Job> = fuel
        .iter()
        .map(|(&(workload, stage), &fuel)| Job {
            stage,
            workload,
            times: times(fuel),
            repeats: 7,
        })
        .collect();
    let mut results = Results::new(&fuel);
    for round in 1..=arguments.rounds {
        for engine in Engine::ALL {
            let name = engine.name();
            eprintln!("{DIM}round {round} of {}: {name}{DIM:#}", arguments.rounds);
            results.extend(engine, engines.run(engine, &jobs).await?);
        }
    }
    let tables = results.markdown();
    fs::write(
        output.join("figures.json"),
        serde_json::to_string_pretty(&results)?,
    )?;
    fs::write(output.join("tables.md"), &tables)?;
    println!("{tables}");
    println!("{DIM}written to {}{DIM:#}", output.display());
    Ok(())
}

/// How often a stage is done for one measurement of some milliseconds, by its fuel.
fn times(fuel: u64) -> u32 {
    const FUEL: u64 = 50_000_000;
    u32::try_from((FUEL / fuel.max(1)).max(1)).unwrap_or(u32::MAX)
}
