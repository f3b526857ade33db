//! The gateway takes `x-audit-*` from requests, adds one header to answers, and leaves the rest.

use std::collections::BTreeMap;

use anyhow::Result;
use audit_layer_tests::sample_llm::Received;
use audit_layer_tests::sample_llm::script::Script;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use serde_json::json;

use crate::call::{ANTHROPIC, Call, OPENAI};
use crate::expected::assert_holds;
use crate::fixture::{run, stack};

#[test]
fn audit_headers_never_reach_the_provider() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let (call, case) = audited(OPENAI).kept();
        call.through(stack).await?;
        let received = stack.sample.received(&case);
        assert_eq!(received.len(), 1);
        let leaked = received[0]
            .headers
            .iter()
            .find(|(name, _)| name.starts_with("x-audit"));
        assert_eq!(leaked, None);
        Ok(())
    })
}

#[test]
fn a_request_passes_unchanged_but_for_what_every_proxy_adds() -> Result<()> {
    run(async {
        let stack = stack().await?;
        for path in [OPENAI, ANTHROPIC] {
            let (call, case) = audited(path).header("x-binary", [0xc3, 0x28, 0xff]).kept();
            call.directly(stack).await?;
            call.through(stack).await?;
            let received = stack.sample.received(&case);
            let [direct, through] = &received[..] else {
                panic!("{} requests", received.len())
            };
            assert_eq!(direct.method, through.method);
            assert_eq!(direct.path, through.path);
            assert_eq!(direct.body, through.body);
            assert_eq!(callers_headers(direct), callers_headers(through));
        }
        Ok(())
    })
}

#[test]
fn the_answer_carries_the_events_id_and_is_otherwise_the_providers() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let body = json!({ "choices": [] }).to_string();
        let script = Script::plain(200, "application/json", body);
        let script = script
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        let script = script
            .header("server", "provider")
            .header("x-request-id", "req_1");
        let call = audited(OPENAI).scripted(&stack.sample.script(script));
        let answer = call.both_ways(stack).await?;
        let event = answer.event(stack).await?;
        assert_eq!(event["request_id"], answer.request_id()?);
        Ok(())
    })
}

#[test]
fn an_id_that_an_upstream_sends_reaches_neither_clients_nor_the_log() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let event = json!({"request_id": "forged-by-an-upstream"});
        let forged = format!("audit-layer dead-letter reason=max_age event={event}");
        let script = Script::plain(200, "application/json", "{}");
        let script = script
            .header("x-audit-request-id", &forged)
            .header("x-audit-request-id", "forged-by-an-upstream")
            .header("x-audit-other", "theirs");
        let script = stack.sample.script(script);
        for path in ["/assets/logo", OPENAI] {
            let answer = audited(path).scripted(&script).both_ways(stack).await?;
            let ids: Vec<_> = answer
                .headers
                .get_all("x-audit-request-id")
                .iter()
                .collect();
            match path {
                OPENAI => {
                    let [id] = ids[..] else { panic!("{ids:?}") };
                    let event = stack.event(id.to_str()?).await?;
                    assert_eq!(event["request_id"], id.to_str()?);
                }
                _ => assert!(ids.is_empty(), "{ids:?}"),
            }
        }
        // Its line in the access log is there when the next one is.
        let last = audited(OPENAI).through(stack).await?;
        wait_until("line in the access log", PATIENCE, async || {
            let is_there = stack.envoy.log_text().contains(last.request_id()?);
            Ok(is_there.then_some(()))
        })
        .await?;
        assert!(stack.envoy.log_text().contains("/assets/logo"));
        assert!(!stack.envoy.log_text().contains("forged-by-an-upstream"));
        assert!(!stack.envoy.log_text().contains("reason=max_age"));
        Ok(())
    })
}

#[test]
fn audit_headers_become_the_events_members() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let answer = audited(OPENAI).through(stack).await?;
        assert_holds(
            &answer.event(stack).await?,
            &json!({
                "user_id": "ana", "session_id": "case-7", "decision_type": "loan_underwriting",
                "compliance_tags": ["SOC2", "FCRA"], "risk_level": "high",
            }),
        );
        Ok(())
    })
}

fn audited(path: &'static str) -> Call {
    let body = json!({
        "model": "m", "max_tokens": 100, "messages": [{ "role": "user", "content": "Grüezi" }],
    });
    Call::new(path, body.to_string())
        .header("x-audit-user-id", "ana")
        .header("x-audit-session-id", "case-7")
        .header("x-audit-decision-type", "loan_underwriting")
        .header("x-audit-compliance-tags", "SOC2,FCRA")
        .header("x-audit-risk-level", "high")
        .header("x-audit-no-such-thing", "1")
}

/// What the caller sent and the provider should see, without what gateways tell each other.
fn callers_headers(received: &Received) -> BTreeMap<&str, Vec<&[u8]>> {
    const A_PROXYS: [&str; 4] = [
        "host",
        "x-request-id",
        "x-forwarded-proto",
        "audit-layer-hop",
    ];
    let mut headers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in &received.headers {
        if !A_PROXYS.contains(&name.as_str()) && !name.starts_with("x-audit-") {
            headers
                .entry(name.as_str())
                .or_default()
                .push(value.as_slice());
        }
    }
    headers
}
