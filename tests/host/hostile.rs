//! Clients and models that mean no good, many at once: the audit of a worker outlives them.

use anyhow::Result;
use audit_layer_core::limits::VM_BYTES_MAX;
use audit_layer_tests::hostile::{CODINGS, REQUEST, RESPONSE};
use proxy_wasm_host_test::{Headers, Stream};
use serde_json::Value;

use crate::call::{ASK, OPENAI, OPENAI_ANSWER, notes, request_head, response_head};
use crate::proxy::Proxy;

/// Streams that are open at the same time.
const STREAMS: usize = 2_000;

/// What a host gives to a VM.
const HOST_BYTES: usize = 1 << 30;

/// Reading a piece and ending a call take less than what is left, were half of it in pieces too
/// small.
const _: () = assert!(VM_BYTES_MAX < HOST_BYTES / 3);

#[test]
fn a_worker_outlives_two_thousand_hostile_streams_of_every_coding() -> Result<()> {
    for (coding, encode) in CODINGS {
        // What is no JSON is let go sooner when calls end; in one coding it is.
        let [request, response] = match coding {
            "br" => [REQUEST, RESPONSE],
            _ => [("", ""); 2],
        };
        let request = encode(request);
        outlives(&format!("requests in {coding}"), |stream| {
            let head: Headers = request_head(OPENAI).with("content-encoding", coding);
            stream.request_headers(head);
            stream.request_body(&request);
        })?;
        let response = encode(response);
        outlives(&format!("answers in {coding}"), |stream| {
            stream.request(request_head(OPENAI), ASK);
            stream.response_headers(response_head(200).with("content-encoding", coding));
            stream.response_body(&response);
        })?;
    }
    Ok(())
}

/// The events that were delivered, and those that were too many to wait for that.
fn recorded(proxy: &Proxy) -> Vec<Value> {
    let dead = proxy.dead_letters().into_iter();
    let mut events = proxy.events();
    events.extend(dead.map(|letter| letter.event));
    events
}

/// Opens streams that get so far, all of them before the first ends.
fn outlives(what: &str, open: impl Fn(&Stream)) -> Result<()> {
    let proxy = Proxy::new()?;
    let streams: Vec<Stream> = std::iter::repeat_with(|| {
        let stream = proxy.vm.stream();
        open(&stream);
        stream
    })
    .take(STREAMS)
    .collect();
    // Somebody else's call in the middle of it.
    let other = proxy.vm.stream();
    other.request(request_head(OPENAI), ASK);
    other.response(response_head(200), OPENAI_ANSWER);
    other.finish();
    let taken = proxy.vm.memory_bytes();
    for stream in streams {
        stream.client_disconnect();
        stream.finish();
    }
    assert_eq!(proxy.vm.trap(), None, "{what}");
    let events = recorded(&proxy);
    let unread = events
        .iter()
        .filter(|event| notes(event).contains(&"memory_short"));
    let unread = unread.count();
    let most = proxy.vm.memory_bytes();
    println!("{what}: {unread} unread, {taken} bytes while they are open, {most} at most");
    assert_eq!(events.len(), STREAMS + 1, "{what}: an event each");
    assert!(unread > 0 && unread < STREAMS, "{what}: {unread} unread");
    assert!(most < HOST_BYTES / 4 * 3, "{what}: {most} bytes");
    // A call has two bodies.
    let bodies = usize::try_from(proxy.host.metrics()["audit_layer.bodies_unread"])?;
    assert!(
        (unread..=2 * unread).contains(&bodies),
        "{what}: {bodies} bodies of {unread} calls"
    );
    // When they are gone all is read again.
    let after = proxy.vm.stream();
    after.request(request_head(OPENAI), ASK);
    after.response(response_head(200), OPENAI_ANSWER);
    after.finish();
    let all = recorded(&proxy);
    let last = proxy.api.events().pop().expect("an event");
    assert_eq!(all.len(), STREAMS + 2, "{what}");
    assert_eq!(last["prompt_content"], "Hé?", "{what}");
    Ok(())
}
