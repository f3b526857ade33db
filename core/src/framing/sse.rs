//! Server-sent events, decoded incrementally.
//!
//! Follows the event stream interpretation of the WHATWG HTML standard, section 9.2.6, with two
//! differences: an event that the end of the body leaves unterminated is still delivered, since
//! providers do omit the last blank line. And the field `error`, which the standard does not know
//! and older builds of llama.cpp send in the place of `data`, makes the event an error.

use std::mem;

use super::message::{Kind, Message, kept};
use crate::find;
use crate::json::Kept;
use crate::limits::NAME_BYTES_MAX;

/// Finds the events in a body that comes in pieces, wherever it is split.
///
/// Holds at most one event of [`STREAM_EVENT_BYTES_MAX`](crate::limits::STREAM_EVENT_BYTES_MAX)
/// bytes, whose name has [`NAME_BYTES_MAX`] at most.
#[derive(Debug)]
pub struct Decoder {
    place: Place,
    /// What came of a field's name.
    field: Vec<u8>,
    name: Vec<u8>,
    data: Kept,
    has_data: bool,
    cut: bool,
    is_error: bool,
    after_return: bool,
}

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the name of its field.
    Field,
    /// Behind the colon, where a blank does not count.
    Colon(Field),
    /// In the field's value.
    Value(Field),
}

/// A field that is read or passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Data,
    Name,
    /// Comments, ids, reconnection times and what is unknown.
    Other,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            place: Place::Field,
            field: Vec::new(),
            name: Vec::new(),
            data: kept(),
            has_data: false,
            cut: false,
            is_error: false,
            after_return: false,
        }
    }
}

impl Decoder {
    /// Takes the next bytes and hands every event that they complete to `deliver`.
    pub fn push(&mut self, chunk: &[u8], mut deliver: impl FnMut(Message<'_>)) {
        let mut rest = chunk;
        if mem::take(&mut self.after_return) {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_return = chunk.is_empty();
        }
        while let Some(end) = find::any([b'\n', b'\r'], rest) {
            let (line, ending) = rest.split_at(end);
            self.take(line);
            self.end_line(&mut deliver);
            rest = match ending {
                [b'\r', b'\n', after @ ..] => after,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [_, after @ ..] => after,
                [] => &[],
            };
        }
        self.take(rest);
    }

    /// The body ended: hands over what stands unterminated.
    pub fn finish(&mut self, mut deliver: impl FnMut(Message<'_>)) {
        if self.place != Place::Field || !self.field.is_empty() {
            self.end_line(&mut deliver);
        }
        self.end_event(&mut deliver);
    }

    /// Takes bytes of a line.
    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.place == Place::Field {
            let colon = find::any([b':'], rest);
            let (name, after) = rest.split_at(colon.unwrap_or(rest.len()));
            let room = NAME_BYTES_MAX.saturating_sub(self.field.len());
            self.field
                .extend_from_slice(name.get(..room).unwrap_or(name));
            if colon.is_none() {
                return;
            }
            self.begin_value();
            rest = after.get(1..).unwrap_or_default();
        }
        if let Place::Colon(field) = self.place {
            if rest.is_empty() {
                return;
            }
            rest = rest.strip_prefix(b" ").unwrap_or(rest);
            self.place = Place::Value(field);
        }
        match self.place {
            Place::Value(Field::Data) => self.data.push(rest),
            Place::Value(Field::Name) => {
                let room = NAME_BYTES_MAX.saturating_sub(self.name.len());
                let kept = rest.get(..room).unwrap_or(rest);
                self.cut |= kept.len() < rest.len();
                self.name.extend_from_slice(kept);
            }
            _ => {}
        }
    }

    /// The name of a field has come.
    fn begin_value(&mut self) {
        let field = match self.field.as_slice() {
            b"data" | b"error" => {
                self.is_error |= self.field == b"error";
                if mem::replace(&mut self.has_data, true) {
                    self.data.push(b"\n");
                }
                Field::Data
            }
            b"event" => {
                self.name.clear();
                Field::Name
            }
            _ => Field::Other,
        };
        self.field.clear();
        self.place = Place::Colon(field);
    }

    fn end_line(&mut self, deliver: &mut impl FnMut(Message<'_>)) {
        if self.place == Place::Field {
            if self.field.is_empty() {
                self.end_event(deliver);
                return;
            }
            // A line without a colon is a field without a value.
            self.begin_value();
        }
        self.place = Place::Field;
    }

    fn end_event(&mut self, deliver: &mut impl FnMut(Message<'_>)) {
        if mem::take(&mut self.has_data) {
            let data = Message::kept(&self.data);
            deliver(Message {
                name: &self.name,
                kind: if self.is_error {
                    Kind::Error
                } else {
                    Kind::Event
                },
                cut: data.cut || self.cut,
                ..data
            });
        }
        self.name.clear();
        self.data.clear();
        (self.cut, self.is_error) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::STREAM_EVENT_BYTES_MAX;

    fn decode(pieces: &[&[u8]]) -> Vec<(String, String, bool)> {
        let mut events = Vec::new();
        let mut decoder = Decoder::default();
        let mut deliver = |event: Message<'_>| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            events.push((text(event.name), text(event.data), event.cut));
        };
        for piece in pieces {
            decoder.push(piece, &mut deliver);
        }
        decoder.finish(&mut deliver);
        events
    }

    fn event(name: &str, data: &str) -> (String, String, bool) {
        (name.to_owned(), data.to_owned(), false)
    }

    #[test]
    fn fields_comments_and_line_ends_are_read_as_the_standard_says() {
        let body = b": comment\ndata: a\r\ndata:b\rid: 1\nretry\n\nevent: e\ndata:  c\n\ndata\n\n";
        assert_eq!(
            decode(&[body]),
            [event("", "a\nb"), event("e", " c"), event("", "")]
        );
    }

    #[test]
    fn an_unterminated_last_event_is_delivered() {
        assert_eq!(
            decode(&[b"data: a\n\ndata: b"]),
            [event("", "a"), event("", "b")]
        );
        assert_eq!(decode(&[b"data: a\n\nevent: x\n"]), [event("", "a")]);
    }

    #[test]
    fn the_field_error_makes_an_event_an_error_wherever_it_is_cut() {
        let body = b"data: a\n\nerror: {}\n\ndata: b\n\n";
        for cut in 0..=body.len() {
            let (first, second) = body.split_at(cut);
            let mut decoder = Decoder::default();
            let mut kinds = Vec::new();
            let mut deliver = |event: Message<'_>| kinds.push((event.kind, event.data.to_vec()));
            decoder.push(first, &mut deliver);
            decoder.push(second, &mut deliver);
            let expected = [
                (Kind::Event, b"a".to_vec()),
                (Kind::Error, b"{}".to_vec()),
                (Kind::Event, b"b".to_vec()),
            ];
            assert_eq!(kinds, expected, "cut at {cut}");
        }
    }

    #[test]
    fn u2028_is_no_line_end() {
        assert_eq!(
            decode(&["data: a\u{2028}b\n\n".as_bytes()]),
            [event("", "a\u{2028}b")]
        );
    }

    #[test]
    fn any_two_cuts_give_the_same_events() {
        let body =
            "event: é\r\ndata: \u{1f600}\r\n\r\n\r\ndata:1\rdata:2\r\r: c\n\ndata: z".as_bytes();
        let whole = decode(&[body]);
        assert_eq!(whole.len(), 3);
        for first in 0..=body.len() {
            for second in first..=body.len() {
                let pieces = [&body[..first], &body[first..second], &body[second..]];
                assert_eq!(decode(&pieces), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn an_event_over_the_limit_is_cut_and_the_next_one_whole() {
        for size in [
            STREAM_EVENT_BYTES_MAX,
            STREAM_EVENT_BYTES_MAX + 1,
            STREAM_EVENT_BYTES_MAX * 3,
        ] {
            let body = format!("data: {}\n\ndata: next\n\n", "x".repeat(size));
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(4096).collect();
            let events = decode(&pieces);
            assert_eq!(events[0].2, size > STREAM_EVENT_BYTES_MAX);
            assert!(events[0].1.len() <= STREAM_EVENT_BYTES_MAX);
            assert_eq!(events[1], event("", "next"));
        }
    }
}
