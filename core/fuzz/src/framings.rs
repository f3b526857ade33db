//! Bodies cut into messages: no split changes what is found, or how the body is read.
//!
//! An input is a byte that picks the framing, a byte that seeds the cuts, and a body.

use audit_layer_core::framing::event_stream::PRELUDE_BYTES;
use audit_layer_core::framing::{
    Decoder, Framing, FramingError, Hint, Kind, Message, Sniffer, event_stream, json_array, ndjson,
    sse,
};
use audit_layer_core::limits::{EVENT_STREAM_HEADERS_BYTES_MAX, STREAM_EVENT_BYTES_MAX};
use flate2::Crc;

use crate::{cuts, pick};

/// Every framing, once more with checksums that no mutation would hit, and what decides on one.
const KINDS: [fn(u8, &[u8]); 6] = [
    |seed, body| decoded(|| Decoder::Sse(sse::Decoder::default()), seed, body),
    |seed, body| decoded(|| Decoder::Ndjson(ndjson::Decoder::default()), seed, body),
    array,
    aws,
    |seed, body| aws(seed, &with_checksums(body)),
    sniffed,
];

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    if let [kind, seed, body @ ..] = input {
        pick(&KINDS, *kind)(*seed, body);
    }
}

fn array(seed: u8, body: &[u8]) {
    decoded(
        || Decoder::JsonArray(json_array::Decoder::default()),
        seed,
        body,
    );
}

fn aws(seed: u8, body: &[u8]) {
    decoded(
        || Decoder::EventStream(event_stream::Decoder::default()),
        seed,
        body,
    );
}

fn decoded(decoder: impl Fn() -> Decoder, seed: u8, body: &[u8]) {
    let whole = messages(decoder(), &[body]);
    assert_eq!(messages(decoder(), &cuts::pieces(seed, body)), whole);
}

#[derive(Debug, PartialEq)]
struct Found {
    name: Vec<u8>,
    data: Vec<u8>,
    is_error: bool,
    cut: bool,
}

/// Every message of a body, and the first error.
fn messages(mut decoder: Decoder, pieces: &[&[u8]]) -> (Vec<Found>, Result<(), FramingError>) {
    let mut found = Vec::new();
    let mut deliver = |message: Message<'_>| {
        assert!(message.data.len() <= STREAM_EVENT_BYTES_MAX.max(EVENT_STREAM_HEADERS_BYTES_MAX));
        found.push(Found {
            name: message.name.to_vec(),
            data: message.data.to_vec(),
            is_error: message.kind == Kind::Error,
            cut: message.cut,
        });
    };
    let mut result = Ok(());
    for piece in pieces {
        result = result.and(decoder.push(piece, &mut deliver));
    }
    result = result.and(decoder.finish(&mut deliver));
    (found, result)
}

/// What the body's lengths call messages, with right checksums.
fn with_checksums(body: &[u8]) -> Vec<u8> {
    let mut mended = body.to_vec();
    let mut rest = mended.as_mut_slice();
    while let Some(length) = rest.first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length < PRELUDE_BYTES + 4 || length > rest.len() {
            break;
        }
        let (message, after) = rest.split_at_mut(length);
        for end in [PRELUDE_BYTES, length] {
            let (covered, checksum) = message[..end].split_at_mut(end - 4);
            let mut crc = Crc::new();
            crc.update(covered);
            checksum.copy_from_slice(&crc.sum().to_be_bytes());
        }
        rest = after;
    }
    mended
}

fn sniffed(seed: u8, body: &[u8]) {
    for hint in [Hint::Json, Hint::Lines, Hint::Array, Hint::Other] {
        let whole = sniff(hint, &[body]);
        assert_eq!(sniff(hint, &cuts::pieces(seed, body)), whole);
        let (_, seen) = whole;
        assert!(body.ends_with(&seen), "only a beginning is passed over");
    }
}

/// The framing, and the body behind what was passed over.
fn sniff(hint: Hint, pieces: &[&[u8]]) -> (Option<&'static str>, Vec<u8>) {
    let mut sniffer = Sniffer::new(hint);
    for (at, piece) in pieces.iter().enumerate() {
        let Some(sniffed) = sniffer.push(piece) else {
            continue;
        };
        assert!(sniffed.head.len() <= PRELUDE_BYTES);
        let body = [&sniffed.head, sniffed.rest, &pieces[at + 1..].concat()].concat();
        return (Some(name(&sniffed.framing)), body);
    }
    (None, sniffer.head().to_vec())
}

fn name(framing: &Framing) -> &'static str {
    match framing {
        Framing::Plain => "document",
        Framing::Stream(Decoder::Sse(_)) => "events",
        Framing::Stream(Decoder::Ndjson(_)) => "lines",
        Framing::Stream(Decoder::JsonArray(_)) => "array",
        Framing::Stream(Decoder::EventStream(_)) => "AWS events",
    }
}
