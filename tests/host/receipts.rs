//! What acknowledges a delivery: an audit API, and not whatever else answers at its address.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{Cluster, Outcome, Profile, Response};

use crate::audit_api::Fate;
use crate::call::{ASK, OPENAI, OPENAI_ANSWER, request_head, response_head, whole_call};
use crate::proxy::{BATCHED, CLUSTER, Proxy, plugin};

const PAGE: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";

/// A web application that answers everything with a page.
fn web_application(proxy: &Proxy, status: u16) -> Cluster {
    proxy.api.deciding(move |_| {
        let response = Response::new(status).header("content-type", "text/html\u{7}");
        Fate::Lost(Outcome::Answer {
            after: Duration::from_millis(1),
            response: response.body(PAGE),
        })
    })
}

#[test]
fn a_page_or_a_redirect_delivers_nothing_and_is_told() -> Result<()> {
    for status in [200, 302] {
        let proxy = Proxy::new()?;
        let wrong = web_application(&proxy, status);
        proxy.host.set_cluster(CLUSTER, wrong);
        let stream = proxy.vm.stream();
        whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
        assert!(proxy.events().is_empty());
        let metrics = proxy.host.metrics();
        assert_eq!(metrics["audit_layer.events_delivered"], 0);
        assert!(metrics["audit_layer.events_retried"] > 0);
        let told = format!("status {status} with 54 bytes of content-type text/html is no receipt");
        let log = proxy.log();
        assert!(log.iter().any(|line| line.contains(&told)), "{log:#?}");
        proxy.host.set_cluster(CLUSTER, proxy.api.cluster());
        proxy.host.advance(Duration::from_secs(60));
        assert_eq!(
            proxy.api.events().len(),
            1,
            "it is mended, and nothing lost"
        );
        assert!(proxy.dead_letters().is_empty());
    }
    Ok(())
}

#[test]
fn a_page_that_stays_there_gives_dead_letters_in_the_end() -> Result<()> {
    let patient = r#""delivery": {"retry": {"max_age_ms": 1000}, "#;
    let configuration = BATCHED.replace(r#""delivery": {"#, patient);
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    let wrong = web_application(&proxy, 200);
    proxy.host.set_cluster(CLUSTER, wrong);
    let stream = proxy.vm.stream();
    whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
    proxy.host.advance(Duration::from_secs(60));
    let dead = proxy.dead_letters();
    assert_eq!((dead.len(), dead[0].reason.as_str()), (1, "no_receipt"));
    let metrics = proxy.host.metrics();
    assert_eq!(metrics["audit_layer.events_dead_lettered_refused"], 1);
    Ok(())
}

#[test]
fn no_answer_passes_on_a_page() -> Result<()> {
    let acknowledged = r#""delivery": {"guarantee": "acknowledged", "#;
    let configuration = BATCHED.replace(r#""delivery": {"#, acknowledged);
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    let wrong = web_application(&proxy, 200);
    proxy.host.set_cluster(CLUSTER, wrong);
    proxy.host.advance(Duration::from_millis(100));
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    stream.response_headers(response_head(200));
    stream.response_body(OPENAI_ANSWER);
    proxy.host.advance(Duration::from_secs(4));
    assert_eq!(stream.downstream().status(), None);
    proxy.host.advance(Duration::from_secs(2));
    assert_eq!(stream.downstream().status(), Some(503));
    Ok(())
}

/// An audit API that knows another key.
fn other_key(proxy: &Proxy) -> Cluster {
    proxy.api.deciding(|_| {
        let response = Response::new(401).header("content-type", "application/json");
        Fate::Lost(Outcome::Answer {
            after: Duration::from_millis(1),
            response: response.body(r#"{"error":{"code":"unauthorized"}}"#),
        })
    })
}

fn told(proxy: &Proxy, words: &str) -> usize {
    let log = proxy.log();
    log.iter().filter(|line| line.contains(words)).count()
}

#[test]
fn a_wrong_key_costs_no_event_and_is_told_once_in_words_that_help() -> Result<()> {
    let proxy = Proxy::new()?;
    proxy.host.set_cluster(CLUSTER, other_key(&proxy));
    for _ in 0..3 {
        let stream = proxy.vm.stream();
        whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
        proxy.host.advance(Duration::from_secs(10));
    }
    let denied = "http://audit/v1 by cluster audit_api denies events with status 401: the key is \
                  that of audit_api.api_key";
    assert_eq!(told(&proxy, denied), 1, "{:#?}", proxy.log());
    let metrics = proxy.host.metrics();
    assert!(metrics["audit_layer.deliveries_denied"] > 1);
    assert_eq!(metrics["audit_layer.events_dead_lettered"], 0);
    proxy.host.set_cluster(CLUSTER, proxy.api.cluster());
    proxy.host.advance(Duration::from_secs(60));
    assert_eq!(
        proxy.api.events().len(),
        3,
        "the key is right, and nothing lost"
    );
    assert_eq!(told(&proxy, "takes events again"), 1);
    Ok(())
}

#[test]
fn what_an_audit_api_may_not_take_is_told_at_the_start() -> Result<()> {
    let bare = r#"{"audit_api":{"cluster":"audit_api","url":"http://audit/v1"}}"#;
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(bare))?;
    proxy.host.advance(Duration::from_secs(1));
    let key = "no key is sent to the audit API, as neither audit_api.api_key nor the environment \
               variable AUDIT_LAYER_API_KEY is set";
    assert_eq!(told(&proxy, key), 1, "{:#?}", proxy.log());
    assert_eq!(told(&proxy, "events name no organization"), 1);
    let proxy = Proxy::new()?;
    proxy.host.advance(Duration::from_secs(1));
    assert_eq!(told(&proxy, "no key is sent"), 0);
    assert_eq!(told(&proxy, "events name no organization"), 0);
    Ok(())
}
