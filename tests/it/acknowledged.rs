//! The guarantee `acknowledged` on a real Envoy, in both ways in which it can hold headers back.

use std::time::Duration;

use anyhow::Result;
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::stack::{Options, Stack};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use serde_json::{Value, json};

use crate::call::{ANTHROPIC, Call, OPENAI};
use crate::expected::state;
use crate::fixture::run;

const CALLS: usize = 12;
const USER: &str = "held";

#[test]
fn no_byte_of_an_answer_passes_before_its_prompt_is_recorded() -> Result<()> {
    run(async {
        for change in [acknowledged, acknowledged_by_headers] {
            let mut stack = Stack::start(&Options {
                change,
                pace: Duration::from_millis(2),
                ..Options::default()
            })
            .await?;
            let passed = calls(&stack, 200).await?;
            stack.collector.kill().await?;
            let refused = calls(&stack, 503).await?;
            stack.collector.restart().await?;
            let events = events(&stack, passed + refused).await?;
            let count = |word: &str| events.iter().filter(|event| state(event) == word).count();
            assert_eq!((count("complete"), count("local_reply")), (passed, refused));
            stack.stop().await?;
        }
        Ok(())
    })
}

fn acknowledged(configuration: &mut Configuration) -> Result<()> {
    configuration.plugin(|plugin| {
        plugin["delivery"]["guarantee"] = "acknowledged".into();
        plugin["delivery"]["hold_ms"] = 1_500.into();
    })?;
    Ok(())
}

fn acknowledged_by_headers(configuration: &mut Configuration) -> Result<()> {
    acknowledged(configuration)?;
    configuration.plugin_config(|plugin| {
        plugin["allow_on_headers_stop_iteration"] = true.into();
    })?;
    Ok(())
}

/// Makes calls, plain and streamed, in both formats; all of them end with this status.
async fn calls(stack: &Stack, status: u16) -> Result<usize> {
    for number in 0..CALLS {
        let path = [OPENAI, ANTHROPIC][number % 2];
        let body = json!({
            "model": "m",
            "max_tokens": 9,
            "stream": number % 4 < 2,
            "messages": [{"role": "user", "content": format!("Question {number}")}],
        });
        let call = Call::new(path, body.to_string()).header("x-audit-user-id", USER);
        let answer = call.through(stack).await?;
        assert_eq!(
            (answer.status, answer.broken),
            (status, false),
            "{answer:?}"
        );
        if status == 503 {
            let body: Value = serde_json::from_slice(&answer.body)?;
            assert!(body["error"]["message"].is_string(), "{body}");
        }
    }
    Ok(CALLS)
}

/// The events of all calls, when the last of them has superseded the record of its prompt.
async fn events(stack: &Stack, calls: usize) -> Result<Vec<Value>> {
    wait_until("event of each call", PATIENCE, async || {
        let query = format!("user_id={USER}&limit=500");
        let events = stack.collector.api().events(&query).await?;
        let is_over = events.iter().all(|event| state(event) != "pending");
        Ok((events.len() >= calls && is_over).then_some(events))
    })
    .await
}
