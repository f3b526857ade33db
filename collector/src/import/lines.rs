//! The lines of a log, one at a time and each of bounded size.

use std::io::{self, BufRead, ErrorKind};

use crate::limits;

/// A line without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether there was more than may be kept.
    pub(super) is_cut: bool,
}

/// Reads lines into one buffer.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    bytes_max: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self::with_max(input, limits::LOG_LINE_BYTES_MAX)
    }

    fn with_max(input: R, bytes_max: usize) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            bytes_max,
        }
    }

    /// The next line; `None` when there is none any more. The last line needs no line end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        // One huge line should not hold its memory for the rest of the log.
        self.buffer.shrink_to(limits::LOG_LINE_BYTES_KEPT);
        let (mut is_cut, mut has_begun) = (false, false);
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                break;
            }
            has_begun = true;
            let end = memchr::memchr(b'\n', piece);
            let (line, _) = piece.split_at(end.unwrap_or(piece.len()));
            let room = self.bytes_max.saturating_sub(self.buffer.len());
            is_cut |= line.len() > room;
            let (kept, _) = line.split_at(line.len().min(room));
            self.buffer.extend_from_slice(kept);
            let used = line.len().saturating_add(usize::from(end.is_some()));
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        let bytes = self.buffer.as_slice();
        Ok(has_begun.then_some(Line { bytes, is_cut }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// Reads through a buffer of three bytes, so that lines come in pieces.
    fn read(text: &str, bytes_max: usize) -> Vec<(String, bool)> {
        let mut lines = Lines::with_max(BufReader::with_capacity(3, text.as_bytes()), bytes_max);
        let mut all = Vec::new();
        while let Some(Line { bytes, is_cut }) = lines.next().unwrap() {
            all.push((str::from_utf8(bytes).unwrap().to_owned(), is_cut));
        }
        all
    }

    fn whole(lines: &[&str]) -> Vec<(String, bool)> {
        lines
            .iter()
            .map(|line| ((*line).to_owned(), false))
            .collect()
    }

    #[test]
    fn every_line_is_read_with_or_without_a_line_end_at_the_end() {
        assert_eq!(read("", 9), whole(&[]));
        assert_eq!(read("\n", 9), whole(&[""]));
        assert_eq!(
            read("one\n\ntwo\nthree", 9),
            whole(&["one", "", "two", "three"])
        );
        assert_eq!(
            read("one\n\ntwo\nthree\n", 9),
            whole(&["one", "", "two", "three"])
        );
    }

    #[test]
    fn only_a_line_over_the_limit_is_cut() {
        for text in ["123456", "12345678", "123456789"] {
            let lines = read(&format!("{text}\nnext\n"), 8);
            let kept = &text[..text.len().min(8)];
            assert_eq!(lines[0], (kept.to_owned(), text.len() > 8));
            assert_eq!(lines[1..], whole(&["next"]));
        }
    }
}
