//! The providers' own Python packages as clients that know nothing of the gateway.

mod provider;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::provider::{Case, Provider};
use crate::expected::{assert_holds, assert_same, normalized};
use crate::fixture::{run, stack, unique};

#[test]
fn an_openai_call_is_recorded_member_by_member() -> Result<()> {
    check_plain_and_streamed(&Provider::OPENAI)
}

#[test]
fn an_anthropic_call_is_recorded_member_by_member() -> Result<()> {
    check_plain_and_streamed(&Provider::ANTHROPIC)
}

#[test]
fn tool_calls_of_openai_are_recorded() -> Result<()> {
    check_tool_calls(&Provider::OPENAI)
}

#[test]
fn tool_calls_of_anthropic_are_recorded() -> Result<()> {
    check_tool_calls(&Provider::ANTHROPIC)
}

#[test]
fn each_retry_of_openais_package_is_a_call_of_its_own() -> Result<()> {
    check_retries(&Provider::OPENAI)
}

#[test]
fn each_retry_of_anthropics_package_is_a_call_of_its_own() -> Result<()> {
    check_retries(&Provider::ANTHROPIC)
}

#[test]
fn a_stream_of_openai_without_usage_is_recorded_without_counts() -> Result<()> {
    run(async {
        let mut arguments = Provider::OPENAI.arguments(true);
        arguments["stream_options"] = Value::Null;
        let case = Case::new("without usage", arguments);
        let (seen, event) = Provider::OPENAI.call(stack().await?, case).await?;
        assert_eq!(seen.usage, None);
        let usage = json!({ "source": "absent", "input_tokens": null, "output_tokens": null });
        let audit_layer = json!({ "usage": usage, "completion": { "state": "complete" } });
        let metadata = json!({ "audit_layer": audit_layer });
        let part = json!({ "prompt_tokens": 0, "response_tokens": 0, "metadata": metadata });
        assert_holds(&event, &part);
        Ok(())
    })
}

#[test]
fn the_user_named_in_the_body_is_recorded_when_no_header_says_more() -> Result<()> {
    run(async {
        let stack = stack().await?;
        for (provider, member) in [
            (
                Provider::OPENAI,
                json!({ "safety_identifier": "body-user" }),
            ),
            (Provider::OPENAI, json!({ "user": "body-user" })),
            (
                Provider::ANTHROPIC,
                json!({ "metadata": { "user_id": "body-user" } }),
            ),
        ] {
            let mut arguments = provider.arguments(false);
            arguments["extra_headers"] = json!({});
            for (name, value) in member.as_object().unwrap() {
                arguments[name] = value.clone();
            }
            let (_, event) = provider
                .call(stack, Case::new("user in the body", arguments))
                .await?;
            assert_holds(
                &event,
                &json!({ "user_id": "body-user", "session_id": null }),
            );
        }
        Ok(())
    })
}

/// Plain and streamed, through the synchronous and the asynchronous client.
fn check_plain_and_streamed(provider: &'static Provider) -> Result<()> {
    run(async {
        let stack = stack().await?;
        for (stream, asynchronous) in [(false, false), (true, false), (false, true), (true, true)] {
            let name = format!("stream {stream}, async {asynchronous}");
            let case = Case {
                asynchronous,
                ..Case::new(&name, provider.arguments(stream))
            };
            let (seen, event) = provider.call(stack, case).await?;
            let expected = provider.expected(stack, &seen, stream, &event)?;
            assert_same(&normalized(event), &expected);
        }
        Ok(())
    })
}

fn check_tool_calls(provider: &'static Provider) -> Result<()> {
    run(async {
        for stream in [false, true] {
            let mut arguments = provider.arguments(stream);
            arguments["model"] = "sample-tools".into();
            arguments["tools"] = json!([provider.tool()]);
            let (seen, event) = provider
                .call(stack().await?, Case::new("tools", arguments))
                .await?;
            let [(id, name, input)] = &seen.tool_calls.context("no tool calls")?[..] else {
                panic!("the client saw other than one tool call");
            };
            let response = &event["metadata"]["audit_layer"]["response"];
            let [call] = &response["tool_calls"].as_array().unwrap()[..] else {
                panic!("other than one tool call in {event:#}");
            };
            assert_holds(call, &json!({ "choice": 0, "id": id, "name": name }));
            // Anthropic's client parses the arguments, so they are compared as values.
            let recorded: Value = serde_json::from_str(call["arguments"].as_str().unwrap())?;
            assert_eq!(recorded, serde_json::from_str::<Value>(input)?);
            assert_eq!(event["response_content"], seen.text.unwrap());
        }
        Ok(())
    })
}

fn check_retries(provider: &'static Provider) -> Result<()> {
    run(async {
        let stack = stack().await?;
        let user = unique("retries");
        let mut arguments = provider.arguments(false);
        arguments["model"] = "sample-fail-429".into();
        arguments["extra_headers"] = json!({ "x-audit-user-id": user });
        let case = Case {
            retries: 2,
            ..Case::new("retries", arguments)
        };
        let (seen, last) = provider.call(stack, case).await?;
        assert_eq!(seen.status, Some(429));
        assert_eq!(last["metadata"]["audit_layer"]["gateway"]["retry_count"], 2);
        // The last event has come; those before it left no later than it did.
        let mut events = stack
            .collector
            .api()
            .events(&format!("user_id={user}"))
            .await?;
        events.sort_by_key(|event| event["request_id"].as_str().unwrap().to_owned());
        let retries = events.iter().map(|event| {
            assert_eq!(
                event["metadata"]["audit_layer"]["completion"]["state"],
                "rejected"
            );
            event["metadata"]["audit_layer"]["gateway"]["retry_count"].as_u64()
        });
        assert_eq!(retries.collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
        Ok(())
    })
}
