//! Whatever goes wrong, the client sees what it would see without the gateway, and there is an event.

use anyhow::{Result, ensure};
use audit_layer_tests::envoy::{Configuration, Envoy};
use audit_layer_tests::ports::Reserved;
use audit_layer_tests::python;
use audit_layer_tests::sample_llm::script::{Ending, Script};
use audit_layer_tests::stack::{self, Stack};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::call::{ANTHROPIC, Answer, Call, OPENAI, leave_after};
use crate::expected::{assert_holds, notes, state};
use crate::fixture::{run, stack, unique};
use crate::streams::{anthropic_events, half, openai_events};

#[test]
fn a_body_that_is_not_json_passes_and_is_recorded() -> Result<()> {
    run(async {
        for path in [OPENAI, ANTHROPIC] {
            let (stack, call) = (stack().await?, Call::new(path, "{\"model\": \"m\", mess"));
            let event = recorded(stack, &call.scripted(&refusal(stack))).await?;
            assert_eq!(state(&event), "rejected");
            assert_holds(&event, &json!({ "prompt_hash": "", "prompt_content": "" }));
            assert!(notes(&event).contains(&"request_unreadable"), "{event:#}");
        }
        Ok(())
    })
}

#[test]
fn an_empty_body_passes_and_is_recorded() -> Result<()> {
    run(async {
        for path in [OPENAI, ANTHROPIC] {
            let (stack, call) = (stack().await?, Call::new(path, ""));
            let event = recorded(stack, &call.scripted(&refusal(stack))).await?;
            assert_eq!(state(&event), "rejected");
            assert_holds(&event, &json!({ "prompt_hash": "", "prompt_content": "" }));
            assert!(notes(&event).contains(&"request_body_empty"), "{event:#}");
        }
        Ok(())
    })
}

#[test]
fn a_prompt_of_2_mb_is_hashed_whole_and_kept_in_part() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let prompt = "How much of this is kept? ".repeat(2_000_000 / 26);
        let call = Call::new(OPENAI, question(&prompt)).scripted(&good_answer(stack));
        let event = recorded(stack, &call).await?;
        assert_eq!(state(&event), "complete");
        assert_eq!(event["prompt_hash"], format!("sha256:{}", sha256(&prompt)));
        let kept = event["prompt_content"].as_str().unwrap();
        assert!(
            prompt.starts_with(kept),
            "the kept part is not the prompt's beginning"
        );
        assert!(
            (1_048_573..=1_048_576).contains(&kept.len()),
            "{} bytes are kept",
            kept.len()
        );
        assert!(notes(&event).contains(&"prompt_content_truncated"));
        assert_eq!(
            event["metadata"]["audit_layer"]["capture"]["truncated"],
            true
        );
        Ok(())
    })
}

#[test]
fn a_header_that_is_not_utf_8_passes_and_is_recorded_with_a_note() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let call = Call::new(OPENAI, question("Hello")).scripted(&good_answer(stack));
        let event = recorded(stack, &call.header("x-audit-user-id", b"Andr\xe9")).await?;
        assert_eq!(event["user_id"], "André");
        assert!(notes(&event).contains(&"header_not_utf8"), "{event:#}");
        Ok(())
    })
}

#[test]
fn a_stream_that_stops_within_an_event_is_an_abort() -> Result<()> {
    run(async {
        for (path, events) in [(OPENAI, openai_events()), (ANTHROPIC, anthropic_events())] {
            let stack = stack().await?;
            let script = Script::streamed("text/event-stream", half(&events));
            let call = Call::new(path, question("Hello")).scripted(&stack.sample.script(script));
            let event = recorded(stack, &call).await?;
            assert_eq!(state(&event), "upstream_abort");
            assert_eq!(event["response_content"], "Good");
            assert!(notes(&event).contains(&"stream_unterminated"), "{event:#}");
        }
        Ok(())
    })
}

#[test]
fn a_connection_that_breaks_within_the_answer_is_an_abort() -> Result<()> {
    run(async {
        for (path, events) in [(OPENAI, openai_events()), (ANTHROPIC, anthropic_events())] {
            let stack = stack().await?;
            let script = Script::streamed("text/event-stream", half(&events)).ending(Ending::Reset);
            let call = Call::new(path, question("Hello")).scripted(&stack.sample.script(script));
            let answer = call.both_ways(stack).await?;
            assert!(answer.broken);
            let event = answer.event(stack).await?;
            assert_eq!(state(&event), "upstream_abort");
            assert_eq!(event["response_content"], "Good");
            assert_log_is_clean(&stack.envoy);
        }
        Ok(())
    })
}

#[test]
fn an_error_within_a_stream_is_the_providers_failure() -> Result<()> {
    run(async {
        for path in [OPENAI, ANTHROPIC] {
            let stack = stack().await?;
            let call = Call::new(path, asking("sample-stream-error", true));
            let event = call.through(stack).await?.event(stack).await?;
            assert_eq!(state(&event), "upstream_error");
            let error = event.pointer("/metadata/audit_layer/completion/error/message");
            assert!(error.is_some_and(Value::is_string), "{event:#}");
            assert_log_is_clean(&stack.envoy);
        }
        Ok(())
    })
}

#[test]
fn a_failure_of_the_provider_is_recorded_with_its_words() -> Result<()> {
    run(async {
        let expectations = [
            (OPENAI, 500, "upstream_error", "server_error"),
            (OPENAI, 401, "rejected", "invalid_request_error"),
            (ANTHROPIC, 529, "upstream_error", "overloaded_error"),
            (ANTHROPIC, 401, "rejected", "authentication_error"),
        ];
        for (path, status, end, kind) in expectations {
            let stack = stack().await?;
            let call = Call::new(path, asking(&format!("sample-fail-{status}"), false));
            let event = call.through(stack).await?.event(stack).await?;
            let completion =
                json!({ "state": end, "http_status": status, "error": { "type": kind } });
            assert_holds(
                &event,
                &json!({ "metadata": { "audit_layer": { "completion": completion } } }),
            );
        }
        Ok(())
    })
}

#[test]
fn a_client_that_leaves_within_a_stream_is_recorded() -> Result<()> {
    run(async {
        let user = unique("leaves-early");
        let event = left_after(&user, b"Good", half(&openai_events())).await?;
        assert_eq!(state(&event), "client_abort");
        assert_eq!(event["response_content"], "Good");
        Ok(())
    })
}

#[test]
fn a_client_that_leaves_after_the_last_event_has_the_whole_answer() -> Result<()> {
    run(async {
        let user = unique("leaves-late");
        let event = left_after(&user, b"[DONE]", openai_events()).await?;
        assert_eq!(state(&event), "complete");
        assert_eq!(event["response_content"], "Good day");
        Ok(())
    })
}

#[test]
fn a_provider_that_cannot_be_reached_is_answered_by_the_gateway() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &stack.collector).await?;
        let provider = Reserved::new()?;
        stack::ask_port(&mut configuration, provider.port())?;
        let envoy = start(&configuration).await?;
        let url = format!("http://{}", envoy.address(stack::LISTENER)?);
        let answer = Call::new(OPENAI, question("Hello")).make(&url).await?;
        assert_eq!(answer.status, 503);
        let event = stack::event(&stack.collector, &envoy, answer.request_id()?).await?;
        assert_eq!(state(&event), "local_reply");
        assert_holds(
            &event,
            &json!({ "prompt_content": "Hello", "response_content": "" }),
        );
        assert_log_is_clean(&envoy);
        Ok(())
    })
}

#[test]
fn a_time_limit_of_the_gateway_is_recorded() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &stack.collector).await?;
        stack::ask_sample(&mut configuration, &stack.sample)?;
        configuration.time_limit("0.2s")?;
        let envoy = start(&configuration).await?;
        let script = Script::streamed("text/event-stream", half(&openai_events()));
        let script = stack.sample.script(script.ending(Ending::Open));
        let call = Call::new(OPENAI, question("Hello")).scripted(&script);
        let answer = call
            .make(&format!("http://{}", envoy.address(stack::LISTENER)?))
            .await?;
        assert!(answer.broken);
        let event = stack::event(&stack.collector, &envoy, answer.request_id()?).await?;
        assert_eq!(state(&event), "timeout");
        assert_eq!(event["response_content"], "Good");
        assert_log_is_clean(&envoy);
        Ok(())
    })
}

async fn start(configuration: &Configuration) -> Result<Envoy> {
    Envoy::start(
        &python::envoy().await?,
        configuration,
        &stack::envoy_options(),
    )
    .await
}

/// Makes the call with and without the gateway, and returns the event.
async fn recorded(stack: &Stack, call: &Call) -> Result<Value> {
    let answer: Answer = call.both_ways(stack).await?;
    let event = answer.event(stack).await?;
    assert_log_is_clean(&stack.envoy);
    Ok(event)
}

/// The event of a call whose client leaves when `part` has come of a stream that never ends.
async fn left_after(user: &str, part: &[u8], events: Vec<Bytes>) -> Result<Value> {
    let stack = stack().await?;
    let script = Script::streamed("text/event-stream", events).ending(Ending::Open);
    let call = Call::new(OPENAI, question("Hello")).header("x-audit-user-id", user);
    let call = call.scripted(&stack.sample.script(script));
    leave_after(call.begin(&stack.url()?).await?, part).await?;
    let query = format!("user_id={user}");
    let event = wait_until("event of a client that left", PATIENCE, async || {
        let mut events = stack.collector.api().events(&query).await?;
        ensure!(
            events.len() < 2,
            "more than one event for one call: {events:#?}"
        );
        Ok(events.pop())
    });
    let event = event.await?;
    assert_log_is_clean(&stack.envoy);
    Ok(event)
}

/// Nothing in Envoy's log says that the plugin failed.
fn assert_log_is_clean(envoy: &Envoy) {
    let log = envoy.log_text();
    let bad = [
        "panicked",
        "Function: proxy_",
        "wasm trap",
        "RuntimeError",
        "Wasm VM failed",
    ];
    let found = log
        .lines()
        .find(|line| bad.iter().any(|bad| line.contains(bad)));
    assert_eq!(found, None);
}

fn question(text: &str) -> String {
    let messages = json!([{ "role": "user", "content": text }]);
    json!({ "model": "m", "max_tokens": 100, "messages": messages }).to_string()
}

fn asking(model: &str, stream: bool) -> String {
    let messages = json!([{ "role": "user", "content": "Hello" }]);
    json!({ "model": model, "max_tokens": 100, "messages": messages, "stream": stream }).to_string()
}

fn good_answer(stack: &Stack) -> String {
    let message = json!({ "role": "assistant", "content": "Good day" });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let body = json!({ "id": "chatcmpl-1", "model": "m-1", "choices": [choice] });
    stack
        .sample
        .script(Script::plain(200, "application/json", body.to_string()))
}

fn refusal(stack: &Stack) -> String {
    let error = json!({ "message": "not JSON", "type": "invalid_request_error", "code": null });
    let body = json!({ "type": "error", "error": error });
    stack
        .sample
        .script(Script::plain(400, "application/json", body.to_string()))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
