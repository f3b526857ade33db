//! Every limit, below, at and above: nothing is cut that need not be, nothing grows beyond, and
//! the event says so.

use anyhow::Result;
use proxy_wasm_host_test::{Outcome, Profile};
use serde_json::{Value, json};

use crate::audit_api::Fate;
use crate::call::{
    ASK, OPENAI, OPENAI_ANSWER, answered_upstream, notes, own, request_head, response_head,
    whole_call,
};
use crate::proxy::{BATCHED, CLUSTER, Proxy, plugin};

const KIB: usize = 1024;

#[test]
fn bodies_are_read_up_to_their_limits() -> Result<()> {
    for (size, is_cut) in [(2 * KIB - 1, false), (2 * KIB, false), (2 * KIB + 1, true)] {
        let limits = json!({"request_bytes": 2 * KIB});
        let event = call(&limits, &padded(ASK, size), OPENAI_ANSWER.as_bytes())?;
        assert_eq!(
            notes(&event).contains(&"request_body_truncated"),
            is_cut,
            "{size}"
        );
        assert_eq!(
            event["prompt_hash"] == "",
            is_cut,
            "a part has no hash of the whole"
        );
        assert_eq!(own(&event, "/capture/request_bytes"), size);

        let limits = json!({"response_bytes": 2 * KIB});
        let event = call(&limits, ASK.as_bytes(), &padded(OPENAI_ANSWER, size))?;
        assert_eq!(
            notes(&event).contains(&"response_body_truncated"),
            is_cut,
            "{size}"
        );
        assert_eq!(own(&event, "/capture/truncated"), is_cut);
    }
    Ok(())
}

#[test]
fn an_event_carries_content_up_to_the_limit_and_the_hash_of_all() -> Result<()> {
    let limits = json!({"content_bytes": KIB});
    for (size, is_cut) in [(KIB - 1, false), (KIB, false), (KIB + 1, true)] {
        let text = "x".repeat(size);
        let ask = json!({"messages": [{"role": "user", "content": text}]}).to_string();
        let answer = json!({"choices": [{"message": {"content": text}}]}).to_string();
        let event = call(&limits, ask.as_bytes(), answer.as_bytes())?;
        for (content, hash, note) in [
            (
                &event["prompt_content"],
                &event["prompt_hash"],
                "prompt_content_truncated",
            ),
            (
                &event["response_content"],
                own(&event, "/response/hash"),
                "response_content_truncated",
            ),
        ] {
            assert_eq!(content.as_str().unwrap().len(), size.min(KIB));
            assert_eq!(notes(&event).contains(&note), is_cut, "{size} {note}");
            assert_eq!(*hash, sha256(&text));
        }
    }
    Ok(())
}

#[test]
fn an_event_of_a_stream_is_read_up_to_the_limit() -> Result<()> {
    let max = audit_layer_core::limits::STREAM_EVENT_BYTES_MAX;
    // Numbers, since of long strings only the beginning is kept, and white space says nothing.
    let frame = |size: usize| {
        let [begin, end] = [r#"{"choices":[{"delta":{"content":"a"}}],"pad":1"#, "}"];
        let digits = "1".repeat(size - begin.len() - end.len());
        ["data: ", begin, &digits, end, "\n\ndata: [DONE]\n\n"]
            .concat()
            .into_bytes()
    };
    for (size, is_cut) in [(max - 1, false), (max, false), (max + 1, true)] {
        let event = call(&json!({}), ASK.as_bytes(), &frame(size))?;
        assert_eq!(
            notes(&event).contains(&"stream_event_truncated"),
            is_cut,
            "{size}"
        );
        assert_eq!(event["response_content"], if is_cut { "" } else { "a" });
    }
    Ok(())
}

#[test]
fn choices_tool_calls_and_parameters_stop_at_their_limits() -> Result<()> {
    use audit_layer_core::limits::{CHOICES_MAX, PARAMETER_BYTES_MAX, TOOL_CALLS_MAX};
    for over in [0, 1] {
        let choices: Vec<_> = (0..CHOICES_MAX + over)
            .map(|index| json!({"index": index, "message": {"content": "c"}}))
            .collect();
        let answer = json!({"choices": choices}).to_string();
        let event = call(&json!({}), ASK.as_bytes(), answer.as_bytes())?;
        assert_eq!(
            own(&event, "/response/choices").as_array().unwrap().len(),
            CHOICES_MAX
        );
        assert_eq!(notes(&event).contains(&"tool_calls_truncated"), over > 0);

        let calls: Vec<_> = (0..TOOL_CALLS_MAX + over)
            .map(|index| json!({"index": index, "function": {"name": "f"}}))
            .collect();
        let answer = json!({"choices": [{"message": {"tool_calls": calls}}]}).to_string();
        let event = call(&json!({}), ASK.as_bytes(), answer.as_bytes())?;
        assert_eq!(
            own(&event, "/response/tool_calls")
                .as_array()
                .unwrap()
                .len(),
            TOOL_CALLS_MAX
        );
        assert_eq!(notes(&event).contains(&"tool_calls_truncated"), over > 0);

        let stop = "s".repeat(PARAMETER_BYTES_MAX - 2 + over);
        let ask = json!({"messages": [], "stop": stop}).to_string();
        let event = call(&json!({}), ask.as_bytes(), OPENAI_ANSWER.as_bytes())?;
        assert_eq!(event["model_parameters"]["stop"].is_null(), over > 0);
        assert_eq!(notes(&event).contains(&"parameter_too_large"), over > 0);
    }
    Ok(())
}

#[test]
fn names_and_messages_are_kept_up_to_their_limits() -> Result<()> {
    use audit_layer_core::limits::{ERROR_MESSAGE_BYTES_MAX, NAME_BYTES_MAX};
    for over in [0, 1] {
        let name = "n".repeat(NAME_BYTES_MAX + over);
        let message = "m".repeat(ERROR_MESSAGE_BYTES_MAX + over);
        let ask = json!({"model": name, "messages": [], "user": name}).to_string();
        let answers = [
            json!({"id": name, "model": name}),
            json!({"choices": [{"finish_reason": name}]}),
            json!({"choices": [{"message": {"tool_calls": [{"id": name, "function": {"name": name}}]}}]}),
            json!({"error": {"type": name, "code": name, "message": message}}),
        ];
        for answer in answers {
            let event = call(
                &json!({}),
                b"{\"messages\":[]}",
                answer.to_string().as_bytes(),
            )?;
            assert_eq!(
                notes(&event).contains(&"name_truncated"),
                over > 0,
                "{answer}"
            );
            assert!(!event.to_string().contains(&"n".repeat(NAME_BYTES_MAX + 1)));
            assert!(
                !event
                    .to_string()
                    .contains(&"m".repeat(ERROR_MESSAGE_BYTES_MAX + 1))
            );
        }
        let event = call(&json!({}), ask.as_bytes(), OPENAI_ANSWER.as_bytes())?;
        assert_eq!(notes(&event).contains(&"name_truncated"), over > 0);
        assert_eq!(event["model_name"].as_str().unwrap().len(), NAME_BYTES_MAX);
        assert_eq!(event["user_id"].as_str().unwrap().len(), NAME_BYTES_MAX);
    }
    Ok(())
}

#[test]
fn a_full_queue_gives_up_its_oldest_event() -> Result<()> {
    for (calls, dead) in [(4, 0), (5, 0), (6, 1)] {
        let configuration = configured(|plugin| {
            plugin["delivery"]["queue"] = json!({"max_events": 5});
        });
        let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
        let down = |_: &_| Fate::Lost(Outcome::status(503));
        proxy.host.set_cluster(CLUSTER, proxy.api.deciding(down));
        for _ in 0..calls {
            whole_call(
                &proxy.vm.stream(),
                OPENAI,
                ASK.as_bytes(),
                OPENAI_ANSWER.as_bytes(),
            );
        }
        let letters = proxy.dead_letters();
        assert_eq!(letters.len(), dead);
        for letter in letters {
            assert_eq!(letter.reason, "queue_full");
            assert_eq!(own(&letter.event, "/writer/seq"), 1);
        }
        let metrics = proxy.host.metrics();
        assert_eq!(metrics["audit_layer.queue_events"], calls.min(5));
        assert_eq!(metrics["audit_layer.events_dead_lettered"], dead as u64);
    }
    Ok(())
}

#[test]
fn deliveries_on_their_way_are_bounded() -> Result<()> {
    let proxy = Proxy::with(
        Profile::envoy(),
        &plugin()?.configuration(configured(|plugin| {
            plugin["delivery"]["batch"]["max_events"] = json!(1);
        })),
    )?;
    proxy
        .host
        .set_cluster(CLUSTER, proxy.api.deciding(|_| Fate::Lost(Outcome::Hang)));
    for _ in 0..20 {
        whole_call(
            &proxy.vm.stream(),
            OPENAI,
            ASK.as_bytes(),
            OPENAI_ANSWER.as_bytes(),
        );
    }
    proxy.host.advance(std::time::Duration::from_secs(1));
    let max = audit_layer_core::limits::BATCHES_IN_FLIGHT_MAX;
    assert_eq!(proxy.host.callouts().len(), max);
    Ok(())
}

#[test]
fn a_long_stream_takes_no_memory_for_its_length() -> Result<()> {
    let proxy = Proxy::new()?;
    let event = r#"data: {"choices":[{"delta":{"content":"0123456789abcdef"}}]}"#;
    let chunk = format!("{event}\n\n").repeat(500);
    let feed = |chunks: usize| {
        let stream = proxy.vm.stream();
        stream.request(request_head(OPENAI), ASK);
        stream.response_headers(response_head(200));
        for _ in 0..chunks {
            stream.response_body(&chunk);
        }
        answered_upstream(&stream);
        stream.finish();
        proxy.events();
        proxy.vm.memory_bytes()
    };
    // Some that fill the event's content, until the allocator has settled; ten times as much of a
    // stream needs no more.
    feed(200);
    feed(200);
    let filled = feed(200);
    assert_eq!(feed(2_000), filled);
    Ok(())
}

/// The event of a call under these limits.
fn call(limits: &Value, ask: &[u8], answer: &[u8]) -> Result<Value> {
    let configuration = configured(|plugin| plugin["capture"]["limits"] = limits.clone());
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(configuration))?;
    let stream = proxy.vm.stream();
    whole_call(&stream, OPENAI, ask, answer);
    assert_eq!(stream.upstream().body, ask);
    assert_eq!(stream.downstream().body, answer);
    Ok(proxy.event())
}

/// The usual configuration with a change.
fn configured(change: impl FnOnce(&mut Value)) -> String {
    let mut plugin = serde_json::from_str(BATCHED).unwrap();
    change(&mut plugin);
    plugin.to_string()
}

/// JSON made longer by the blanks that JSON allows before its last bracket.
fn padded(json: &str, size: usize) -> Vec<u8> {
    let (start, end) = json.split_at(json.len() - 1);
    format!("{start}{}{end}", " ".repeat(size - json.len())).into_bytes()
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(text);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
