//! `cargo bench-audit-api`: how fast the collector takes events, and answers queries among millions.

use std::time::Duration;

use anstream::{eprintln, println};
use anyhow::Result;
use audit_layer_bench::audit_api::corpus::BATCH;
use audit_layer_bench::audit_api::ingest::{self, Effort};
use audit_layer_bench::audit_api::queries::KINDS;
use audit_layer_bench::screen::{DIM, table};
use audit_layer_tests::collector::{self, Collector};
use audit_layer_tests::postgres::Postgres;
use audit_layer_tests::workspace;
use clap::Parser;
use tokio::task::spawn_blocking;

/// See how fast the collector takes events, and how fast it answers among millions of them.
///
/// Sends batches of 100 events of 3 KB to a collector with a new SQLite database, which answers when
/// they are on disk; inserts the same events into a bare table of SQLite, a commit for each batch;
/// then sends more until there are enough, and asks queries of each kind. Clients and collector share
/// the machine, and so does a PostgreSQL server: the ratios are the result.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench-audit-api",
    bin_name = "cargo bench-audit-api --",
    version
)]
struct Arguments {
    /// Events of each run of the first table
    #[arg(long, value_name = "NUMBER", default_value_t = 200_000)]
    ingest: u64,

    /// Events among which the queries look
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000_000)]
    events: u64,

    /// Queries of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    queries: usize,

    /// Store in a PostgreSQL server with 1 GiB of shared buffers, and compare with a bare table of it
    #[arg(long)]
    postgres: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    eprintln!("{DIM}building what is needed …{DIM:#}");
    collector::build().await?;
    let folder = workspace::scratch()?;
    let ingest = arguments.ingest / BATCH * BATCH;
    let server = arguments.postgres.then(|| Postgres::start(&SETTINGS));
    let server = server.transpose()?;
    let (mut collector, bare) = match &server {
        None => {
            let file = folder.path().join("bare.db");
            let bare = spawn_blocking(move || ingest::by_sqlite(&file, 0..ingest));
            let bare = bare.await??;
            (
                Collector::start(folder.path().join("audit.db"), 0).await?,
                bare,
            )
        }
        Some(server) => {
            let bare = ingest::by_postgres(&server.new_database()?, 0..ingest).await?;
            (Collector::start(server.new_database()?, 0).await?, bare)
        }
    };
    let mut rows = vec![line("database alone, a commit a batch", bare, bare)];
    let mut stored = 0;
    for clients in [1, 4, 16] {
        let effort = ingest::by_api(&collector, stored..stored + ingest, clients).await?;
        stored += ingest;
        rows.push(line(
            &format!("collector, clients: {clients}"),
            effort,
            bare,
        ));
    }
    let head = ["ingest", "events/s", "of it alone", "CPU, µs an event"];
    println!("{}", table(head, rows, 1..4));

    while stored < arguments.events {
        let end = arguments.events.min(stored + 10 * ingest.max(BATCH)) / BATCH * BATCH;
        let effort = ingest::by_api(&collector, stored..end, 4).await?;
        stored = end;
        eprintln!("{DIM}{stored} events, {:.0}/s{DIM:#}", effort.rate());
    }
    let mut rows = Vec::new();
    for kind in &KINDS {
        let times = kind
            .measure(collector.api(), stored, arguments.queries)
            .await?;
        let [median, p99, max] = [times.median, times.p99, times.max].map(milliseconds);
        let events = format!("{:.1}", times.events);
        rows.push([kind.name.to_owned(), events, median, p99, max]);
    }
    println!("{stored} events");
    println!(
        "{}",
        table(
            ["query", "events", "median, ms", "p99, ms", "max, ms"],
            rows,
            1..5
        )
    );
    collector.terminate().await
}

fn line(name: &str, effort: Effort, bare: Effort) -> [String; 4] {
    let (rate, cpu) = (effort.rate(), effort.cpu_micros());
    let ratio = rate / bare.rate();
    let cpu = cpu.map_or("unknown".to_owned(), |cpu| format!("{cpu:.0}"));
    [
        name.to_owned(),
        format!("{rate:.0}"),
        format!("{ratio:.2}"),
        cpu,
    ]
}

const SETTINGS: [&str; 2] = ["shared_buffers=1GB", "max_wal_size=4GB"];

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
