//! Wherever a body is cut, the event is the same and the body passes as it came.

use anyhow::Result;
use serde_json::Value;

use crate::call::{
    ANTHROPIC, ANTHROPIC_ANSWER, ANTHROPIC_STREAM, ASK, OPENAI, OPENAI_ANSWER, OPENAI_STREAM,
    answered_upstream, request_head, response_head, untouched,
};
use crate::proxy::Proxy;

/// Streams between two deliveries, so that the outbox never reaches its bounds.
const STREAMS: usize = 500;

#[test]
fn any_two_cuts_of_a_request_give_the_same_event() -> Result<()> {
    for path in [OPENAI, ANTHROPIC] {
        let body = ASK.as_bytes();
        check_cuts(body.len(), |proxy, cuts| {
            call(
                proxy,
                path,
                &pieces(body, cuts),
                &[OPENAI_ANSWER.as_bytes()],
            );
        })?;
    }
    Ok(())
}

#[test]
fn any_two_cuts_of_a_response_give_the_same_event() -> Result<()> {
    for (path, body) in [
        (OPENAI, OPENAI_ANSWER),
        (OPENAI, OPENAI_STREAM),
        (ANTHROPIC, ANTHROPIC_ANSWER),
        (ANTHROPIC, ANTHROPIC_STREAM),
    ] {
        let body = body.as_bytes();
        check_cuts(body.len(), |proxy, cuts| {
            call(proxy, path, &[ASK.as_bytes()], &pieces(body, cuts));
        })?;
    }
    Ok(())
}

/// Makes a call for each two cuts of `len` bytes, and compares the events.
fn check_cuts(len: usize, call: impl Fn(&Proxy, [usize; 2])) -> Result<()> {
    let proxy = Proxy::new()?;
    call(&proxy, [0, len]);
    let expected = comparable(proxy.event());
    let cuts: Vec<_> = (0..=len)
        .flat_map(|first| (first..=len).map(move |second| [first, second]))
        .collect();
    for some in cuts.chunks(STREAMS) {
        proxy.api.take_events();
        for cuts in some {
            call(&proxy, *cuts);
        }
        let events = proxy.events();
        assert_eq!(events.len(), some.len());
        for (event, cuts) in events.into_iter().zip(some) {
            assert_eq!(comparable(event), expected, "cut at {cuts:?}");
        }
        drop(proxy.host.take_ended_callouts());
    }
    Ok(())
}

/// A call whose bodies come in these pieces, each of which passes at once as it came.
fn call(proxy: &Proxy, path: &str, ask: &[&[u8]], answer: &[&[u8]]) {
    let stream = proxy.vm.stream();
    stream.request_headers(request_head(path));
    for piece in ask {
        assert_eq!(stream.request_body(piece).upstream.body, *piece);
    }
    stream.request_end();
    answered_upstream(&stream);
    stream.response_headers(response_head(200));
    for piece in answer {
        let step = stream.response_body(piece);
        assert_eq!(step.downstream.body, *piece);
        untouched(&step);
    }
    untouched(&stream.response_end());
    stream.finish();
}

fn pieces(body: &[u8], [first, second]: [usize; 2]) -> [&[u8]; 3] {
    [&body[..first], &body[first..second], &body[second..]]
}

/// The event without what differs from call to call.
fn comparable(mut event: Value) -> Value {
    event["request_id"].take();
    event["timestamp"].take();
    event["metadata"]["audit_layer"]["writer"]["seq"].take();
    event
}
