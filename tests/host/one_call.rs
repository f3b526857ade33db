//! One call is one call: redirects that the proxy follows, two proxies on the way, filters before
//! the plugin, and hosts without a log callback.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{Headers, Profile, Stream};
use serde_json::Value;

use crate::call::{
    ASK, OPENAI, OPENAI_ANSWER, answered_upstream, ended_with, notes, own, request_head,
    response_head, state, untouched, whole_call,
};
use crate::proxy::{BATCHED, Proxy, plugin};

const HOP: &str = "audit-layer-hop";
const BEGUN_AT: u64 = 1_700_000_000_123_456_789;

/// A stream of the call that the proxy got at that time.
fn pass(proxy: &Proxy, begun_at: u64) -> Stream {
    let stream = proxy.vm.stream();
    stream.property(&["request", "time"], begun_at);
    stream.property(&["source", "address"], "10.0.0.1:4711");
    stream.property(&["upstream", "request_attempt_count"], 1_u64);
    stream
}

/// The proxy follows a redirect: gives the headers of its next request.
fn redirect(stream: &Stream, head: Headers) -> Headers {
    untouched(&stream.request(head, ASK));
    ended_with(stream, 0, "internal_redirect");
    untouched(&stream.finish());
    stream.upstream().headers.unwrap()
}

fn answered(stream: &Stream) {
    answered_upstream(stream);
    untouched(&stream.response(response_head(200), OPENAI_ANSWER));
    untouched(&stream.finish());
}

fn user(path: &str) -> Headers {
    request_head(path).with("x-audit-user-id", "alice")
}

fn acknowledged() -> Result<Proxy> {
    let configuration = BATCHED.replace(
        r#""delivery": {"#,
        r#""delivery": {"guarantee": "acknowledged", "#,
    );
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    proxy.host.advance(Duration::from_millis(100));
    Ok(proxy)
}

fn unmatched(proxy: &Proxy) -> i64 {
    let metrics = proxy.host.metrics();
    i64::try_from(metrics["audit_layer.requests_unmatched"]).unwrap()
}

#[test]
fn redirects_that_the_proxy_follows_are_one_call() -> Result<()> {
    let proxy = Proxy::new()?;
    let again = redirect(&pass(&proxy, BEGUN_AT), user(OPENAI));
    let again = redirect(&pass(&proxy, BEGUN_AT), again);
    let last = pass(&proxy, BEGUN_AT);
    untouched(&last.request(again, ASK));
    answered(&last);
    let event = proxy.event();
    assert_eq!(state(&event), "complete");
    assert_eq!(event["user_id"], "alice");
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(own(&event, "/gateway/upstream_attempts"), 3);
    assert_eq!(notes(&event), ["redirect_followed"]);
    let told = last.downstream().headers.unwrap();
    assert_eq!(
        told.text("x-audit-request-id"),
        event["request_id"].as_str()
    );
    assert_eq!(unmatched(&proxy), 0);
    Ok(())
}

#[test]
fn what_a_caller_said_of_a_request_that_a_redirect_makes_a_call_is_kept() -> Result<()> {
    let proxy = Proxy::new()?;
    let head = redirect(&pass(&proxy, BEGUN_AT), user("/moved"));
    let mut again = Headers::new();
    for (name, value) in head.iter() {
        let value = if name == b":path" {
            OPENAI.as_bytes()
        } else {
            value
        };
        again = again.with(name, value);
    }
    let last = pass(&proxy, BEGUN_AT);
    untouched(&last.request(again, ASK));
    answered(&last);
    assert_eq!(proxy.event()["user_id"], "alice");
    assert_eq!(unmatched(&proxy), 0);
    Ok(())
}

#[test]
fn another_call_takes_nothing_of_one_that_waits() -> Result<()> {
    let proxy = Proxy::new()?;
    let again = redirect(&pass(&proxy, BEGUN_AT), user(OPENAI));
    let other = pass(&proxy, BEGUN_AT + 1);
    whole_call(&other, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
    let last = pass(&proxy, BEGUN_AT);
    untouched(&last.request(again, ASK));
    answered(&last);
    let events = proxy.events();
    let users: Vec<_> = events.iter().map(|event| &event["user_id"]).collect();
    assert_eq!(users, ["", "alice"]);
    Ok(())
}

#[test]
fn a_redirect_that_another_filter_refuses_is_one_refused_call() -> Result<()> {
    let proxy = Proxy::new()?;
    let again = redirect(&pass(&proxy, BEGUN_AT), user(OPENAI));
    let last = pass(&proxy, BEGUN_AT);
    last.request_headers_kept_from_plugin(again);
    last.local_reply(403, "denied");
    ended_with(&last, 0, "rbac_access_denied");
    last.finish();
    let event = proxy.event();
    assert_eq!(state(&event), "local_reply");
    assert_eq!(event["user_id"], "alice");
    assert_eq!(event["prompt_content"], "Hé?");
    Ok(())
}

#[test]
fn a_call_that_never_comes_back_from_a_redirect_gives_its_event() -> Result<()> {
    for is_stopped in [false, true] {
        let proxy = Proxy::new()?;
        redirect(&pass(&proxy, BEGUN_AT), user(OPENAI));
        let event = if is_stopped {
            proxy.host.stop();
            let letters = proxy.dead_letters();
            assert_eq!(letters.len(), 1);
            letters.into_iter().next().unwrap().event
        } else {
            assert!(proxy.events().is_empty());
            proxy.host.advance(Duration::from_secs(61));
            proxy.event()
        };
        assert_eq!(state(&event), "redirected");
        assert_eq!(event["user_id"], "alice");
    }
    Ok(())
}

#[test]
fn more_redirects_than_can_wait_push_out_the_oldest() -> Result<()> {
    let proxy = Proxy::new()?;
    for number in 0..65 {
        redirect(&pass(&proxy, BEGUN_AT + number), user(OPENAI));
    }
    assert_eq!(state(&proxy.event()), "redirected");
    Ok(())
}

#[test]
fn where_the_host_does_not_tell_calls_apart_each_pass_says_what_it_was() -> Result<()> {
    let proxy = Proxy::new()?;
    let again = redirect(&proxy.vm.stream(), user(OPENAI));
    let last = proxy.vm.stream();
    untouched(&last.request(again, ASK));
    answered(&last);
    let events = proxy.events();
    assert_eq!(
        events.iter().map(state).collect::<Vec<_>>(),
        ["redirected", "complete"]
    );
    // The header that went with the first pass marks the second.
    assert_eq!(
        own(&events[1], "/gateway/outer_request_id"),
        &events[0]["request_id"]
    );
    Ok(())
}

#[test]
fn a_redirected_call_waits_for_one_record_of_its_prompt() -> Result<()> {
    let proxy = acknowledged()?;
    let again = redirect(&pass(&proxy, BEGUN_AT), user(OPENAI));
    let last = pass(&proxy, BEGUN_AT);
    untouched(&last.request(again, ASK));
    last.response(response_head(200), OPENAI_ANSWER);
    assert!(last.downstream().status().is_none(), "held");
    proxy.host.advance(Duration::from_millis(500));
    assert_eq!(last.downstream().status(), Some(200));
    answered_upstream(&last);
    last.finish();
    let events = proxy.events();
    assert_eq!(
        events.iter().map(state).collect::<Vec<_>>(),
        ["pending", "complete"]
    );
    assert_eq!(events[0]["request_id"], events[1]["request_id"]);
    assert_eq!(events[1]["user_id"], "alice");
    Ok(())
}

/// The events of a call that passes two proxies with the plugin, and what reached the provider.
fn through_two(outer: &Proxy, inner: &Proxy) -> (Value, Value, Headers) {
    // Else they would give the same ids.
    inner.host.advance(Duration::from_secs(1));
    let first = outer.vm.stream();
    untouched(&first.request(user(OPENAI), ASK));
    let second = inner.vm.stream();
    untouched(&second.request(first.upstream().headers.unwrap(), ASK));
    answered(&second);
    answered_upstream(&first);
    let passed = second.downstream();
    untouched(&first.response(passed.headers.unwrap(), passed.body));
    untouched(&first.finish());
    let told = first.downstream().headers.unwrap();
    let (outer, inner) = (outer.event(), inner.event());
    assert_eq!(
        told.text("x-audit-request-id"),
        outer["request_id"].as_str()
    );
    (outer, inner, second.upstream().headers.unwrap())
}

#[test]
fn of_two_proxies_with_the_plugin_the_second_marks_its_event() -> Result<()> {
    let (outer, inner, provider) = through_two(&Proxy::new()?, &Proxy::new()?);
    assert_eq!(outer["user_id"], "alice");
    assert_eq!(own(&outer, "/gateway/outer_request_id"), &Value::Null);
    assert_eq!(notes(&outer), Vec::<&str>::new());
    assert_eq!(
        own(&inner, "/gateway/outer_request_id"),
        &outer["request_id"]
    );
    assert_eq!(notes(&inner), ["recorded_by_outer_gateway"]);
    let hop = provider.text(HOP).unwrap();
    assert!(
        hop.starts_with(inner["request_id"].as_str().unwrap()),
        "{hop}"
    );
    Ok(())
}

#[test]
fn a_proxy_of_another_audit_layer_believes_nothing_and_lets_nothing_through() -> Result<()> {
    for replaced in [r#""api_key": "other""#, r#""timeout_ms": 5000"#] {
        let configuration = BATCHED.replace(r#""api_key": "al_sk_secret""#, replaced);
        let foreign = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
        let (outer, inner, provider) = through_two(&Proxy::new()?, &foreign);
        assert_eq!(own(&inner, "/gateway/outer_request_id"), &Value::Null);
        assert_eq!(notes(&inner), ["hop_header_ignored"]);
        let hop = provider.text(HOP).unwrap_or_default();
        assert!(
            !hop.contains(outer["request_id"].as_str().unwrap()),
            "{hop}"
        );
        assert_eq!(hop.is_empty(), replaced.contains("timeout"));
    }
    Ok(())
}

#[test]
fn a_gateway_can_keep_from_telling() -> Result<()> {
    let configuration = BATCHED.replacen('{', r#"{"gateway": {"hop_header": false},"#, 1);
    let last = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    let (_, inner, provider) = through_two(&Proxy::new()?, &last);
    assert_eq!(notes(&inner), ["recorded_by_outer_gateway"]);
    assert_eq!(provider, request_head(OPENAI));
    Ok(())
}

#[test]
fn a_call_that_a_filter_before_the_plugin_refuses_is_recorded() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.property(&["request", "time"], BEGUN_AT);
    stream.property(&["response", "code"], 403_u64);
    stream.request_headers_kept_from_plugin(user(OPENAI));
    stream.local_reply(403, "RBAC: access denied");
    ended_with(&stream, 0, "rbac_access_denied_matched_policy[no]");
    stream.finish();
    let event = proxy.event();
    assert_eq!(state(&event), "local_reply");
    assert_eq!(notes(&event), ["request_not_seen"]);
    assert_eq!(event["user_id"], "alice");
    assert_eq!(event["prompt_content"], "");
    assert_eq!(event["timestamp"], "2023-11-14T22:13:20.123Z");
    assert_eq!(own(&event, "/completion/http_status"), 403);
    assert_eq!(own(&event, "/gateway/path"), OPENAI);
    Ok(())
}

#[test]
fn a_refused_request_that_is_no_call_and_a_malformed_one_give_none() -> Result<()> {
    let proxy = Proxy::new()?;
    for head in [Some(request_head("/v1/models")), None] {
        let stream = proxy.vm.stream();
        if let Some(head) = head {
            stream.request_headers_kept_from_plugin(head);
        }
        stream.local_reply(400, "Bad Request");
        ended_with(&stream, 0, "http1.codec_error");
        stream.finish();
    }
    assert!(proxy.events().is_empty());
    assert_eq!(unmatched(&proxy), 0, "they did not pass");
    Ok(())
}

#[test]
fn a_filter_of_an_upstream_records_without_a_log_callback() -> Result<()> {
    let profile = Profile::envoy().without_stream_logs();
    let proxy = Proxy::with(profile, &plugin()?.configuration(BATCHED))?;
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    ended_with(&stream, 0x4000, "downstream_remote_disconnect");
    stream.client_disconnect();
    let events = proxy.events();
    assert_eq!(
        events.iter().map(state).collect::<Vec<_>>(),
        ["complete", "client_abort"]
    );
    assert_eq!(events[0]["response_content"], "Héllo");
    assert_eq!(own(&events[0], "/completion/details"), "via_upstream");
    assert!(
        events
            .iter()
            .all(|event| notes(event).contains(&"log_callback_absent"))
    );
    Ok(())
}

#[test]
fn requests_that_give_no_event_are_counted() -> Result<()> {
    let proxy = Proxy::new()?;
    for (path, body) in [("/v1/models", ""), ("/predictions", r#"{"input":{"x":1}}"#)] {
        whole_call(&proxy.vm.stream(), path, body.as_bytes(), b"{}");
    }
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    assert_eq!(proxy.events().len(), 1);
    assert_eq!(unmatched(&proxy), 2);
    Ok(())
}
