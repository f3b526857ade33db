//! The proxy's log is what a node keeps of it: long lines in pieces, rotated and compressed.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use audit_layer_tests::workspace;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::ledger::{Ledger, Row};
use crate::load::Manner;
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

/// Letters of 100 KB in files of CRI and of Docker, between the pieces of other lines, over files
/// that were rotated within a line and compressed.
pub(crate) async fn long_letters(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting::default()).await?;
    scene.collector.kill().await?;
    let load = scene.load_of(&Manner {
        clients: 4,
        calls_each: scale.calls_each(),
        padding: 100 << 10,
        ..Manner::default()
    });
    let calls = load.finish().await;
    scene.envoy.process().terminate().await?;
    scene.collector.restart().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    let dead = ledger.dead_lettered();
    ensure!(dead == calls.len(), "{dead} of {} are dead", calls.len());
    let folder = workspace::scratch()?;
    let [pods, docker] = ["pods", "docker"].map(|name| folder.path().join(name));
    let log = scene.envoy.log_text();
    write(
        &pods.join("ns_gateway_uid/envoy"),
        "0.log",
        &kept(&log, cri),
    )?;
    write(&docker, "id-json.log", &kept(&log, record))?;
    let row = ledger.settle_from(&pods, &scene, &calls, 0).await?;
    let again = scene.collector.import(&docker).await?;
    ensure!(
        (again.new, again.known, again.broken) == (0, dead, 0),
        "Docker's files have other dead letters: {again:?}"
    );
    Ok(row.remarked("from files of CRI; those of Docker have the same"))
}

/// What a runtime keeps of a log: its lines in pieces, the even lines as those of one stream and the
/// odd ones as those of another, and pieces of two lines in turn.
fn kept(log: &str, write: fn(&str, &str, bool) -> String) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let mut records = Vec::new();
    for pair in lines.chunks(2) {
        let streams = pair.iter().zip(["stderr", "stdout"]);
        let streams: Vec<Vec<String>> = streams
            .map(|(line, stream)| {
                let pieces = pieces(line);
                let last = pieces.len() - 1;
                let numbered = pieces.iter().enumerate();
                numbered
                    .map(|(at, piece)| write(stream, piece, at == last))
                    .collect()
            })
            .collect();
        let most = streams.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..most {
            records.extend(streams.iter().filter_map(|stream| stream.get(at).cloned()));
        }
    }
    records
}

/// A line of a file below `/var/log/pods`.
fn cri(stream: &str, piece: &str, is_last: bool) -> String {
    let tag = if is_last { "F" } else { "P" };
    format!("2026-11-29T03:00:00.000000000Z {stream} {tag} {piece}\n")
}

/// A line of Docker's file of a container.
fn record(stream: &str, piece: &str, is_last: bool) -> String {
    let end = if is_last { "\n" } else { "" };
    let log = format!("{piece}{end}");
    let record = json!({ "log": log, "stream": stream, "time": "2026-11-29T03:00:00.000000000Z" });
    format!("{record}\n")
}

/// Pieces of 16 KiB. A character that Docker cuts in two is lost, and its letter could not be checked;
/// here none is.
fn pieces(line: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), line);
    while rest.len() > PIECE_BYTES {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Writes records to three files of a log, of which the oldest is compressed, so that lines go on in
/// the next one.
fn write(folder: &Path, name: &str, records: &[String]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let third = records.len() / 3;
    let (oldest, rest) = records.split_at(third);
    let (older, newest) = rest.split_at(third);
    let (oldest_name, older_name) = match name {
        "0.log" => (
            "0.log.20261128-030000.gz".to_owned(),
            "0.log.20261129-030000".to_owned(),
        ),
        name => (format!("{name}.2.gz"), format!("{name}.1")),
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(oldest.concat().as_bytes())?;
    std::fs::write(folder.join(oldest_name), gzip.finish()?)?;
    std::fs::write(folder.join(older_name), older.concat())?;
    std::fs::write(folder.join(name), newest.concat())?;
    Ok(())
}

/// As long as the pieces are in which Docker and containerd keep a line.
const PIECE_BYTES: usize = 16 << 10;
