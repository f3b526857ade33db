//! Envoy's words: what of them stands in the event, and what configurations are told in them.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::call::{
    ASK, OPENAI, OPENAI_ANSWER, OPENAI_STREAM, ended_with, own, request_head, response_head, state,
};
use crate::proxy::{CLUSTER, Proxy};

/// The state and the flags of a call whose answer, if it `ended`, is whole.
fn call(ended: bool, flags: u64, details: &str) -> Result<(String, Value)> {
    let proxy = Proxy::new()?;
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    ended_with(&stream, flags, details);
    if ended {
        stream.response(response_head(200), OPENAI_ANSWER);
    } else {
        let (beginning, _) = OPENAI_STREAM.split_once("\n\n").unwrap_or_default();
        stream.response_headers(response_head(200));
        stream.response_body(beginning);
        stream.client_disconnect();
    }
    stream.finish();
    let event = proxy.event();
    assert_eq!(own(&event, "/completion/details"), details);
    Ok((
        state(&event).to_owned(),
        own(&event, "/completion/flags").clone(),
    ))
}

#[test]
fn flags_and_details_say_why_a_stream_ended() -> Result<()> {
    for (flags, names, details, expected) in [
        (
            1 << 14,
            json!(["DC"]),
            "downstream_remote_disconnect",
            "client_abort",
        ),
        (0, json!([]), "downstream_remote_disconnect", "client_abort"),
        (1 << 28, json!(["DR"]), "http2.remote_reset", "client_abort"),
        (1 << 18, json!(["DPE"]), "http1.codec_error", "client_abort"),
        // Also flagged as the client's, but it was Envoy that closed the connection.
        (
            1 << 14,
            json!(["DC"]),
            "downstream_local_disconnect(reason)",
            "shutdown",
        ),
        (
            1 << 6,
            json!(["UC"]),
            "upstream_reset_after_response_started",
            "upstream_abort",
        ),
        (1 << 4, json!(["UR"]), "via_upstream", "upstream_abort"),
        (1 << 3, json!(["LR"]), "via_upstream", "upstream_abort"),
        (
            1 << 23,
            json!(["UPE"]),
            "upstream_reset_after_response_started",
            "upstream_abort",
        ),
        (1 << 16, json!(["SI"]), "stream_idle_timeout", "timeout"),
        (1 << 22, json!(["DT"]), "duration_timeout", "timeout"),
        (
            1 << 14 | 1 << 2,
            json!(["UT", "DC"]),
            "response_timeout",
            "timeout",
        ),
        (1 << 5, json!(["UF"]), "via_upstream", "shutdown"),
        (0, json!([]), "via_upstream", "shutdown"),
        (1 << 63, json!([]), "via_upstream", "shutdown"),
    ] {
        let found = call(false, flags, details)?;
        assert_eq!(found, (expected.to_owned(), names), "{flags:#x} {details}");
    }
    Ok(())
}

#[test]
fn details_say_whose_answer_it_is_that_ended() -> Result<()> {
    for (flags, details, expected) in [
        (0, "via_upstream", "complete"),
        (1 << 14, "via_upstream", "complete"),
        (1 << 1, "no_healthy_upstream", "local_reply"),
        (1 << 14, "downstream_remote_disconnect", "local_reply"),
        (1 << 2, "response_timeout", "timeout"),
    ] {
        let (found, _) = call(true, flags, details)?;
        assert_eq!(found, expected, "{flags:#x} {details}");
    }
    Ok(())
}

#[test]
fn a_configuration_is_refused_in_the_words_of_envoy() -> Result<()> {
    for (configuration, expected) in [
        (
            "{}",
            "audit_api.cluster: required: the proxy's name of the audit API's upstream",
        ),
        (
            r#"{"audit_api":{"cluster":""}}"#,
            "audit_api.cluster: required: the proxy's name of the audit API's upstream",
        ),
        (
            r#"{"audit_api":{"cluster":"c"},"organization_id":{"env":"ORG"}}"#,
            "organization_id: the environment variable ORG is not set in the plugin's VM; list it \
             under vm_config.environment_variables.host_env_keys",
        ),
        (
            "[]",
            "not a JSON object; in Envoy, write it as the value of a google.protobuf.StringValue",
        ),
    ] {
        let proxy = Proxy::new()?;
        assert!(proxy.vm.reconfigure(configuration).is_err());
        let line = format!("audit-layer: configuration refused: {expected}");
        assert!(proxy.log().contains(&line), "{:?}", proxy.log());
    }
    Ok(())
}

/// Configurations with a mistake, and what is said of each.
const REFUSALS: &str = include_str!("../../core/tests/data/refusals.json");

#[test]
fn every_mistake_is_refused_with_its_place() -> Result<()> {
    let list: Vec<(Map<String, Value>, String)> = serde_json::from_str(REFUSALS)?;
    assert!(list.len() >= 60);
    for (members, refusal) in list {
        let mut configuration = json!({"audit_api": {"cluster": CLUSTER}});
        let own = configuration.as_object_mut().context("an object")?;
        own.extend(members);
        let proxy = Proxy::new()?;
        assert!(proxy.vm.reconfigure(configuration.to_string()).is_err());
        let line = format!("audit-layer: configuration refused: {refusal}");
        let mut log = proxy.log().into_iter();
        assert!(log.any(|said| said.starts_with(&line)), "{line}");
    }
    Ok(())
}
