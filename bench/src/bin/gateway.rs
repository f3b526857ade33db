//! `cargo bench-gateway`: what auditing costs, the plugin beside its alternatives in one run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::{eprintln, println};
use anyhow::{Context, Result};
use audit_layer_bench::gateway::contestants::{Contestant, Measured};
use audit_layer_bench::gateway::machine;
use audit_layer_bench::gateway::measure::{Figure, Run, names};
use audit_layer_bench::gateway::plot;
use audit_layer_bench::gateway::processors::Processors;
use audit_layer_bench::gateway::programs::Programs;
use audit_layer_bench::gateway::report::Results;
use audit_layer_bench::gateway::summary;
use audit_layer_bench::gateway::surroundings::Surroundings;
use audit_layer_bench::gateway::workload::{CHATS, STREAMS};
use audit_layer_bench::output;
use audit_layer_bench::screen::DIM;
use audit_layer_tests::workspace;
use clap::{Parser, ValueEnum};
use tokio::runtime;

/// See what auditing costs in a gateway: the plugin beside its alternatives, in one run.
///
/// Each contestant is a real Envoy with one worker on a processor of its own, or another gateway there;
/// provider, audit API and clients share the others. Contestants take turns in an order that rotates with
/// each round. Machines differ and are shared: compare figures of one run only.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench-gateway",
    bin_name = "cargo bench-gateway --",
    version
)]
struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: usize,

    /// How long calls are made for each figure
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// Who is compared; LiteLLM and Portkey are installed into the target directory first [default: all
    /// that are Envoys]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    contestants: Vec<Contestant>,

    /// What is measured
    #[arg(
        long,
        value_name = "PARTS",
        value_delimiter = ',',
        default_value = "saturation,rate,half,streams,memory"
    )]
    parts: Vec<Part>,

    /// Where the tables, plots and raw figures are written [default: bench-gateway in the target directory]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Put the table into README.md, and all tables and the plots into bench/results
    #[arg(long)]
    publish: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// CPU a call, and calls a second, as fast as they are answered
    Saturation,
    /// Latencies at a fixed rate
    Rate,
    /// Latencies at half of the rate that the plugin takes at saturation
    Half,
    /// Streams side by side
    Streams,
    /// Memory after 100 000 calls, and of 1 000 open streams
    Memory,
}

impl Part {
    fn is_in(self, measured: Measured) -> bool {
        match measured {
            Measured::All => true,
            Measured::Saturation => self == Self::Saturation,
            Measured::Rate => self == Self::Rate,
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // What is built is built on all processors.
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    eprintln!("{DIM}building what is needed …{DIM:#}");
    let contestants = match arguments.contestants.is_empty() {
        true => Contestant::of_envoy(),
        false => arguments.contestants.clone(),
    };
    let is_optimized = cfg!(not(debug_assertions));
    let programs = runtime.block_on(Programs::prepare(is_optimized, &contestants))?;
    drop(runtime);
    let processors = Processors::share_out()?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(compare(&arguments, contestants, &programs, processors))
}

async fn compare(
    arguments: &Arguments,
    mut contestants: Vec<Contestant>,
    programs: &Programs,
    processors: Processors,
) -> Result<()> {
    let output = output::folder(arguments.output.as_deref(), "bench-gateway")?;
    let duration = Duration::from_secs(arguments.seconds);
    let surroundings = Surroundings::prepare(Some(processors.proxy()), duration).await?;
    let halves = match arguments.parts.contains(&Part::Half) {
        true => surroundings.halves(programs, &CHATS).await?,
        false => [0; CHATS.len()],
    };
    let mut results = Results::default();
    for round in 0..arguments.rounds {
        for contestant in &contestants {
            let mut running = surroundings.start(programs, *contestant).await?;
            let run = surroundings.run(round, *contestant, &mut running);
            let figures = measure(run, &arguments.parts, halves).await;
            results.extend(
                figures
                    .with_context(|| format!("{}\n{}", contestant.name(), running.log_tail()))?,
            );
            running.terminate().await?;
        }
        contestants.rotate_left(1);
    }
    println!("{}", results.markdown());
    write(&output, &results)?;
    let raw = serde_json::to_string_pretty(results.figures())?;
    fs::write(output.join("figures.json"), raw)?;
    let machine = machine::sentence(programs.envoy(), processors.count()).await?;
    println!("{DIM}{machine}; written to {}{DIM:#}", output.display());
    if arguments.publish {
        let folder = workspace::root().join("bench/results");
        write(&folder, &results)?;
        let (rounds, seconds) = (arguments.rounds, arguments.seconds);
        let summary = format!(
            "{machine}: medians of {rounds} rounds of {seconds} seconds for each figure.\n\n{}",
            summary::table(&results)
        );
        summary::put_into(&workspace::root().join("README.md"), &summary)?;
        println!(
            "{DIM}published in README.md and {}{DIM:#}",
            folder.display()
        );
    }
    Ok(())
}

async fn measure(
    mut run: Run<'_>,
    parts: &[Part],
    halves: [u32; CHATS.len()],
) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    let mut add = |figures: Vec<Figure>| {
        for figure in &figures {
            eprintln!("{DIM}{figure}{DIM:#}");
        }
        all.extend(figures);
    };
    let measured = run.contestant.measured();
    let parts = |part: Part| parts.contains(&part) && part.is_in(measured);
    // Memory first, since it is that of a fresh proxy.
    if parts(Part::Memory) {
        add(run.memory(&CHATS[0], CALLS, OPEN_STREAMS).await?);
    }
    for (chat, half) in CHATS.iter().zip(halves) {
        if parts(Part::Saturation) {
            add(run.saturation(chat).await?);
        }
        if parts(Part::Rate) {
            add(run.rate(chat).await?);
        }
        if parts(Part::Half) {
            add(run.half(chat, half).await?);
        }
    }
    for stream in &STREAMS {
        if parts(Part::Streams) {
            add(run.streams(stream).await?);
        }
    }
    Ok(all)
}

fn write(folder: &Path, results: &Results) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("tables.md"), results.markdown())?;
    let chats = CHATS.map(|chat| chat.name);
    let cpu = "CPU that is added to a call, at saturation";
    plot::added(
        &folder.join("cpu.svg"),
        cpu,
        results,
        names::CPU_A_CALL,
        &chats,
    )?;
    let latency = "Latency that is added, p99, at half of what the plugin takes";
    plot::added(
        &folder.join("latency.svg"),
        latency,
        results,
        names::HALF_P99,
        &chats,
    )
}

const CALLS: u64 = 100_000;

const OPEN_STREAMS: usize = 1000;
