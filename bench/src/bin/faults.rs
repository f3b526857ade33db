//! `cargo bench-faults`: every situation on a real Envoy under load, and the table of what came of it.

use std::process::ExitCode;
use std::time::Instant;

use anstream::{eprintln, println};
use anyhow::Result;
use audit_layer_bench::ledger::Row;
use audit_layer_bench::scale::Scale;
use audit_layer_bench::screen::{BAD, DIM, GOOD, table};
use audit_layer_bench::situation::{SITUATIONS, Situation};
use audit_layer_tests::{stack, wasm};
use clap::Parser;

/// See what becomes of every call and its event when something fails.
///
/// Each situation starts a real Envoy with two workers, a collector and a sample LLM, has clients
/// make calls, lets something fail, and accounts for every call: its event is stored, or it is a
/// dead letter in Envoy's log, which is then imported, or it is counted as lost. A situation in
/// which that does not hold, or anything else that OPERATING.md promises, fails.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench-faults",
    bin_name = "cargo bench-faults --",
    version
)]
struct Arguments {
    /// Only situations whose name has one of these words
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// Seconds instead of half minutes, as in `cargo test`
    #[arg(long)]
    brief: bool,

    /// Name the situations and do nothing
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let chosen = SITUATIONS
        .iter()
        .filter(|situation| arguments.has(situation));
    let chosen: Vec<_> = chosen.collect();
    anyhow::ensure!(
        !chosen.is_empty(),
        "no situation has such a word; --list names them"
    );
    if arguments.list {
        chosen
            .iter()
            .for_each(|situation| println!("{}", situation.name));
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{DIM}building what is needed …{DIM:#}");
    stack::prepare().await?;
    wasm::build_trapping().await?;
    let scale = match arguments.brief {
        true => Scale::Brief,
        false => Scale::Full,
    };
    let mut rows = Vec::new();
    for situation in &chosen {
        rows.extend(run(situation, scale).await.map(|row| line(situation, row)));
    }
    let failed = chosen.len() - rows.len();
    let head = [
        "situation",
        "calls",
        "stored",
        "dead-lettered",
        "lost",
        "client errors",
        "",
    ];
    println!("{}", table(head, rows, 1..6));
    if failed > 0 {
        eprintln!("{BAD}{failed} of {} situations failed{BAD:#}", chosen.len());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn has(&self, situation: &Situation) -> bool {
        let words = &self.words;
        words.is_empty() || words.iter().any(|word| situation.name.contains(word))
    }
}

/// Runs one, and says how it went.
async fn run(situation: &Situation, scale: Scale) -> Option<Row> {
    let started = Instant::now();
    match situation.run(scale).await {
        Ok(row) => {
            let seconds = started.elapsed().as_secs_f32();
            eprintln!(
                "{GOOD}✓{GOOD:#} {} {DIM}{seconds:.1} s{DIM:#}",
                situation.name
            );
            Some(row)
        }
        Err(error) => {
            eprintln!("{BAD}✗ {}:{BAD:#} {error:#}", situation.name);
            None
        }
    }
}

fn line(situation: &Situation, row: Row) -> [String; 7] {
    [
        situation.name.to_owned(),
        row.calls.to_string(),
        row.stored.to_string(),
        row.dead_lettered.to_string(),
        row.lost.to_string(),
        row.client_errors.to_string(),
        row.remark,
    ]
}
