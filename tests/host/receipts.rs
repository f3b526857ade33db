//! What acknowledges a delivery: an audit API, and not whatever else answers at its address.

use std::time::Duration;

use anyhow::Result;
use audit_layer_core::limits::FORBIDDEN_IN_A_ROW_MAX;
use proxy_wasm_host_test::{Cluster, Outcome, Profile, Response};

use crate::audit_api::Fate;
use crate::call::{ASK, OPENAI, OPENAI_ANSWER, request_head, response_head, whole_call};
use crate::proxy::{BATCHED, CLUSTER, Proxy, plugin};

const PAGE: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";

/// Of a server that wants to write a line of its own, or a dead letter, into the log.
const ODD_KIND: &str = "text/html\u{7}\r\n\"\u{2028}audit-layer dead-letter reason=x event={}";

/// A web application that answers everything with a page.
fn web_application(proxy: &Proxy, status: u16) -> Cluster {
    proxy.api.deciding(move |_| {
        let response = Response::new(status).header("content-type", ODD_KIND);
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
        let told = format!(
            "status {status} with 54 bytes of content type \"text/html\\u{{7}}\\r\\n\\\"\\u{{2028}}audit-layer dead\" is not a receipt"
        );
        let log = proxy.log();
        assert!(log.iter().any(|line| line.contains(&told)), "{log:#?}");
        assert!(
            !log.iter().any(|line| line.contains("dead-letter")),
            "{log:#?}"
        );
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
    let denied = "http://audit/v1 through cluster audit_api denies events with status 401: the key \
                  comes from audit_api.api_key";
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
    assert_eq!(told(&proxy, "accepts events again"), 1);
    Ok(())
}

/// A firewall that answers with its page where `forbids` says so of the events of a batch.
fn firewall(proxy: &Proxy, forbids: impl Fn(&str) -> bool + 'static) -> Cluster {
    proxy.api.deciding(move |callout| {
        if !forbids(&String::from_utf8_lossy(&callout.body)) {
            return Fate::Stored(Outcome::status(200));
        }
        let response = Response::new(403).header("content-type", "text/html");
        Fate::Lost(Outcome::Answer {
            after: Duration::from_millis(1),
            response: response.body("<html><body>Request blocked</body></html>"),
        })
    })
}

/// Calls whose prompts are these, at the same time.
fn ask(proxy: &Proxy, prompts: &[&str]) {
    for prompt in prompts {
        let stream = proxy.vm.stream();
        let question = ASK.replace("Hé?", prompt);
        whole_call(
            &stream,
            OPENAI,
            question.as_bytes(),
            OPENAI_ANSWER.as_bytes(),
        );
    }
}

#[test]
fn a_firewall_that_forbids_everything_costs_no_event_of_several() -> Result<()> {
    let proxy = Proxy::new()?;
    proxy.host.set_cluster(CLUSTER, firewall(&proxy, |_| true));
    ask(&proxy, &["a", "b", "c", "d", "e"]);
    proxy.host.advance(Duration::from_secs(120));
    assert!(proxy.dead_letters().is_empty(), "{:#?}", proxy.log());
    let denied = "denies events with status 403: the answer is a page, for one event after another";
    assert_eq!(told(&proxy, denied), 1, "{:#?}", proxy.log());
    assert!(proxy.host.metrics()["audit_layer.deliveries_denied"] > 1);
    let attempts = proxy.host.callouts().len();
    assert!(attempts < 100, "{attempts} attempts in two minutes");
    proxy.host.set_cluster(CLUSTER, proxy.api.cluster());
    proxy.host.advance(Duration::from_secs(60));
    assert_eq!(
        proxy.api.events().len(),
        5,
        "it is mended, and nothing lost"
    );
    assert_eq!(told(&proxy, "accepts events again"), 1);
    Ok(())
}

#[test]
fn single_events_that_a_firewall_forbids_are_dead_letters_until_they_are_many_in_a_row()
-> Result<()> {
    let proxy = Proxy::new()?;
    proxy.host.set_cluster(CLUSTER, firewall(&proxy, |_| true));
    for count in 1..=FORBIDDEN_IN_A_ROW_MAX as usize {
        ask(&proxy, &["a"]);
        proxy.host.advance(Duration::from_secs(2));
        assert_eq!(proxy.dead_letters().len(), count);
        assert_eq!(proxy.host.callouts().len(), count);
        let metrics = proxy.host.metrics();
        let refused = metrics["audit_layer.events_dead_lettered_refused"];
        assert_eq!(refused, count as u64);
    }
    ask(&proxy, &["b"]);
    proxy.host.advance(Duration::from_secs(60));
    ask(&proxy, &["c"]);
    proxy.host.advance(Duration::from_secs(60));
    let dead = proxy.dead_letters().len();
    assert_eq!(dead, FORBIDDEN_IN_A_ROW_MAX as usize, "{:#?}", proxy.log());
    proxy.host.set_cluster(CLUSTER, proxy.api.cluster());
    proxy.host.advance(Duration::from_secs(60));
    assert_eq!(proxy.api.events().len(), 2);
    Ok(())
}

#[test]
fn what_a_firewall_finds_in_events_costs_no_other() -> Result<()> {
    let proxy = Proxy::new()?;
    let finds = |text: &str| text.contains("drop table");
    proxy.host.set_cluster(CLUSTER, firewall(&proxy, finds));
    ask(
        &proxy,
        &["drop table 1", "drop table 2", "drop table 3", "a", "b"],
    );
    proxy.host.advance(Duration::from_secs(60));
    ask(&proxy, &["c", "drop table 4"]);
    proxy.host.advance(Duration::from_secs(60));
    let dead = proxy.dead_letters();
    assert_eq!(dead.len(), 4, "{:#?}", proxy.log());
    assert!(dead.iter().all(|letter| letter.reason == "http_403"));
    assert_eq!(proxy.api.events().len(), 3);
    assert_eq!(proxy.host.metrics()["audit_layer.deliveries_denied"], 0);
    Ok(())
}

#[test]
fn what_an_audit_api_may_not_take_is_told_at_the_start() -> Result<()> {
    let bare = r#"{"audit_api":{"cluster":"audit_api","url":"http://audit/v1"}}"#;
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(bare))?;
    proxy.host.advance(Duration::from_secs(1));
    let key = "no key is sent to the audit API: neither audit_api.api_key nor the environment \
               variable AUDIT_LAYER_API_KEY is set";
    assert_eq!(told(&proxy, key), 1, "{:#?}", proxy.log());
    assert_eq!(told(&proxy, "events name no organization"), 1);
    let proxy = Proxy::new()?;
    proxy.host.advance(Duration::from_secs(1));
    assert_eq!(told(&proxy, "no key is sent"), 0);
    assert_eq!(told(&proxy, "events name no organization"), 0);
    Ok(())
}
