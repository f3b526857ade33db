//! Newline-delimited JSON, decoded incrementally: one message a line.
//!
//! Follows <https://github.com/ndjson/ndjson-spec>: `\n` alone ends a line, and blank lines are
//! passed over. The last line needs no end.

use super::message::{Message, kept};
use crate::find;
use crate::json::Kept;

/// Finds the lines in a body that comes in pieces, wherever it is split.
///
/// Holds at most one line of [`STREAM_EVENT_BYTES_MAX`](crate::limits::STREAM_EVENT_BYTES_MAX)
/// bytes.
#[derive(Debug)]
pub struct Decoder {
    line: Kept,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { line: kept() }
    }
}

impl Decoder {
    /// Takes the next bytes and hands every line that they complete to `deliver`.
    pub fn push(&mut self, chunk: &[u8], mut deliver: impl FnMut(Message<'_>)) {
        let mut rest = chunk;
        while let Some(end) = find::any([b'\n'], rest) {
            let (line, ending) = rest.split_at(end);
            self.line.push(line);
            self.end_line(&mut deliver);
            rest = ending.strip_prefix(b"\n").unwrap_or_default();
        }
        self.line.push(rest);
    }

    /// The body ended: hands over a line that has no end.
    pub fn finish(&mut self, mut deliver: impl FnMut(Message<'_>)) {
        self.end_line(&mut deliver);
    }

    fn end_line(&mut self, deliver: &mut impl FnMut(Message<'_>)) {
        let line = Message::kept(&self.line);
        let data = line.data.strip_suffix(b"\r").unwrap_or(line.data);
        if line.cut || !data.trim_ascii().is_empty() {
            deliver(Message { data, ..line });
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Sent, cut_event, event};
    use super::super::{Decoder, ndjson};
    use crate::limits::STREAM_EVENT_BYTES_MAX;

    fn decode(body: &[u8]) -> Vec<Sent> {
        let decoder = || Decoder::Ndjson(ndjson::Decoder::default());
        let (sent, result) = testing::decode(decoder(), &[body]);
        assert_eq!(result, Ok(()));
        if body.len() < 200 {
            testing::check_every_two_cuts(decoder, body);
        }
        sent
    }

    #[test]
    fn only_a_newline_ends_a_line_and_blank_lines_are_passed_over() {
        let body = "\r\n{\"a\":\"é\"}\r\n\n \t\n{\"b\":\"\u{2028}\r\"}\n{}\n\n".as_bytes();
        assert_eq!(
            decode(body),
            [
                event("", "{\"a\":\"é\"}"),
                event("", "{\"b\":\"\u{2028}\r\"}"),
                event("", "{}")
            ]
        );
    }

    #[test]
    fn the_last_line_needs_no_end() {
        for end in ["", "\n", "\r\n", "\r", "\n\n"] {
            let body = format!("{{}}\n{{\"done\":true}}{end}");
            assert_eq!(
                decode(body.as_bytes()),
                [event("", "{}"), event("", "{\"done\":true}")]
            );
        }
        assert_eq!(decode(b""), []);
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_the_next_one_whole() {
        for size in [
            STREAM_EVENT_BYTES_MAX - 1,
            STREAM_EVENT_BYTES_MAX,
            STREAM_EVENT_BYTES_MAX + 1,
            STREAM_EVENT_BYTES_MAX * 3,
        ] {
            let line = "x".repeat(size);
            let first = if size > STREAM_EVENT_BYTES_MAX {
                cut_event(&line[..STREAM_EVENT_BYTES_MAX])
            } else {
                event("", &line)
            };
            let body = format!("{line}\n{{}}\n");
            assert!(
                decode(body.as_bytes()) == [first, event("", "{}")],
                "{size}"
            );
        }
    }
}
