//! What a log is written in: UTF-8 and what is near it, UTF-16, or no text at all.
//!
//! A letter in another encoding has no byte sequence that is looked for, so that such a log would seem
//! to have none.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use crate::import::letter::DEAD_LETTER;
use crate::limits;

/// The log in UTF-8, if it is in UTF-16, as `>` of PowerShell writes it; and as it is otherwise.
pub(super) fn in_utf_8(input: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let (begin, input) = peek(input)?;
    if [UTF_32_LITTLE, UTF_32_BIG]
        .iter()
        .any(|mark| begin.starts_with(mark))
    {
        let hint = "it is UTF-32: run `iconv -f UTF-32 -t UTF-8 FILE | audit-layer import -`";
        return Err(io::Error::new(ErrorKind::InvalidData, hint));
    }
    Ok(match Order::of(&begin) {
        Some(order) => Box::new(BufReader::new(Utf16::new(input, order))),
        None => Box::new(input),
    })
}

/// The first bytes of an input, and all of it. A pipe may give them one by one.
pub(super) fn peek<R: BufRead>(mut input: R) -> io::Result<(Vec<u8>, impl BufRead)> {
    let mut begin = Vec::new();
    input.by_ref().take(PEEKED_BYTES).read_to_end(&mut begin)?;
    Ok((begin.clone(), Cursor::new(begin).chain(input)))
}

/// In which order the two bytes of a unit of UTF-16 stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// Told by the mark, or else by two characters of ASCII.
    fn of(begin: &[u8]) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        match *begin {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            [one, 0, other, 0, ..] if is_plain(one) && is_plain(other) => Some(Self::Little),
            [0, one, 0, other, ..] if is_plain(one) && is_plain(other) => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// Reads UTF-16 as UTF-8.
struct Utf16<R> {
    input: R,
    order: Order,
    /// The first byte of a unit of which the second has not come yet.
    half: Option<u8>,
    /// The first unit of a character of which the second has not come yet.
    high: Option<u16>,
    text: VecDeque<u8>,
}

impl<R: BufRead> Utf16<R> {
    fn new(input: R, order: Order) -> Self {
        Self {
            input,
            order,
            half: None,
            high: None,
            text: VecDeque::new(),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.text.is_empty() {
            let piece = self.input.fill_buf()?;
            let length = piece.len();
            let mut units: Vec<u16> = self.high.take().into_iter().collect();
            let mut bytes = self.half.take().into_iter().chain(piece.iter().copied());
            while let Some(first) = bytes.next() {
                match bytes.next() {
                    Some(second) => units.push(self.order.unit([first, second])),
                    None if length == 0 => units.push(LOST),
                    None => self.half = Some(first),
                }
            }
            if length > 0 && units.last().is_some_and(|unit| HIGH.contains(unit)) {
                self.high = units.pop();
            }
            self.input.consume(length);
            for character in char::decode_utf16(units) {
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                self.text
                    .extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            if length == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        self.text.read(buffer)
    }
}

/// Whether a line has a letter in another encoding than it is read in: PowerShell appends UTF-16 to any
/// file, and others UTF-8 to a file of PowerShell's.
pub(super) fn has_other_letter(line: &[u8]) -> bool {
    let is_of_utf_8 = || AS_UTF_16.iter().any(|letter| letter.find(line).is_some());
    memmem::find(line, UTF_16_LETTER).is_some() || (!line.is_ascii() && is_of_utf_8())
}

/// What a letter in UTF-8 begins with, as it is read as UTF-16: in both orders, from its first byte on
/// and from its second.
static AS_UTF_16: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    let letter = DEAD_LETTER;
    let from = [letter, letter.get(1..).unwrap_or_default()];
    let misread = |bytes: &[u8], order: Order| -> String {
        let units = bytes.as_chunks::<2>().0.iter();
        let units = units.map(|unit| order.unit(*unit));
        char::decode_utf16(units).filter_map(Result::ok).collect()
    };
    let orders = [Order::Little, Order::Big];
    let all = from
        .iter()
        .flat_map(|bytes| orders.map(|order| misread(bytes, order)));
    all.map(|text| Finder::new(text.as_bytes()).into_owned())
        .collect()
});

/// Looks at the beginning of a log, whether it is text.
#[derive(Debug, Default)]
pub(super) struct Look {
    bytes: usize,
    /// Bytes that text does not have.
    odd: usize,
}

impl Look {
    pub(super) fn see(&mut self, line: &[u8]) {
        if self.bytes >= limits::LOG_LOOKED_AT_BYTES {
            return;
        }
        let line = line.get(..limits::LOG_LOOKED_AT_BYTES).unwrap_or(line);
        self.bytes = self.bytes.saturating_add(line.len());
        let mut before = 0;
        for byte in line {
            // Where a machine went down, a file has zeros, many in a row.
            let is_hole = *byte == 0 && before == 0;
            let is_odd = byte.is_ascii_control() && !OF_TEXT.contains(byte) && !is_hole;
            self.odd = self.odd.saturating_add(usize::from(is_odd));
            before = *byte;
        }
    }

    /// A few bytes may be anything: a program can write what it likes to its log.
    pub(super) fn is_text(&self) -> bool {
        self.odd.saturating_mul(TEXT_BYTES_PER_ODD_ONE) <= self.bytes
    }
}

/// Of bytes that are random, compressed or encrypted, one in ten is none of a text.
const TEXT_BYTES_PER_ODD_ONE: usize = 30;

/// Control characters of text: white space, and what colors and moves on a terminal.
const OF_TEXT: [u8; 7] = [0x07, 0x08, b'\t', 0x0b, 0x0c, b'\r', 0x1b];

/// What a letter begins with, as both orders have it.
const UTF_16_LETTER: &[u8] =
    b"a\0u\0d\0i\0t\0-\0l\0a\0y\0e\0r\0 \0d\0e\0a\0d\0-\0l\0e\0t\0t\0e\0r\0 \0r\0e\0a\0s\0o\0n\0=";

const UTF_32_LITTLE: [u8; 4] = [0xff, 0xfe, 0, 0];
const UTF_32_BIG: [u8; 4] = [0, 0, 0xfe, 0xff];

/// Units that begin a character of two.
const HIGH: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;

/// U+FFFD, for half a unit at the end.
const LOST: u16 = 0xfffd;

/// Enough for every mark that is looked for.
const PEEKED_BYTES: u64 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_wherever_a_buffer_cuts_it() {
        let text = "[a] \u{a0a} \u{1f600}\u{10fffd} \u{fc}\r\n";
        for size in 1..=text.len().saturating_mul(2) {
            for big in [false, true] {
                let units = text.encode_utf16();
                let bytes: Vec<u8> = match big {
                    true => units.flat_map(u16::to_be_bytes).collect(),
                    false => units.flat_map(u16::to_le_bytes).collect(),
                };
                let mut read = String::new();
                let input = BufReader::with_capacity(size, Cursor::new(bytes));
                in_utf_8(input).unwrap().read_to_string(&mut read).unwrap();
                assert_eq!(read, text, "{size} {big}");
            }
        }
    }

    #[test]
    fn what_breaks_off_or_is_no_character_is_replaced() {
        for (bytes, text) in [
            (&b"a\0b\0\x00\xd8c\0"[..], "ab\u{fffd}c"),
            (b"a\0b\0c", "ab\u{fffd}"),
            (b"a\0b\0\x00\xd8", "ab\u{fffd}"),
        ] {
            let mut read = String::new();
            let mut input = in_utf_8(Cursor::new(bytes)).unwrap();
            input.read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_letter_in_utf_8_is_seen_where_it_is_read_as_utf_16() {
        for big in [false, true] {
            for before in ["", "x"] {
                let mut bytes: Vec<u8> = match big {
                    false => "ab\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
                    true => "ab\n".encode_utf16().flat_map(u16::to_be_bytes).collect(),
                };
                let line = format!(
                    "{before}\u{fc} [error] {}x",
                    audit_layer_core::dead_letter::PREFIX
                );
                bytes.extend(line.into_bytes());
                let mut read = Vec::new();
                let mut input = in_utf_8(Cursor::new(bytes)).unwrap();
                input.read_to_end(&mut read).unwrap();
                assert!(has_other_letter(&read), "{big} {before:?}");
            }
        }
        assert!(!has_other_letter(
            "\u{7561}\u{6964}\u{2d74} [error]".as_bytes()
        ));
    }

    #[test]
    fn the_letter_that_is_looked_for_is_the_one_that_is_written() {
        let little = audit_layer_core::dead_letter::PREFIX.encode_utf16();
        let little: Vec<u8> = little.flat_map(u16::to_le_bytes).collect();
        assert_eq!(UTF_16_LETTER, &little[..little.len() - 1]);
    }
}
