//! `cargo bench-kills`: a collector that is killed again and again under load, and what is there then.

use std::process::ExitCode;

use anstream::{eprintln, println};
use anyhow::Result;
use audit_layer_bench::kills::{self, Account, Engine, Plan};
use audit_layer_bench::screen::{BAD, DIM, GOOD, table};
use audit_layer_tests::collector;
use clap::Parser;

/// See whether every acknowledged event is there, and none twice, after kills.
///
/// Clients send single events and batches to a collector, which is killed by SIGKILL in the middle
/// of it and started again; on PostgreSQL, processes of the server are killed as well. What was not
/// acknowledged is sent again. In the end all events are read, once in the order of time and once
/// through the index.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-kills", bin_name = "cargo bench-kills --", version)]
struct Arguments {
    /// How often the collector is killed on each database
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    kills: usize,

    /// How often the database server crashes, where there is one
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    crashes: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Arguments { kills, crashes } = Arguments::parse();
    eprintln!("{DIM}building what is needed …{DIM:#}");
    collector::build().await?;
    let (mut rows, mut is_good) = (Vec::new(), true);
    for engine in Engine::ALL {
        let name = engine.name();
        let account = kills::run(engine, Plan { kills, crashes }, |done| {
            if done % 10 == 0 {
                eprintln!("{DIM}{name}: {done} of {kills} kills{DIM:#}");
            }
        });
        let account = account.await?;
        match account.check() {
            Ok(()) => eprintln!("{GOOD}✓{GOOD:#} {name}"),
            Err(error) => {
                is_good = false;
                eprintln!("{BAD}✗ {name}: {error:#}{BAD:#}");
            }
        }
        rows.push(line(name, account));
    }
    let head = [
        "database",
        "kills",
        "server crashes",
        "events sent",
        "acknowledged",
        "found",
        "missing",
        "twice",
    ];
    println!("{}", table(head, rows, 1..8));
    Ok(match is_good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn line(name: &str, account: Account) -> [String; 8] {
    let numbers = [
        account.kills,
        account.crashes,
        account.sent,
        account.acknowledged,
        account.found,
        account.missing,
        account.twice,
    ];
    let [kills, crashes, sent, acknowledged, found, missing, twice] =
        numbers.map(|number| number.to_string());
    let name = name.to_owned();
    [
        name,
        kills,
        crashes,
        sent,
        acknowledged,
        found,
        missing,
        twice,
    ]
}
