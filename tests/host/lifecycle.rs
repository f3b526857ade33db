//! Every order in which a proxy may call: each call gives one event, and passes untouched.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{EndOfBody, HeaderPause, Headers, Profile, RootLife, Status, Stream};

use crate::audit_api::{Fate, answer};
use crate::call::{
    ANTHROPIC, ANTHROPIC_ANSWER, ASK, OPENAI, OPENAI_ANSWER, OPENAI_STREAM, answered_upstream,
    ended_with, notes, own, passed_on, request_head, response_head, state, untouched, whole_call,
};
use crate::proxy::{BATCHED, CLUSTER, Proxy, plugin};

#[test]
fn a_call_gives_one_event_and_one_more_header() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
    assert_eq!(stream.upstream().body, ASK.as_bytes());
    assert_eq!(stream.downstream().body, OPENAI_ANSWER.as_bytes());
    let event = proxy.event();
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(state(&event), "complete");
    let headers = stream.downstream().headers.unwrap();
    assert_eq!(
        headers.text("x-audit-request-id"),
        event["request_id"].as_str()
    );
    assert_eq!(headers.len(), response_head(200).len() + 1);
    assert_eq!(passed_on(&stream), request_head(OPENAI));
    let hop = stream.upstream().headers.unwrap();
    let hop = hop.text("audit-layer-hop").unwrap();
    assert!(hop.starts_with(event["request_id"].as_str().unwrap()));
    Ok(())
}

#[test]
fn nobody_but_the_plugin_tells_a_client_an_id() -> Result<()> {
    let proxy = Proxy::new()?;
    let forged = || {
        response_head(200)
            .with("X-Audit-Request-Id", "forged")
            .with("x-audit-request-id", "forged again")
            .with("x-audit-other", "theirs")
    };
    let ids = |stream: &Stream| {
        let headers = stream.downstream().headers.unwrap();
        assert_eq!(headers.text("x-audit-other"), Some("theirs"));
        let ids = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"x-audit-request-id"));
        ids.map(|(_, id)| String::from_utf8(id.to_vec()).unwrap())
            .collect::<Vec<_>>()
    };
    let other = proxy.vm.stream();
    other.request_headers_only([(":method", "GET"), (":path", "/v1/models")]);
    untouched(&other.response(forged(), "{}"));
    other.finish();
    assert_eq!(ids(&other), [""; 0]);
    let call = proxy.vm.stream();
    call.request(request_head(OPENAI), ASK);
    untouched(&call.response(forged(), OPENAI_ANSWER));
    call.finish();
    let event = proxy.event();
    assert_eq!(ids(&call), [event["request_id"].as_str().unwrap()]);
    Ok(())
}

#[test]
fn the_delivery_is_what_the_audit_api_documents() -> Result<()> {
    let proxy = Proxy::new()?;
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    proxy.event();
    let callouts = proxy.host.callouts();
    assert_eq!(callouts.len(), 1);
    let headers = &callouts[0].headers;
    for (name, value) in [
        (":method", "POST"),
        (":path", "/v1/audit/log/batch"),
        (":authority", "audit"),
        ("content-type", "application/x-ndjson"),
        ("authorization", "Bearer al_sk_secret"),
    ] {
        assert_eq!(headers.text(name), Some(value));
    }
    assert_eq!(
        callouts[0]
            .body
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
        1
    );
    Ok(())
}

#[test]
fn audit_headers_are_removed_even_from_calls_that_are_not_audited() -> Result<()> {
    let proxy = Proxy::new()?;
    for path in [OPENAI, "/v1/models"] {
        let stream = proxy.vm.stream();
        let head = request_head(path)
            .with("x-audit-user-id", "alice")
            .with("X-Audit-Compliance-Tags", "a")
            .with("x-audit-compliance-tags", "b")
            .with("x-audit-anything", "c");
        untouched(&stream.request(head, ASK));
        assert_eq!(passed_on(&stream), request_head(path));
        stream.finish();
    }
    assert_eq!(proxy.event()["user_id"], "alice");
    Ok(())
}

#[test]
fn other_traffic_passes_without_an_event() -> Result<()> {
    let proxy = Proxy::new()?;
    let upgrade = Headers::new()
        .with(":method", "GET")
        .with(":path", "/chat")
        .with("upgrade", "websocket");
    let stream = proxy.vm.stream();
    untouched(&stream.request_headers(upgrade));
    untouched(&stream.request_body([0_u8; 0]));
    untouched(&stream.response_headers_only(response_head(101)));
    untouched(&stream.request_body([0x81, 0x00]));
    untouched(&stream.finish());
    assert!(proxy.events().is_empty());
    Ok(())
}

#[test]
fn a_client_that_leaves_at_any_point_is_recorded() -> Result<()> {
    for steps in 0..5 {
        let proxy = Proxy::new()?;
        let stream = proxy.vm.stream();
        untouched(&stream.request_headers(request_head(OPENAI)));
        if steps > 0 {
            untouched(&stream.request_body(&ASK[..20]));
        }
        if steps > 1 {
            untouched(&stream.request_body_end(&ASK[20..]));
        }
        if steps > 2 {
            untouched(&stream.response_headers(response_head(200)));
        }
        if steps > 3 {
            untouched(&stream.response_body(&OPENAI_STREAM[..80]));
        }
        ended_with(&stream, 0x4000, "downstream_remote_disconnect");
        stream.client_disconnect();
        let event = proxy.event();
        assert_eq!(state(&event), "client_abort", "after {steps} steps");
        assert_eq!(notes(&event).contains(&"request_incomplete"), steps < 2);
        assert_eq!(event["response_content"], if steps > 3 { "Hé" } else { "" });
    }
    Ok(())
}

#[test]
fn an_upstream_that_breaks_off_is_recorded() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    stream.response_headers(response_head(200));
    stream.response_body(&OPENAI_STREAM[..80]);
    ended_with(
        &stream,
        0x40,
        "upstream_reset_after_response_started{connection_termination}",
    );
    stream.upstream_reset();
    assert_eq!(state(&proxy.event()), "upstream_abort");
    Ok(())
}

#[test]
fn an_answer_of_the_proxy_is_recorded_as_its_own() -> Result<()> {
    for (details, flags, expected) in [
        ("no_healthy_upstream", 0x2, "local_reply"),
        ("upstream_response_timeout", 0x4, "timeout"),
    ] {
        let proxy = Proxy::new()?;
        let stream = proxy.vm.stream();
        stream.request_headers(request_head(OPENAI));
        ended_with(&stream, flags, details);
        let step = stream.local_reply(503, "no healthy upstream");
        assert_eq!(step.downstream.body, b"no healthy upstream");
        stream.finish();
        let event = proxy.event();
        assert_eq!(state(&event), expected);
        assert_eq!(own(&event, "/completion/http_status"), 503);
    }
    Ok(())
}

#[test]
fn a_request_that_another_filter_refused_first_is_no_call() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.local_reply(401, "who are you?");
    assert_eq!(
        stream.finish().callback_names(),
        ["on_log", "on_done", "on_delete"]
    );
    assert!(proxy.events().is_empty());
    assert!(proxy.vm.is_alive());
    Ok(())
}

#[test]
fn trailers_end_a_message_as_well() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.request_headers(request_head(OPENAI));
    stream.request_body(ASK);
    untouched(&stream.request_trailers([("x-checksum", "1")]));
    answered_upstream(&stream);
    stream.response_headers(response_head(200));
    stream.response_body(OPENAI_ANSWER);
    untouched(&stream.response_trailers([("grpc-status", "0")]));
    stream.finish();
    let event = proxy.event();
    assert_eq!((state(&event), notes(&event)), ("complete", vec![]));
    Ok(())
}

#[test]
fn a_request_without_a_body_is_a_call_with_a_note() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    untouched(&stream.request_headers_only(request_head(ANTHROPIC)));
    answered_upstream(&stream);
    stream.response_headers_only(response_head(400));
    stream.finish();
    let event = proxy.event();
    assert_eq!(state(&event), "rejected");
    assert_eq!(notes(&event), ["request_body_empty", "response_body_empty"]);
    Ok(())
}

#[test]
fn hosts_that_pause_or_end_bodies_otherwise_give_the_same_event() -> Result<()> {
    let mut events = Vec::new();
    for end in [EndOfBody::ExtraCallback, EndOfBody::LastChunk] {
        for pause in [HeaderPause::StopAll, HeaderPause::StopHeaders] {
            let profile = Profile::envoy().end_of_body(end).header_pause(pause);
            let proxy = Proxy::with(profile, &plugin()?.configuration(BATCHED))?;
            whole_call(
                &proxy.vm.stream(),
                ANTHROPIC,
                ASK.as_bytes(),
                ANTHROPIC_ANSWER.as_bytes(),
            );
            events.push(proxy.event());
        }
    }
    assert!(events.iter().all(|event| *event == events[0]));
    Ok(())
}

#[test]
fn an_answer_to_a_delivery_may_come_after_its_configuration_is_gone() -> Result<()> {
    let proxy = Proxy::new()?;
    let slow = answer(Duration::from_millis(500), 200, "");
    proxy.host.set_cluster(
        CLUSTER,
        proxy.api.deciding(move |_| Fate::Stored(slow.clone())),
    );
    let old = proxy.vm.root();
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    proxy.host.advance(Duration::from_millis(400));
    assert_eq!(proxy.host.callouts().len(), 1);
    proxy.vm.reconfigure(BATCHED.replace("org_1", "org_2"))?;
    old.retire();
    // The old root's delivery was canceled, so the new one sends it again with the same id.
    let events = proxy.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
    assert!(proxy.dead_letters().is_empty());
    assert_eq!(old.life(), RootLife::Ended);
    Ok(())
}

#[test]
fn a_live_stream_keeps_its_configuration_and_is_delivered_under_the_new_one() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    let old = proxy.vm.root();
    proxy
        .vm
        .reconfigure(BATCHED.replace("/audit/log/batch", "/other"))?;
    old.retire();
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    answered_upstream(&stream);
    untouched(&stream.response(response_head(200), OPENAI_STREAM));
    untouched(&stream.finish());
    assert_eq!(proxy.events().len(), 2);
    assert!(proxy.dead_letters().is_empty());
    let callouts = proxy.host.callouts();
    assert!(
        callouts
            .iter()
            .all(|callout| callout.headers.text(":path") == Some("/v1/other"))
    );
    Ok(())
}

#[test]
fn a_refused_configuration_changes_nothing() -> Result<()> {
    let proxy = Proxy::new()?;
    assert!(
        proxy
            .vm
            .reconfigure("{\"audit_api\":{\"cluster\":\"c\"},\"x\":1}")
            .is_err()
    );
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    assert_eq!(proxy.event()["organization_id"], "org_1");
    assert!(
        proxy
            .log()
            .iter()
            .any(|line| line.contains("configuration refused: x: unknown field"))
    );
    Ok(())
}

#[test]
fn what_a_stopping_proxy_holds_becomes_dead_letters() -> Result<()> {
    let proxy = Proxy::new()?;
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    let open = proxy.vm.stream();
    open.request(request_head(OPENAI), ASK);
    ended_with(&open, 0x4000, "downstream_local_disconnect");
    proxy.host.stop();
    let dead = proxy.dead_letters();
    let states: Vec<_> = dead.iter().map(|letter| state(&letter.event)).collect();
    assert_eq!(states, ["complete", "shutdown"]);
    assert!(dead.iter().all(|letter| letter.reason == "shutdown"));
    assert!(dead.iter().all(|letter| letter.is_by("al_sk_secret")));
    assert!(!dead.iter().any(|letter| letter.is_by("al_sk_other")));
    assert!(proxy.events().is_empty());
    Ok(())
}

#[test]
fn a_host_without_ticks_is_told_and_traffic_passes() -> Result<()> {
    let proxy = Proxy::with(
        Profile::envoy().without_ticks(),
        &plugin()?.configuration(BATCHED),
    )?;
    whole_call(
        &proxy.vm.stream(),
        OPENAI,
        ASK.as_bytes(),
        OPENAI_ANSWER.as_bytes(),
    );
    assert!(
        proxy
            .log()
            .iter()
            .any(|line| line.contains("this host has no timer"))
    );
    assert!(proxy.events().is_empty());
    proxy.host.stop();
    assert_eq!(proxy.dead_letters().len(), 1);
    Ok(())
}

#[test]
fn a_host_without_callouts_is_told_and_every_event_is_in_the_log() -> Result<()> {
    for status in [Status::Unimplemented, Status::InvalidMemoryAccess] {
        let profile = Profile::envoy().answering(status, ["proxy_http_call"]);
        let proxy = Proxy::with(profile, &plugin()?.configuration(BATCHED))?;
        let stream = proxy.vm.stream();
        whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
        assert_eq!(stream.downstream().body, OPENAI_ANSWER.as_bytes());
        assert!(proxy.events().is_empty());
        assert!(proxy.vm.is_alive(), "{:?}", proxy.vm.trap());
        let dead = proxy.dead_letters();
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0].reason, "no_callouts");
        let told = proxy.log();
        let told = told
            .iter()
            .filter(|line| line.contains("has no HTTP callouts"));
        assert_eq!(told.count(), 1);
    }
    Ok(())
}

#[test]
fn a_host_call_that_is_not_implemented_stops_no_traffic() -> Result<()> {
    for call in [
        "proxy_log",
        "proxy_get_log_level",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_buffer_bytes",
        "proxy_get_header_map_pairs",
        "proxy_get_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_remove_header_map_value",
        "proxy_get_property",
        "proxy_http_call",
        "proxy_define_metric",
        "proxy_increment_metric",
    ] {
        let profile = Profile::envoy().answering(Status::Unimplemented, [call]);
        let Ok(proxy) = Proxy::with(profile, &plugin()?.configuration(BATCHED)) else {
            assert_eq!(
                call, "proxy_get_buffer_bytes",
                "only the configuration is needed to start"
            );
            continue;
        };
        let stream = proxy.vm.stream();
        whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
        assert_eq!(stream.downstream().body, OPENAI_ANSWER.as_bytes());
        proxy.events();
        assert!(proxy.vm.is_alive(), "{call}: {:?}", proxy.vm.trap());
    }
    Ok(())
}

/// The module of the tests of failure policies does; see the feature `trap` of the plugin.
#[test]
fn the_module_that_ships_does_not_trap_on_demand() -> Result<()> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    untouched(&stream.request(request_head(OPENAI).with("x-trap", "1"), ASK));
    stream.finish();
    assert!(proxy.vm.is_alive());
    assert_eq!(proxy.events().len(), 1);
    Ok(())
}

#[test]
fn a_denied_capability_stops_no_traffic() -> Result<()> {
    for capability in [
        "proxy_log",
        "proxy_get_property",
        "proxy_http_call",
        "proxy_define_metric",
        "proxy_increment_metric",
        "proxy_set_tick_period_milliseconds",
        "proxy_on_log",
    ] {
        let denied = plugin()?.configuration(BATCHED).deny([capability]);
        let proxy = Proxy::with(Profile::envoy(), &denied)?;
        let stream = proxy.vm.stream();
        whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
        assert_eq!(stream.downstream().body, OPENAI_ANSWER.as_bytes());
        proxy.events();
        assert!(proxy.vm.is_alive(), "{capability}: {:?}", proxy.vm.trap());
    }
    Ok(())
}
