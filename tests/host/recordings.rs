//! Recorded traffic through the module that ships: the same event as natively, whatever the pieces.

use anyhow::{Result, ensure};
use audit_layer_tests::recordings::{self, Recording, native};
use proxy_wasm_host_test::{Headers, Level, Stream};
use serde_json::Value;

use crate::call::{answered_upstream, untouched};
use crate::proxy::Proxy;

#[test]
fn recorded_exchanges_give_the_event_of_the_native_core() -> Result<()> {
    let Some(recordings) = recordings::all()? else {
        return Ok(());
    };
    let replayed = recordings::in_parallel(recordings, replay_all)?;
    let audited = replayed.iter().filter(|is_audited| **is_audited).count();
    println!("{audited} recorded exchanges through the wasm");
    ensure!(audited > 0, "no recording gave an event");
    Ok(())
}

/// Whether each of these recordings gave an event.
fn replay_all(recordings: &[Recording]) -> Result<Vec<bool>> {
    // A new one for some recordings at a time, as it keeps what passed.
    let proxy = Proxy::new()?;
    let mut audited = Vec::new();
    for recording in recordings {
        let expected = native::event(recording, usize::MAX)?.map(native::comparable);
        for piece in [usize::MAX, 4096, 7, 1] {
            let event = replay(&proxy, recording, piece)?.map(native::comparable);
            ensure!(
                event == expected,
                "{recording:?} in pieces of {piece}:\n{event:#?}\nbut natively\n{expected:#?}"
            );
        }
        audited.push(expected.is_some());
    }
    Ok(audited)
}

/// The event that is delivered of an exchange whose bodies come in pieces of a size.
fn replay(proxy: &Proxy, recording: &Recording, piece: usize) -> Result<Option<Value>> {
    let stream = proxy.vm.stream();
    pass(&stream, recording, piece);
    drop(stream);
    proxy.events();
    drop(proxy.host.take_ended_callouts());
    let mut events = proxy.api.take_events();
    ensure!(events.len() <= 1, "{recording:?}: {events:#?}");
    let mut log = proxy.host.log_text(Level::Warn);
    // Of the configuration, and said once.
    log.retain(|line| !line.contains("are stored in full"));
    ensure!(log.is_empty(), "{recording:?}: {log:?}");
    Ok(events.pop())
}

fn pass(stream: &Stream, recording: &Recording, piece: usize) {
    stream.request_headers(headers(recording.request_head()));
    for piece in recording.request().chunks(piece) {
        stream.request_body(piece);
    }
    untouched(&stream.request_end());
    answered_upstream(stream);
    stream.response_headers(headers(recording.response_head()));
    for piece in recording.response().chunks(piece) {
        stream.response_body(piece);
    }
    untouched(&stream.response_end());
    untouched(&stream.finish());
}

fn headers(head: Vec<(String, String)>) -> Headers {
    head.into_iter()
        .fold(Headers::new(), |headers, (name, value)| {
            headers.with(name, value)
        })
}
