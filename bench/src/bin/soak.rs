//! `cargo bench-soak`: a million calls through a real Envoy, and what they do to its memory.

use std::process::ExitCode;

use anstream::{eprintln, println};
use anyhow::Result;
use audit_layer_bench::screen::{BAD, DIM, GOOD, table};
use audit_layer_bench::soak::{CALLS_MIN, Sample, Soak};
use audit_layer_tests::stack;
use clap::Parser;

/// See whether Envoy's memory grows with the calls, and whether every call is accounted for.
///
/// Starts a real Envoy with two workers, a collector and a sample LLM, and makes calls, plain and
/// streamed in two formats, as fast as they come. Looks at Envoy's memory at each tenth of them. In
/// the end the collector must have each event once, and no writer's sequence a hole.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-soak", bin_name = "cargo bench-soak --", version)]
struct Arguments {
    /// How many calls
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u64).range(CALLS_MIN..))]
    calls: u64,

    /// By how much Envoy may grow after the first tenth, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    growth: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    eprintln!("{DIM}building what is needed …{DIM:#}");
    stack::prepare().await?;
    let soak = Soak::run(arguments.calls, |sample| {
        let [calls, seconds, resident, _] = line(sample);
        eprintln!("{GOOD}✓{GOOD:#} {calls} calls {DIM}{seconds} s, {resident} MiB{DIM:#}");
    });
    let soak = soak.await?;
    let head = ["calls", "seconds", "memory, MiB", "waiting, KiB"];
    println!("{}", table(head, soak.samples.iter().map(line), 0..4));
    println!(
        "{} calls, {} stored, {} of them by an import of dead letters; {:.1} MiB more than after the first tenth",
        soak.calls,
        soak.stored,
        soak.dead_lettered,
        mebibytes(soak.growth_bytes()),
    );
    if let Err(error) = soak.check(arguments.growth << 20) {
        eprintln!("{BAD}{error:#}{BAD:#}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn line(sample: &Sample) -> [String; 4] {
    [
        sample.calls.to_string(),
        format!("{:.0}", sample.after.as_secs_f64()),
        format!("{:.1}", mebibytes(sample.resident_bytes)),
        (sample.queue_bytes >> 10).to_string(),
    ]
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
