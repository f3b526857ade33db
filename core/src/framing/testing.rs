//! What the tests of all framings share.

use flate2::Crc;

use super::{Decoder, FramingError, Kind, Message};

/// A message that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) kind: Kind,
    pub(crate) cut: bool,
}

pub(crate) fn event(name: &str, data: &str) -> Sent {
    Sent {
        name: name.to_owned(),
        data: data.to_owned(),
        kind: Kind::Event,
        cut: false,
    }
}

pub(crate) fn cut_event(data: &str) -> Sent {
    Sent {
        cut: true,
        ..event("", data)
    }
}

/// All messages of a body, and the first error.
pub(crate) fn decode(
    mut decoder: Decoder,
    pieces: &[&[u8]],
) -> (Vec<Sent>, Result<(), FramingError>) {
    let mut sent = Vec::new();
    let mut result = Ok(());
    let mut deliver = |message: Message<'_>| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        sent.push(Sent {
            name: text(message.name),
            data: text(message.data),
            kind: message.kind,
            cut: message.cut,
        });
    };
    for piece in pieces {
        result = result.and(decoder.push(piece, &mut deliver));
    }
    result = result.and(decoder.finish(&mut deliver));
    (sent, result)
}

pub(crate) fn check_every_two_cuts(decoder: impl Fn() -> Decoder, body: &[u8]) {
    let whole = decode(decoder(), &[body]);
    for first in 0..=body.len() {
        for second in first..=body.len() {
            let pieces = [&body[..first], &body[first..second], &body[second..]];
            assert_eq!(
                decode(decoder(), &pieces),
                whole,
                "cut at {first} and {second}"
            );
        }
    }
}

/// A message of an AWS event stream.
pub(crate) fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let number = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
    let mut bytes = number(headers.len() + payload.len() + 16).to_vec();
    bytes.extend(number(headers.len()));
    for part in [b"".as_slice(), &[headers, payload].concat()] {
        bytes.extend(part);
        let mut crc = Crc::new();
        crc.update(&bytes);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}

/// A header of an AWS event stream whose value is text.
pub(crate) fn text_header(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(name.len()).unwrap()];
    bytes.extend(name.as_bytes());
    bytes.push(7);
    bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    bytes.extend(value.as_bytes());
    bytes
}
