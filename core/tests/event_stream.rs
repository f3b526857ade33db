//! AWS's own implementation of event streams, as a second opinion on ours.
//!
//! What it writes, ours reads as it does; where it finds a bit wrong, ours hands nothing over.

use std::time::SystemTime;

use audit_layer_core::framing::event_stream::Decoder;
use audit_layer_core::framing::{FramingError, Kind};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

/// What a message says: its name, its data, and whether it is an error.
type Said = (String, String, Kind);

/// Messages with headers of every type, in every order of types that matters.
fn messages() -> Vec<Message> {
    let text = |value: &'static str| HeaderValue::String(value.into());
    let others = [
        HeaderValue::Bool(true),
        HeaderValue::Bool(false),
        HeaderValue::Byte(-1),
        HeaderValue::Int16(i16::MIN),
        HeaderValue::Int32(i32::MAX),
        HeaderValue::Int64(i64::MIN),
        HeaderValue::ByteArray(b"\0:event-type\x07".as_slice().into()),
        HeaderValue::Timestamp(SystemTime::UNIX_EPOCH.into()),
        HeaderValue::Uuid(u128::MAX),
        text(""),
        text(":event-type"),
    ];
    let mut messages = vec![
        Message::new(""),
        Message::new("{}"),
        Message::new("no JSON, and no header"),
    ];
    for (kind, name, value) in [
        ("event", ":event-type", "contentBlockDelta"),
        ("exception", ":exception-type", "throttlingException"),
        ("error", ":error-code", "InternalError"),
    ] {
        let named = |message: Message| {
            let message = message.add_header(Header::new(":message-type", text(kind)));
            message.add_header(Header::new(name, text(value)))
        };
        messages.push(named(Message::new(r#"{"delta":{"text":"Grüße"}}"#)));
        for other in &others {
            let before = Message::new(r#"{"a":1}"#).add_header(Header::new("x", other.clone()));
            let after = named(Message::new("[]")).add_header(Header::new("y", other.clone()));
            messages.extend([named(before), after]);
        }
    }
    let words = Header::new(":error-message", text("what went wrong"));
    let kind = Header::new(":message-type", text("error"));
    messages.push(Message::new("").add_header(kind).add_header(words));
    messages
}

fn written(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_message_to(message, &mut bytes).unwrap();
    bytes
}

/// What AWS's reader finds in a message, as our readers of formats want it.
fn by_aws(mut bytes: &[u8]) -> Option<Said> {
    let message = read_message_from(&mut bytes).ok()?;
    let header = |name: &str| {
        let headers = message.headers().iter();
        let mut values = headers.filter(|header| header.name().as_str() == name);
        let value = values
            .next_back()?
            .value()
            .as_string()
            .ok()?
            .as_str()
            .to_owned();
        Some(value)
    };
    let (kind, name) = match header(":message-type").as_deref() {
        Some("exception") => (Kind::Error, header(":exception-type")),
        Some("error") => (Kind::Error, header(":error-code")),
        _ => (Kind::Event, header(":event-type")),
    };
    let payload = String::from_utf8_lossy(message.payload()).into_owned();
    let words = header(":error-message").filter(|_| kind == Kind::Error && payload.is_empty());
    Some((name.unwrap_or_default(), words.unwrap_or(payload), kind))
}

fn by_us(pieces: &[&[u8]]) -> (Vec<Said>, Result<(), FramingError>) {
    let (mut decoder, mut said, mut result) = (Decoder::default(), Vec::new(), Ok(()));
    for piece in pieces {
        result = result.and(decoder.push(piece, |message| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            said.push((text(message.name), text(message.data), message.kind));
        }));
    }
    (said, result.and(decoder.finish()))
}

#[test]
fn what_aws_writes_is_read_as_aws_reads_it() {
    let messages = messages();
    assert!(messages.len() > 60);
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for message in &messages {
        let bytes = written(message);
        let said = by_aws(&bytes).unwrap();
        assert_eq!(
            by_us(&[&bytes]),
            (vec![said.clone()], Ok(())),
            "{message:?}"
        );
        stream.extend(bytes);
        expected.push(said);
    }
    for size in [1, 7, 4096] {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        assert_eq!(
            by_us(&pieces),
            (expected.clone(), Ok(())),
            "pieces of {size}"
        );
    }
}

#[test]
fn where_a_bit_is_wrong_nothing_is_handed_over() {
    for message in messages() {
        let bytes = written(&message);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(by_aws(&wrong), None, "AWS takes bit {bit} of {message:?}");
            let (said, result) = by_us(&[&wrong]);
            assert!(
                said.is_empty() && result.is_err(),
                "bit {bit} of {message:?}: {said:?}"
            );
        }
    }
}
