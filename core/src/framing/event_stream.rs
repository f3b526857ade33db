//! `application/vnd.amazon.eventstream`, decoded incrementally.
//!
//! Follows <https://smithy.io/2.0/aws/amazon-eventstream.html>. A message is its length and that
//! of its headers, the CRC-32 of these eight bytes, headers, payload, and the CRC-32 of all before;
//! numbers are big-endian. `:content-type` is not asked: readers tell JSON by themselves.

mod names;
mod prelude;

use flate2::Crc;

use super::message::{FramingError, Message, kept};
use crate::json::Kept;

use names::Names;
use prelude::{CHECKSUM_BYTES, number};
pub use prelude::{PRELUDE_BYTES, is_prelude};

/// Finds the messages in a body that comes in pieces, wherever it is split.
///
/// A message is handed over only when its checksum has been found right. Holds at most
/// [`EVENT_STREAM_HEADERS_BYTES_MAX`](crate::limits::EVENT_STREAM_HEADERS_BYTES_MAX) and
/// [`STREAM_EVENT_BYTES_MAX`](crate::limits::STREAM_EVENT_BYTES_MAX) bytes, and allocates only for
/// bytes that came. A larger payload is passed over, unless it fits without its long strings; its
/// checksum still counts.
#[derive(Debug)]
pub struct Decoder {
    part: Part,
    /// Bytes of the part that have not come.
    left: usize,
    /// Of the prelude or the checksum, what has come.
    fixed: Vec<u8>,
    headers: Vec<u8>,
    payload: Kept,
    payload_size: usize,
    crc: Crc,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Prelude,
    Headers,
    Payload,
    Checksum,
    /// Nothing: the messages can no longer be told apart.
    Broken,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            part: Part::Prelude,
            left: PRELUDE_BYTES,
            fixed: Vec::new(),
            headers: Vec::new(),
            payload: kept(),
            payload_size: 0,
            crc: Crc::new(),
        }
    }
}

impl Decoder {
    /// Takes the next bytes and hands every message that they complete to `deliver`.
    ///
    /// # Errors
    /// When a checksum is wrong, or lengths or headers are impossible. What follows an error is
    /// passed over.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut deliver: impl FnMut(Message<'_>),
    ) -> Result<(), FramingError> {
        let mut rest = chunk;
        while self.part != Part::Broken {
            let (piece, after) = rest.split_at(self.left.min(rest.len()));
            self.take(piece);
            if self.left > 0 {
                break;
            }
            if let Err(error) = self.end_part(&mut deliver) {
                *self = Self {
                    part: Part::Broken,
                    ..Self::default()
                };
                return Err(error);
            }
            rest = after;
        }
        Ok(())
    }

    /// The body ended.
    ///
    /// # Errors
    /// When it ended within a message.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        let is_between = self.part == Part::Prelude && self.fixed.is_empty();
        if is_between || self.part == Part::Broken {
            Ok(())
        } else {
            Err(FramingError::Unfinished)
        }
    }

    fn take(&mut self, piece: &[u8]) {
        self.left = self.left.saturating_sub(piece.len());
        match self.part {
            Part::Prelude | Part::Checksum => self.fixed.extend_from_slice(piece),
            Part::Headers => self.headers.extend_from_slice(piece),
            Part::Payload => self.payload.push(piece),
            Part::Broken => {}
        }
        if self.part != Part::Checksum {
            self.crc.update(piece);
        }
    }

    fn end_part(&mut self, deliver: &mut impl FnMut(Message<'_>)) -> Result<(), FramingError> {
        (self.part, self.left) = match self.part {
            Part::Prelude => {
                let sizes = prelude::read(&self.fixed)?;
                self.fixed.clear();
                self.payload_size = sizes.payload;
                (Part::Headers, sizes.headers)
            }
            Part::Headers => (Part::Payload, self.payload_size),
            Part::Payload => (Part::Checksum, CHECKSUM_BYTES),
            Part::Checksum => {
                self.end_message(deliver)?;
                (Part::Prelude, PRELUDE_BYTES)
            }
            Part::Broken => (Part::Broken, 0),
        };
        Ok(())
    }

    fn end_message(&mut self, deliver: &mut impl FnMut(Message<'_>)) -> Result<(), FramingError> {
        if number(&mut self.fixed.as_slice()) != Some(self.crc.sum()) {
            return Err(FramingError::Checksum);
        }
        let names = Names::read(&self.headers).ok_or(FramingError::Headers)?;
        let payload = Message::kept(&self.payload);
        // Of other payloads than JSON a beginning says nothing.
        let data = if payload.cut { b"" } else { payload.data };
        deliver(Message {
            cut: payload.cut,
            has_stubs: payload.has_stubs,
            ..names.message(data)
        });
        self.fixed.clear();
        self.headers.clear();
        self.payload.clear();
        self.crc.reset();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Kind;
    use super::super::testing::{self, Sent, check_every_two_cuts, event, frame, text_header};
    use super::super::{Decoder, event_stream};
    use super::*;
    use crate::limits::{
        EVENT_STREAM_HEADERS_BYTES_MAX, EVENT_STREAM_PAYLOAD_BYTES_MAX, STREAM_EVENT_BYTES_MAX,
    };

    fn decoder() -> Decoder {
        Decoder::EventStream(event_stream::Decoder::default())
    }

    fn decode(body: &[u8]) -> (Vec<Sent>, Result<(), FramingError>) {
        testing::decode(decoder(), &[body])
    }

    fn named(kind: &str, name: &str, value: &str) -> Vec<u8> {
        [
            text_header(":message-type", kind),
            text_header(name, value),
            text_header(":content-type", "application/json"),
        ]
        .concat()
    }

    /// Messages that AWS publishes with its own implementations.
    #[test]
    fn the_vectors_of_aws_are_read() {
        let empty = b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff".as_slice();
        let payload = b"\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
        let header = b"\0\0\0\x3d\0\0\0\x20\x07\xfd\x83\x96\x0ccontent-type\x07\0\x10\
            application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
        let body = [empty, payload, header].concat();
        let foo = event("", "{'foo':'bar'}");
        assert_eq!(
            decode(&body),
            (vec![event("", ""), foo.clone(), foo], Ok(()))
        );
        check_every_two_cuts(decoder, &body);
    }

    #[test]
    fn events_exceptions_and_errors_are_told_apart() {
        let error = [
            named("error", ":error-code", "InternalError"),
            text_header(":error-message", "An internal error occurred"),
        ]
        .concat();
        let body = [
            frame(&named("event", ":event-type", "messageStop"), b"{}"),
            frame(
                &named("exception", ":exception-type", "throttled"),
                b"{\"message\":\"m\"}",
            ),
            frame(&error, b""),
        ]
        .concat();
        let (sent, result) = decode(&body);
        assert_eq!(result, Ok(()));
        assert_eq!(sent[0], event("messageStop", "{}"));
        let failed = |name, data| Sent {
            kind: Kind::Error,
            ..event(name, data)
        };
        assert_eq!(sent[1], failed("throttled", "{\"message\":\"m\"}"));
        assert_eq!(
            sent[2],
            failed("InternalError", "An internal error occurred")
        );
        check_every_two_cuts(decoder, &body);
    }

    #[test]
    fn headers_of_every_type_are_passed_over() {
        let values: [(u8, &[u8]); 10] = [
            (0, b""),
            (1, b""),
            (2, b"\x07"),
            (3, b"\0\x07"),
            (4, b"\0\0\0\x07"),
            (5, b"\0\0\0\0\0\0\0\x07"),
            (6, b"\0\x02ab"),
            (7, b"\0\x02ab"),
            (8, b"\0\0\0\0\0\0\0\x07"),
            (9, &[7; 16]),
        ];
        let mut headers = Vec::new();
        for (kind, value) in values {
            headers.extend([&[1, b'h', kind], value].concat());
            let named = [headers.clone(), text_header(":event-type", "e")].concat();
            assert_eq!(
                decode(&frame(&named, b"x")),
                (vec![event("e", "x")], Ok(()))
            );
        }
        // Not text, so not a name.
        let bytes = b"\x0b:event-type\x06\0\x01e";
        assert_eq!(decode(&frame(bytes, b"x")).0, [event("", "x")]);
    }

    #[test]
    fn headers_that_cannot_be_read_stop_it() {
        for headers in [
            b"\x01".as_slice(),
            b"\x01h",
            b"\x01h\x0a",
            b"\x01h\x04\0\0\0",
            b"\x01h\x07\0",
            b"\x01h\x07\0\x02a",
        ] {
            let body = [frame(headers, b"x"), frame(b"", b"y")].concat();
            assert_eq!(decode(&body), (vec![], Err(FramingError::Headers)));
        }
    }

    #[test]
    fn no_flipped_bit_is_missed_and_what_came_before_it_stays() {
        let first = frame(b"", b"a");
        let second = frame(&text_header(":event-type", "e"), b"b");
        for at in 0..second.len() {
            for bit in 0..8 {
                let mut body = [first.clone(), second.clone(), first.clone()].concat();
                body[first.len() + at] ^= 1 << bit;
                let expected = (vec![event("", "a")], Err(FramingError::Checksum));
                assert_eq!(decode(&body), expected, "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_within_a_message_is_told() {
        let whole = frame(&text_header(":event-type", "e"), b"{}");
        let body = whole.repeat(2);
        for end in 0..=body.len() {
            let (sent, result) = decode(&body[..end]);
            assert_eq!(sent.len(), end / whole.len());
            assert_eq!(result.is_ok(), end % whole.len() == 0, "{end}");
        }
    }

    fn prelude(total: usize, headers: usize) -> Vec<u8> {
        let number = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
        let mut bytes = [number(total), number(headers)].concat();
        let mut crc = Crc::new();
        crc.update(&bytes);
        bytes.extend(crc.sum().to_be_bytes());
        bytes
    }

    #[test]
    fn impossible_lengths_stop_it_before_anything_is_kept() {
        let (headers, payload) = (
            EVENT_STREAM_HEADERS_BYTES_MAX,
            EVENT_STREAM_PAYLOAD_BYTES_MAX,
        );
        for (total, headers, is_possible) in [
            (0, 0, false),
            (15, 0, false),
            (16, 0, true),
            (16, 1, false),
            (17, 1, true),
            (headers + 15, headers - 1, true),
            (headers + 16, headers, true),
            (headers + 17, headers + 1, false),
            (payload + 15, 0, true),
            (payload + 16, 0, true),
            (payload + 17, 0, false),
            (0xffff_ffff, 0, false),
            (0xffff_ffff, 0xffff_ffff, false),
        ] {
            let mut decoder = event_stream::Decoder::default();
            let result = decoder.push(&prelude(total, headers), |_| {});
            assert_eq!(result.is_ok(), is_possible, "{total} {headers}");
            assert!(decoder.headers.capacity() + decoder.payload.capacity() == 0);
        }
    }

    #[test]
    fn a_payload_over_the_limit_is_passed_over_and_the_next_one_whole() {
        for size in [
            STREAM_EVENT_BYTES_MAX - 1,
            STREAM_EVENT_BYTES_MAX,
            STREAM_EVENT_BYTES_MAX + 1,
            STREAM_EVENT_BYTES_MAX * 3,
        ] {
            let cut = size > STREAM_EVENT_BYTES_MAX;
            let payload = "x".repeat(size);
            let mut body = frame(&text_header(":event-type", "e"), payload.as_bytes());
            let end = body.len();
            body.extend(frame(b"", b"next"));
            let first = Sent {
                cut,
                ..event("e", if cut { "" } else { &payload })
            };
            let expected = vec![first, event("", "next")];
            assert!(decode(&body) == (expected, Ok(())), "{size}");
            // The checksum of what was passed over counts.
            body[end - 5] ^= 1;
            assert_eq!(decode(&body), (vec![], Err(FramingError::Checksum)));
        }
    }
}
