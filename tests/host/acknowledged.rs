//! The guarantee `acknowledged`: no answer passes before the record of its prompt is kept.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{Cluster, HeaderPause, Outcome, Profile, Stream};
use serde_json::{Value, json};

use crate::audit_api::{AuditApi, Fate, answer};
use crate::call::{
    ANTHROPIC, ANTHROPIC_ANSWER, ASK, OPENAI, OPENAI_ANSWER, OPENAI_STREAM, answered_upstream,
    ended_with, own, request_head, response_head, state, untouched,
};
use crate::proxy::{BATCHED, CLUSTER, Proxy, plugin};

const HOLD: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(100);

fn proxy(profile: Profile) -> Result<Proxy> {
    let configuration = BATCHED.replace(
        r#""delivery": {"#,
        r#""delivery": {"guarantee": "acknowledged", "#,
    );
    let proxy = Proxy::with(profile, &plugin()?.configuration(configuration))?;
    proxy.host.advance(TICK);
    Ok(proxy)
}

/// An audit API that takes its time.
fn slow(api: &AuditApi, after: Duration) -> Cluster {
    api.deciding(move |_| Fate::Stored(answer(after, 200, "")))
}

fn ask(proxy: &Proxy, path: &str) -> Stream {
    let stream = proxy.vm.stream();
    untouched(&stream.request(request_head(path), ASK));
    stream
}

fn modes() -> [Profile; 2] {
    let stop_headers = Profile::envoy().header_pause(HeaderPause::StopHeaders);
    [Profile::envoy(), stop_headers]
}

#[test]
fn an_answer_waits_for_the_record_and_then_passes_unchanged() -> Result<()> {
    for profile in modes() {
        let proxy = proxy(profile)?;
        proxy
            .host
            .set_cluster(CLUSTER, slow(&proxy.api, Duration::from_secs(1)));
        let stream = ask(&proxy, OPENAI);
        stream.response_headers(response_head(200));
        let (first, second) = OPENAI_STREAM.as_bytes().split_at(50);
        stream.response_body(first);
        stream.response_body(second);
        proxy.host.advance(Duration::from_millis(900));
        assert_eq!(stream.downstream().status(), None, "nothing passes");
        assert!(stream.downstream().body.is_empty() && stream.is_held());
        proxy.host.advance(Duration::from_millis(200));
        stream.response_end();
        answered_upstream(&stream);
        stream.finish();
        let passed = stream.downstream();
        assert_eq!(passed.status(), Some(200));
        assert_eq!(passed.body, OPENAI_STREAM.as_bytes());
        proxy.host.advance(Duration::from_secs(3));
        let events = proxy.api.events();
        assert_eq!(
            events.iter().map(state).collect::<Vec<_>>(),
            ["pending", "complete"]
        );
        assert_eq!(events[0]["request_id"], events[1]["request_id"]);
        assert_eq!(events[0]["prompt_hash"], events[1]["prompt_hash"]);
        assert_eq!(own(&events[0], "/writer"), own(&events[1], "/writer"));
        assert_eq!(events[0]["response_content"], "");
        assert_eq!(events[1]["response_content"], "H\u{e9}llo");
    }
    Ok(())
}

#[test]
fn an_answer_that_comes_after_the_record_does_not_wait() -> Result<()> {
    let proxy = proxy(Profile::envoy())?;
    let stream = ask(&proxy, OPENAI);
    proxy.host.advance(Duration::from_millis(5));
    answered_upstream(&stream);
    untouched(&stream.response(response_head(200), OPENAI_ANSWER));
    untouched(&stream.finish());
    assert_eq!(proxy.events().len(), 2);
    Ok(())
}

#[test]
fn without_a_record_in_time_the_client_gets_an_error_and_no_byte_of_the_answer() -> Result<()> {
    for profile in modes() {
        let proxy = proxy(profile)?;
        proxy
            .host
            .set_cluster(CLUSTER, Cluster::new(|_| Outcome::Hang));
        let stream = ask(&proxy, ANTHROPIC);
        stream.response_headers(response_head(200));
        stream.response_body(ANTHROPIC_ANSWER);
        proxy.host.advance(HOLD.saturating_sub(TICK));
        assert_eq!(stream.downstream().status(), None);
        proxy.host.advance(TICK * 2);
        ended_with(&stream, 0, "audit_unrecorded");
        stream.property(&["response", "code"], 503_u64);
        stream.finish();
        let passed = stream.downstream();
        assert_eq!(passed.status(), Some(503));
        let body: Value = serde_json::from_slice(&passed.body)?;
        assert_eq!(body["error"]["type"], "api_error");
        assert_eq!(proxy.host.metrics()["audit_layer.answers_refused"], 1);
        proxy.host.set_cluster(CLUSTER, proxy.api.cluster());
        proxy.host.advance(Duration::from_secs(60));
        let events = proxy.api.events();
        let last = events.last().unwrap();
        assert_eq!(
            (state(last), own(last, "/completion/http_status")),
            ("local_reply", &json!(503))
        );
    }
    Ok(())
}

#[test]
fn a_record_that_is_refused_refuses_the_answer_at_once() -> Result<()> {
    let proxy = proxy(Profile::envoy())?;
    proxy.host.set_cluster(
        CLUSTER,
        proxy
            .api
            .deciding(|_| Fate::Lost(answer(Duration::from_millis(1), 400, ""))),
    );
    let stream = ask(&proxy, OPENAI);
    stream.response_headers(response_head(200));
    proxy.host.advance(TICK * 2);
    assert_eq!(stream.downstream().status(), Some(503));
    Ok(())
}

#[test]
fn a_client_that_leaves_while_its_answer_waits_is_recorded() -> Result<()> {
    for profile in modes() {
        let proxy = proxy(profile)?;
        proxy
            .host
            .set_cluster(CLUSTER, slow(&proxy.api, Duration::from_secs(1)));
        let stream = ask(&proxy, OPENAI);
        stream.response_headers(response_head(200));
        stream.response_body(OPENAI_ANSWER);
        ended_with(&stream, 0x4000, "downstream_remote_disconnect");
        stream.client_disconnect();
        proxy.host.advance(Duration::from_secs(10));
        let events = proxy.api.events();
        assert_eq!(state(events.last().unwrap()), "client_abort");
        assert!(proxy.vm.is_alive());
    }
    Ok(())
}

#[test]
fn an_answer_that_comes_before_the_request_has_ended_waits_too() -> Result<()> {
    let proxy = proxy(Profile::envoy())?;
    let stream = proxy.vm.stream();
    stream.request_headers(request_head(OPENAI));
    stream.request_body(&ASK[..10]);
    stream.response_headers(response_head(200));
    proxy.host.advance(TICK);
    assert_eq!(stream.downstream().status(), None);
    stream.request_body_end(&ASK[10..]);
    proxy.host.advance(TICK);
    assert_eq!(stream.downstream().status(), Some(200));
    Ok(())
}

#[test]
fn calls_that_are_not_audited_do_not_wait() -> Result<()> {
    let proxy = proxy(Profile::envoy())?;
    proxy
        .host
        .set_cluster(CLUSTER, Cluster::new(|_| Outcome::Hang));
    let stream = proxy.vm.stream();
    untouched(&stream.request(request_head("/v1/files"), "{}"));
    untouched(&stream.response(response_head(200), "{}"));
    Ok(())
}
