//! A scenario in a real Envoy, step by step beside the fake.

mod configuration;
mod ends;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::envoy::{Configuration, Envoy, Options};
use audit_layer_tests::wait::wait_until;
use audit_layer_tests::{python, workspace};

use self::ends::{AuditServer, Client, Upstream};
use crate::scenario::{Lines, Scenario, Seen, Shown, Step, normalized};
use crate::wire;

/// What Envoy showed, given how many lines the guest says by when.
pub(crate) async fn play(
    scenario: &Scenario,
    module: &Path,
    counts: &[Vec<usize>],
) -> Result<Shown> {
    let mut upstream = Upstream::start().await?;
    let audit = AuditServer::start(scenario.audit).await?;
    let mut envoy = start(scenario, module, &upstream, &audit).await?;
    let mut exchanges = Vec::new();
    for (steps, counts) in scenario.exchanges.iter().zip(counts) {
        let mut client = Client::connect(envoy.address("main")?).await?;
        for (step, count) in steps.iter().zip(counts) {
            take(step, &mut client, &mut upstream).await?;
            if matches!(scenario.lines, Lines::Compared) {
                until_said(&envoy, *count)
                    .await
                    .with_context(|| format!("after {step:?}"))?;
            }
        }
        let client = client.answer().await?;
        exchanges.push(Seen {
            client,
            upstream: upstream.request(&envoy).await?,
        });
    }
    envoy.process().terminate().await?;
    let (worker, main) = said(&envoy.log_text());
    Ok(Shown {
        worker,
        main,
        exchanges,
    })
}

/// What the guest said in a log of Envoy: in the worker, and on the main thread.
pub(crate) fn said(log: &str) -> (Vec<String>, Vec<String>) {
    let mut main_thread = None;
    let (mut worker, mut main) = (Vec::new(), Vec::new());
    for line in log.lines() {
        let Some(thread) = line.split(['[', ']']).nth(3) else {
            continue;
        };
        // Envoy's first line is of its main thread.
        let main_thread = *main_thread.get_or_insert(thread);
        let Some((_, said)) = line.split_once("] wasm log") else {
            continue;
        };
        let text = normalized(said.split_once(": ").map_or(said, |(_, text)| text));
        if thread == main_thread {
            main.push(text);
        } else {
            worker.push(text);
        }
    }
    (worker, main)
}

async fn start(
    scenario: &Scenario,
    module: &Path,
    upstream: &Upstream,
    audit: &AuditServer,
) -> Result<Envoy> {
    let document = configuration::bootstrap(scenario, module, upstream.port()?, audit.port());
    let folder = workspace::scratch()?;
    let file = folder.path().join("bootstrap.json");
    std::fs::write(&file, document.to_string())?;
    let options = Options {
        concurrency: 1,
        ..Options::default()
    };
    Envoy::start(
        &python::envoy().await?,
        &Configuration::read(&file)?,
        &options,
    )
    .await
}

async fn until_said(envoy: &Envoy, count: usize) -> Result<()> {
    let enough = wait_until("line of the guest", PATIENCE, async || {
        Ok((said(&envoy.log_text()).0.len() >= count).then_some(()))
    });
    enough.await.with_context(|| envoy.log_tail())
}

async fn take(step: &Step, client: &mut Client, upstream: &mut Upstream) -> Result<()> {
    match step {
        Step::RequestOnly("") => client.send(&request("")).await,
        Step::RequestOnly(more) => client.send(&request(&format!("{more}: 1\r\n"))).await,
        Step::RequestRefused => {
            client
                .send("POST / HTTP/1.1\r\nconnection: close\r\n\r\n")
                .await
        }
        Step::RequestHeaders => client.send(&request(CHUNKED)).await,
        Step::RequestBody(chunk) => client.send(&wire::chunk(chunk)).await,
        Step::RequestEnd => client.send(LAST_CHUNK).await,
        Step::ResponseOnly => upstream.send(&response("content-length: 0\r\n")).await,
        Step::ResponseHeaders => upstream.send(&response(CHUNKED)).await,
        Step::ResponseBody(chunk) => upstream.send(&wire::chunk(chunk)).await,
        Step::ResponseEnd => upstream.send(LAST_CHUNK).await,
        Step::Response(body) => {
            let whole = response(CHUNKED) + &wire::chunk(body) + LAST_CHUNK;
            upstream.send(&whole).await
        }
        Step::UpstreamGone => upstream.leave().await,
        Step::ClientGone => {
            client.leave();
            Ok(())
        }
        Step::TimePasses => Ok(()),
    }
}

fn request(more: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\nx: request\r\nconnection: close\r\n{more}\r\n")
}

fn response(more: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nx: response\r\n{more}\r\n")
}

const CHUNKED: &str = "transfer-encoding: chunked\r\n";
const LAST_CHUNK: &str = "0\r\n\r\n";

/// Longer than the guests' time-outs and ticks, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);
