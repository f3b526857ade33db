//! Strangers write what looks like dead letters wherever a log might quote them.

use anyhow::{Result, ensure};
use audit_layer_core::dead_letter::{self, EVENT, LetterKey, PREFIX};
use audit_layer_tests::collector::KEY;
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::sample_llm::SCRIPT_HEADER;
use audit_layer_tests::sample_llm::script::Script;
use audit_layer_tests::workspace;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ledger::{Ledger, Row};
use crate::load::{CALL_HEADER, Call, CallEnd, USER};
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

/// Requests and answers have forged dead letters in headers, paths and bodies, while the gateway
/// writes real ones to the log in which the shipped access log is too.
pub(crate) async fn everywhere(scale: Scale) -> Result<Row> {
    let folder = workspace::scratch()?;
    let quoting = folder.path().join("quoting.log");
    let file = quoting.clone();
    let mut scene = Scene::start(Setting {
        change: Box::new(move |configuration| {
            configuration
                .plugin(|plugin| plugin["delivery"]["queue"]["max_events"] = QUEUED_MAX.into())?
                .access_logs_of(&Configuration::shipped("envoy.yaml")?)?
                .one_more_access_log(&file, QUOTING)?;
            Ok(())
        }),
        ..Setting::default()
    })
    .await?;
    scene.collector.kill().await?;
    let calls = strangers(&scene, scale).await?;
    scene.collector.restart().await?;
    scene.delivered().await?;
    // What a log quotes that cuts nothing is not believed either.
    let quoted = scene.collector.import_suspect(&quoting).await?;
    ensure!((quoted.new, quoted.known) == (0, 0), "{quoted:?}");
    ensure!(quoted.forged > 0 && quoted.withheld > 0, "{quoted:?}");
    let names = calls.iter().map(|call| call.name.clone()).collect();
    let ledger = Ledger::of(&scene, names).await?;
    let recorded = scene.envoy.plugin_stat("events_recorded").await?;
    ensure!(
        recorded == u64::try_from(calls.len())?,
        "the plugin counts {recorded} events of {} calls",
        calls.len()
    );
    let lost = scene.envoy.plugin_stat("events_lost").await?;
    let row = ledger
        .settle(&scene, &calls, usize::try_from(lost)?)
        .await?;
    ensure!(row.dead_lettered > 0, "no real dead letter");
    Ok(row.remarked(format!(
        "of a log that quotes strangers {} are forged, {} unchecked, none imported",
        quoted.forged, quoted.withheld
    )))
}

async fn strangers(scene: &Scene, scale: Scale) -> Result<Vec<Call>> {
    let script = scene.sample().script(answer());
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let stranger = Stranger {
            number,
            url: scene.url().to_owned(),
            script: script.clone(),
            http: Client::new(),
        };
        clients.spawn(stranger.call(scale.calls_each()));
    }
    let mut calls = Vec::new();
    while let Some(made) = clients.join_next().await {
        calls.extend(made??);
    }
    Ok(calls)
}

struct Stranger {
    number: usize,
    url: String,
    script: String,
    http: Client,
}

impl Stranger {
    /// Makes calls that are audited, and between them requests that are not.
    async fn call(self, times: usize) -> Result<Vec<Call>> {
        let mut calls = Vec::new();
        for (number, forged) in forgeries().iter().cycle().take(times).enumerate() {
            let odd = format!("{0}/assets/{1}?q={1}", self.url, encoded(forged));
            let other = self.forging(self.http.get(odd), forged);
            ensure!(other.send().await?.status() == 200, "no answer");
            let name = format!("stranger-{}-{number}", self.number);
            let path = format!("{}/v1/chat/completions?q={}", self.url, encoded(forged));
            let call = self.forging(self.http.post(path), forged);
            let answer = call
                .header(CALL_HEADER, &name)
                .header("x-audit-session-id", &name)
                .header("x-audit-user-id", USER)
                .header("x-audit-reasoning", forged)
                .header("x-audit-metadata", json!({ "note": forged }).to_string())
                .json(&json!({
                    "model": forged,
                    "messages": [{ "role": "user", "content": format!("\n{forged}\n") }],
                }))
                .send()
                .await?;
            let status = answer.status().as_u16();
            answer.bytes().await?;
            calls.push(Call {
                name,
                client: self.number,
                ended_at: Instant::now(),
                end: CallEnd::Whole {
                    status,
                    refusal: None,
                },
            });
        }
        Ok(calls)
    }

    /// The request with a forged dead letter in headers that logs quote.
    fn forging(&self, request: RequestBuilder, forged: &str) -> RequestBuilder {
        let quoted = [
            "user-agent",
            "x-request-id",
            "referer",
            "x-audit-request-id",
            // Envoy's formats may prefer it to the path.
            "x-envoy-original-path",
        ];
        let request = request.header(SCRIPT_HEADER, &self.script);
        quoted
            .into_iter()
            .fold(request, |request, name| request.header(name, forged))
    }
}

/// An answer that has forged dead letters in its headers, each on a line of its body, and in the text
/// of the model.
fn answer() -> Script {
    let all = forgeries();
    let lines = all.join("\n");
    let body = json!({
        "id": lines, "model": lines,
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "content": lines } }],
    });
    let mut script = Script::plain(200, "application/json", format!("{body}\n{lines}\n"));
    for forged in all {
        for name in ["x-audit-request-id", "x-request-id", "server", "x-stranger"] {
            script = script.header(name, &forged);
        }
    }
    script
}

/// Dead letters as a stranger can write them: of the earlier version, without a MAC, by another key,
/// and with the name of the gateway's key, which stands in each real one.
fn forgeries() -> Vec<String> {
    let event = json!({
        "request_id": "forged", "timestamp": "2026-11-29T10:00:00Z", "duration_ms": 1,
        "user_id": USER, "session_id": "forged", "organization_id": "org_local_demonstration",
        "prompt_hash": "", "prompt_content": "forged", "prompt_tokens": 1,
        "response_content": "forged", "response_tokens": 1, "model_provider": "openai",
        "model_name": "forged",
    });
    let event = event.to_string();
    let another = LetterKey::new("a stranger's");
    let gateways = LetterKey::new(KEY);
    let id = gateways.as_ref().map_or("", LetterKey::id);
    let mac = "0".repeat(32);
    vec![
        format!("{PREFIX}max_age{EVENT}{event}"),
        dead_letter::line("max_age", &event, None),
        dead_letter::line("max_age", &event, another.as_ref()),
        format!("{PREFIX}max_age v=2 key={id} mac={mac}{EVENT}{event}"),
    ]
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What a careless access log quotes, each on a line.
const QUOTING: &str = "%RESP(X-AUDIT-REQUEST-ID)%\n%RESP(X-REQUEST-ID)%\n%RESP(SERVER)%\n\
    %REQ(USER-AGENT)%\n%REQ(X-REQUEST-ID)%\n%REQ(REFERER)%\n%RESP(X-STRANGER)%\n";

/// Of each worker.
const QUEUED_MAX: u64 = 4;

const CLIENTS: usize = 4;
