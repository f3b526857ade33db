//! What the plugin costs: wasmtime's fuel for typical exchanges, and its size.
//!
//! Fuel counts instructions, so that the numbers are exactly repeatable. They stand in
//! `tests/host/budgets.json`; a rise over 2 % fails, and
//! `UPDATE_BUDGETS=1 cargo test -p audit-layer-tests --test host budgets` rewrites them.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context, Result, bail};
use audit_layer_tests::workspace;
use flate2::Compression;
use flate2::write::GzEncoder;
use proxy_wasm_host_test::{Headers, Profile};
use serde_json::json;

use crate::call::{ANTHROPIC, OPENAI, answered_upstream, request_head, response_head, whole_call};
use crate::proxy::{self, BATCHED, Proxy, plugin};

/// The numbers by their names.
type Budgets = BTreeMap<String, u64>;

#[test]
fn the_plugin_costs_no_more_than_its_budget() -> Result<()> {
    let actual = measure()?;
    assert_eq!(actual, measure()?, "the same calls cost the same");
    let file = workspace::root().join("tests/host/budgets.json");
    if std::env::var_os("UPDATE_BUDGETS").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&actual)? + "\n")?;
    }
    let budgets: Budgets = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let mut over = Vec::new();
    println!("{:<44} {:>12} {:>12} {:>8}", "", "budget", "now", "change");
    for (name, now) in &actual {
        let budget = budgets
            .get(name)
            .with_context(|| format!("no budget for {name}"))?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::as_conversions,
            reason = "for a percentage"
        )]
        let change = 100.0 * (*now as f64 / *budget as f64 - 1.0);
        println!("{name:<44} {budget:>12} {now:>12} {change:>+7.2}%");
        if now.saturating_mul(100) > budget.saturating_mul(102) {
            over.push(format!("{name}: {now}, {change:+.2} % over {budget}"));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    bail!(
        "over budget:\n{}\nif it is worth it, UPDATE_BUDGETS=1 cargo test -p audit-layer-tests \
         --test host budgets rewrites {}",
        over.join("\n"),
        file.display()
    )
}

fn measure() -> Result<Budgets> {
    let size = std::fs::metadata(proxy::path()?)?.len();
    let mut budgets = Budgets::from([("bytes of the module".to_owned(), size)]);
    let mut add = |name: &str, fuel: u64| budgets.insert(format!("fuel: {name}"), fuel);
    add("configuring", Proxy::new()?.vm.fuel());
    for (name, path, ask, answer) in calls()? {
        add(
            name,
            fuel(BATCHED, |proxy| {
                whole_call(&proxy.vm.stream(), path, &ask, &answer);
            })?,
        );
    }
    let hash_only = BATCHED.replacen('{', r#"{"capture":{"content":"hash","hash_key":"k"},"#, 1);
    let (small, answer) = (chat(1 << 10), openai_answer());
    add(
        "OpenAI, plain, 1 KiB, hashes only",
        fuel(&hash_only, |proxy| {
            whole_call(&proxy.vm.stream(), OPENAI, &small, &answer);
        })?,
    );
    let sealed = BATCHED.replacen('{', SEALED, 1);
    let configured = Proxy::with(Profile::envoy(), &plugin()?.configuration(&sealed))?;
    add("configuring, sealed for one key", configured.vm.fuel());
    let redacted = BATCHED.replacen('{', REDACTED, 1);
    for (level, configuration) in [("redacted", &redacted), ("sealed", &sealed)] {
        for (name, size) in [("1 KiB", 1 << 10), ("1 MiB", 1 << 20)] {
            let ask = chat(size);
            let call = |proxy: &Proxy| {
                whole_call(&proxy.vm.stream(), OPENAI, &ask, &answer);
            };
            add(
                &format!("OpenAI, plain, {name}, {level}"),
                fuel(configuration, call)?,
            );
        }
    }
    let numbers = asking(&"1 ".repeat(1 << 19));
    add(
        "OpenAI, plain, 1 MiB of numbers, redacted",
        fuel(&redacted, |proxy| {
            whole_call(&proxy.vm.stream(), OPENAI, &numbers, &answer);
        })?,
    );
    add(
        "OpenAI, plain, 1 KiB, gzip",
        fuel(BATCHED, |proxy| gzip_call(proxy, &small, &answer))?,
    );
    add("a call that is not audited", fuel(BATCHED, other_call)?);
    add("a tick without events", fuel(BATCHED, tick)?);
    add("delivering 100 events", delivering(100, &small, &answer)?);
    Ok(budgets)
}

#[test]
fn redacting_costs_no_more_than_the_rest_of_a_call_and_grows_with_the_text_alone() -> Result<()> {
    let redacted = BATCHED.replacen('{', REDACTED, 1);
    let answer = openai_answer();
    let cost = |configuration: &str, ask: &[u8]| {
        fuel(configuration, |proxy| {
            whole_call(&proxy.vm.stream(), OPENAI, ask, &answer);
        })
    };
    let plain = BATCHED.replacen(
        '{',
        r#"{"capture":{"hash":"hmac-sha256","hash_key":"k"},"#,
        1,
    );
    let (small, large) = (chat(1 << 10), chat(1 << 20));
    let (without, with) = (cost(&plain, &small)?, cost(&redacted, &small)?);
    println!("1 KiB: {without}, redacted {with}");
    assert!(with <= 2 * without, "{with} of {without}");
    // A thousand times the text: whatever is not linear shows.
    let added = with.saturating_sub(without).max(1);
    let added_large = cost(&redacted, &large)?.saturating_sub(cost(&plain, &large)?);
    println!("added: 1 KiB {added}, 1 MiB {added_large}");
    assert!(added_large <= 1500 * added, "{added_large} of {added}");
    Ok(())
}

/// What stands before the rest of a configuration that redacts.
const REDACTED: &str = r#"{"capture":{"content":"redacted","hash_key":"k"},"#;

/// The same of one that seals.
const SEALED: &str = r#"{"capture":{"content":"sealed","hash_key":"k"},"seal":{"recipients":[
    {"public_key":"ffvljgjHDBm/j+LZddLN+xo1v2hIBj6QcjF+aPKymHk="}]},"#;

/// The fuel of something that was done before, so that nothing of it is for the first time.
fn fuel(configuration: &str, act: impl Fn(&Proxy)) -> Result<u64> {
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    act(&proxy);
    let before = proxy.vm.fuel();
    act(&proxy);
    Ok(proxy.vm.fuel() - before)
}

fn delivering(events: usize, ask: &[u8], answer: &[u8]) -> Result<u64> {
    let proxy = Proxy::new()?;
    for _ in 0..events {
        whole_call(&proxy.vm.stream(), OPENAI, ask, answer);
    }
    let before = proxy.vm.fuel();
    tick(&proxy);
    let fuel = proxy.vm.fuel() - before;
    assert_eq!(proxy.api.events().len(), events);
    Ok(fuel)
}

fn tick(proxy: &Proxy) {
    proxy.host.advance(std::time::Duration::from_millis(110));
}

fn other_call(proxy: &Proxy) {
    let stream = proxy.vm.stream();
    stream.request_headers_only([(":method", "GET"), (":path", "/v1/models")]);
    stream.response(response_head(200), "{}");
    stream.finish();
}

fn gzip_call(proxy: &Proxy, ask: &[u8], answer: &[u8]) {
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ask);
    answered_upstream(&stream);
    let head: Headers = response_head(200).with("content-encoding", "gzip");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(answer).expect("in memory");
    stream.response(head, encoder.finish().expect("in memory"));
    stream.finish();
}

type Named = (&'static str, &'static str, Vec<u8>, Vec<u8>);

fn calls() -> Result<Vec<Named>> {
    Ok(vec![
        (
            "OpenAI, plain, 1 KiB",
            OPENAI,
            chat(1 << 10),
            openai_answer(),
        ),
        (
            "OpenAI, plain, 64 KiB",
            OPENAI,
            chat(64 << 10),
            openai_answer(),
        ),
        (
            "OpenAI, 100 events",
            OPENAI,
            chat(1 << 10),
            openai_stream(100),
        ),
        (
            "Anthropic, plain, 1 KiB",
            ANTHROPIC,
            chat(1 << 10),
            anthropic_answer(),
        ),
        (
            "Anthropic, 100 events",
            ANTHROPIC,
            chat(1 << 10),
            anthropic_stream(100),
        ),
        (
            "no JSON, 1 KiB",
            OPENAI,
            vec![b'x'; 1 << 10],
            b"not json".to_vec(),
        ),
    ])
}

pub(crate) fn chat(bytes: usize) -> Vec<u8> {
    asking(&"The quick brown fox. ".repeat(bytes / 21))
}

fn asking(content: &str) -> Vec<u8> {
    let messages = json!([
        {"role": "system", "content": "You are a loan underwriting assistant."},
        {"role": "user", "content": content},
    ]);
    json!({"model": "gpt-5", "temperature": 0.3, "messages": messages})
        .to_string()
        .into_bytes()
}

fn openai_answer() -> Vec<u8> {
    let message = json!({"role": "assistant", "content": "A jumping fox. ".repeat(30)});
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 250, "completion_tokens": 90, "total_tokens": 340},
    })
    .to_string()
    .into_bytes()
}

pub(crate) fn openai_stream(events: usize) -> Vec<u8> {
    let chunk = |delta, reason| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_738_405_800, "model": "gpt-5",
            "choices": [{"index": 0, "delta": {"content": delta}, "finish_reason": reason}],
        })
    };
    let mut text = String::new();
    for _ in 1..events {
        text += &format!("data: {}\n\n", chunk("jumping ", None::<&str>));
    }
    text += &format!("data: {}\n\ndata: [DONE]\n\n", chunk("", Some("stop")));
    text.into_bytes()
}

fn anthropic_answer() -> Vec<u8> {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": "A jumping fox. ".repeat(30)}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 250, "output_tokens": 90},
    })
    .to_string()
    .into_bytes()
}

fn anthropic_stream(events: usize) -> Vec<u8> {
    let event = |value: serde_json::Value| {
        format!(
            "event: {}\ndata: {value}\n\n",
            value["type"].as_str().unwrap_or("x")
        )
    };
    let usage = json!({"input_tokens": 250, "output_tokens": 1});
    let mut text =
        event(json!({"type": "message_start", "message": {"id": "msg_1", "usage": usage}}));
    for _ in 0..events {
        let delta = json!({"type": "text_delta", "text": "jumping "});
        text += &event(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
    }
    text += &event(
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 90}}),
    );
    text += &event(json!({"type": "message_stop"}));
    text.into_bytes()
}
