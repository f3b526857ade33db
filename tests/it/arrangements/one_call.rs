//! What makes a call one call: redirects that Envoy follows, two gateways, filters before the plugin,
//! and the plugin as a filter of the upstream. And what a provider repeats of it.

use anyhow::Result;
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::stack::{self, LISTENER};
use serde_json::{Value, json};

use super::upstream::{Answer, Upstream, value};
use super::{Call, Made, around, good, http};
use crate::expected::{notes, state};
use crate::fixture::{run, unique};
use crate::gateways::Gateways;

const KEY: &str = "sk-test-4f9a7c21e85b4d0c93aa1177";

#[test]
fn a_call_that_the_gateway_redirects_itself_is_one_call() -> Result<()> {
    run(async {
        let made = redirected().through("redirecting").await?;
        assert_redirected(&made)
    })
}

#[test]
fn a_call_that_a_filter_before_the_plugin_refuses_is_recorded() -> Result<()> {
    run(async {
        let refused = Call::new().header("x-refuse", "1");
        let refused = refused.header("x-audit-user-id", "ana");
        let refused = refused.through("refusing before").await?;
        assert_eq!(refused.received.len(), 0);
        let completion = json!({ "state": "local_reply", "http_status": 403 });
        let gateway = json!({ "path": "/v1/chat/completions" });
        let event = refused.assert_one(&json!({ "completion": completion, "gateway": gateway }))?;
        assert_eq!(notes(event), ["request_not_seen"]);
        assert_eq!(event["user_id"], "ana");
        Ok(())
    })
}

#[test]
fn of_a_call_through_two_gateways_the_second_event_names_the_first() -> Result<()> {
    run(async {
        let inner = around().await?;
        let port = inner.gateways.address(LISTENER)?.port();
        let outer = Gateways::start(|configuration| stack::ask_port(configuration, port)).await?;
        let user = unique("two-gateways");
        let call = Call::new().header("x-audit-user-id", &user);
        let made = call.at(&outer, &inner.upstream, LISTENER).await?;
        let first = made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        assert_eq!(first["user_id"], *user);
        assert_eq!(notes(first), [""; 0]);
        let query = format!("outer_request_id={}", first["request_id"].as_str().unwrap());
        let second = inner.gateways.event_of(&query).await?;
        assert_eq!(notes(&second), ["recorded_by_outer_gateway"]);
        assert_eq!(second["user_id"], "");
        let told = made.answer_head();
        let id = first["request_id"].as_str().unwrap();
        assert!(
            told.contains(&format!("x-audit-request-id: {id}")),
            "{told}"
        );
        let hop = value(&made.received[0], "audit-layer-hop").unwrap();
        assert!(
            hop.starts_with(second["request_id"].as_str().unwrap()),
            "{hop}"
        );
        Ok(())
    })
}

#[test]
fn the_plugin_as_a_filter_of_the_upstream_records_each_attempt() -> Result<()> {
    run(async {
        for is_acknowledged in [false, true] {
            let upstream = Upstream::start().await?;
            let gateways = Gateways::start(|configuration| {
                stack::ask_port(configuration, upstream.port())?;
                acknowledge_if(is_acknowledged, configuration)?;
                configuration.plugin_to_clusters(&stack::PROVIDERS)?;
                Ok(())
            });
            let made = Call::new()
                .at(&gateways.await?, &upstream, LISTENER)
                .await?;
            assert!(made.answer_head().starts_with("http/1.1 200"));
            let event = made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
            assert_eq!(event["response_content"], "Yes.");
            assert_eq!(notes(event), ["log_callback_absent"]);
        }
        Ok(())
    })
}

#[test]
fn a_redirected_call_waits_for_the_record_of_its_prompt() -> Result<()> {
    run(async {
        let upstream = Upstream::start().await?;
        let gateways = Gateways::start(|configuration| {
            stack::ask_port(configuration, upstream.port())?;
            acknowledge_if(true, configuration)?;
            super::listeners::add(configuration)
        });
        let gateways = gateways.await?;
        let made = redirected().at(&gateways, &upstream, "redirecting").await?;
        assert_redirected(&made)
    })
}

#[test]
fn a_key_that_a_provider_repeats_is_in_no_event() -> Result<()> {
    run(async {
        let error = json!({ "error": { "message": format!("The key {KEY} is wrong") } });
        let plain = http("401 Unauthorized", &[], error.to_string());
        let pieces: Vec<_> = KEY.as_bytes().chunks(5).collect();
        let delta = |piece: &&[u8]| {
            let delta = json!({ "content": String::from_utf8_lossy(piece) });
            format!(
                "data: {}\n\n",
                json!({ "choices": [{ "index": 0, "delta": delta }] })
            )
        };
        let stream: String = pieces.iter().map(delta).collect();
        let streamed = http(
            "200 OK",
            &["x-kind: stream"],
            format!("{stream}data: [DONE]\n\n"),
        );
        for answer in [plain, streamed] {
            let call = Call::new().header("authorization", &format!("Bearer {KEY}"));
            let made = call.answered(vec![answer]).through(LISTENER).await?;
            let event = made.assert_one(&json!({}))?;
            assert!(!event.to_string().contains(KEY), "{event:#}");
            assert!(event.to_string().contains("[credential]"), "{event:#}");
            assert!(notes(event).contains(&"credential_removed"));
        }
        Ok(())
    })
}

/// A call whose first answer is a redirect that Envoy follows.
fn redirected() -> Call {
    let location = "location: http://gateway.test/v1/chat/completions";
    let redirect: Answer = http("307 Temporary Redirect", &[location], "");
    Call::new()
        .target("/v1/chat/completions/")
        .header("x-audit-user-id", "ana")
        .answered(vec![redirect, good()])
}

fn assert_redirected(made: &Made) -> Result<()> {
    assert_eq!(made.received.len(), 2);
    let events: Vec<&Value> = made
        .events
        .iter()
        .filter(|event| state(event) != "pending")
        .collect();
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(state(events[0]), "complete");
    assert_eq!(events[0]["user_id"], "ana");
    assert_eq!(events[0]["response_content"], "Yes.");
    assert!(notes(events[0]).contains(&"redirect_followed"));
    Ok(())
}

fn acknowledge_if(is_acknowledged: bool, configuration: &mut Configuration) -> Result<()> {
    if is_acknowledged {
        configuration.plugin(|plugin| plugin["delivery"]["guarantee"] = "acknowledged".into())?;
    }
    Ok(())
}
