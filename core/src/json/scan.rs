//! The tokens of a JSON text, and of what lenient readers take for JSON.

use std::borrow::Cow;

use memchr::memmem;

use super::escape;
use super::odd::{Odd, Oddities};
use super::stub::{self, MARK};
use super::value::Json;
use crate::find;

/// The text is no JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// A place in a JSON text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'de> {
    text: &'de str,
    at: usize,
    oddities: Option<&'de Oddities>,
}

impl<'de> Scan<'de> {
    pub(super) fn new(json: Json<'de>) -> Self {
        Self {
            text: json.get(),
            at: 0,
            oddities: json.oddities(),
        }
    }

    /// The next byte that is neither white space nor in a comment.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> Result<u8, Broken> {
        match self.text.as_bytes().get(self.at) {
            // What most tokens begin with, right behind the one before.
            Some(byte @ (b'"' | b',' | b':' | b'0'..=b'9' | b'['..=b'}')) => Ok(*byte),
            _ => self.peek_behind_space(),
        }
    }

    fn peek_behind_space(&mut self) -> Result<u8, Broken> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.step(1),
                Some(b'/') => self.comment()?,
                Some(0x0b | 0x0c | 0xc2 | 0xe2 | 0xef) => self.rare_space()?,
                Some(byte) => return Ok(*byte),
                None => return Err(Broken),
            }
        }
    }

    /// Whether nothing follows but white space and comments.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_err() && self.at >= self.text.len()
    }

    /// Passes over the next byte if it is this one.
    pub(super) fn take(&mut self, byte: u8) -> Result<(), Broken> {
        if self.peek()? == byte {
            self.step(1);
            Ok(())
        } else {
            Err(Broken)
        }
    }

    /// Where it stands in the text.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The value that stands at a place before this one.
    pub(super) fn value_at(&self, at: usize) -> Result<Json<'de>, Broken> {
        let mut scan = Self { at, ..*self };
        scan.peek()?;
        scan.raw()
    }

    /// The byte that has been looked at.
    pub(super) fn here(&self) -> Result<u8, Broken> {
        self.text.as_bytes().get(self.at).copied().ok_or(Broken)
    }

    /// What has not been passed over.
    pub(super) fn rest(&self) -> &'de str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over bytes that were looked at.
    pub(super) fn step(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    pub(super) fn oddities(&self) -> Option<&'de Oddities> {
        self.oddities
    }

    pub(super) fn found(&self, odd: Odd) {
        if let Some(oddities) = self.oddities {
            oddities.found(odd);
        }
    }

    /// Whether an item of a list that has been looked at is read. Numbers always are: vectors and
    /// tokens may have millions, and take little memory.
    pub(super) fn is_item_read(&self) -> bool {
        let is_number = matches!(self.here(), Ok(b'0'..=b'9' | b'-'));
        is_number || self.oddities.is_none_or(Oddities::count_item)
    }

    /// The text of a string, from its quote on.
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Broken> {
        let quote = self.quote()?;
        let mut owned = String::new();
        let mut from = self.at;
        loop {
            let (end, byte) = self.find(quote)?;
            let piece = self.text.get(from..end).ok_or(Broken)?;
            self.at = end.wrapping_add(1);
            if byte == quote {
                return Ok(if owned.is_empty() {
                    Cow::Borrowed(piece)
                } else {
                    owned.push_str(piece);
                    Cow::Owned(owned)
                });
            }
            owned.push_str(piece);
            if byte == MARK {
                let end = self.end_of_stub(quote)?;
                let stub = self.text.get(self.at..end).and_then(stub::read);
                owned.push_str(&stub::shown(&stub.ok_or(Broken)?));
                self.at = end;
            } else {
                self.escape(&mut owned)?;
            }
            from = self.at;
        }
    }

    /// Passes over a string, from its quote on.
    fn skip_string(&mut self) -> Result<(), Broken> {
        let quote = self.quote()?;
        loop {
            let (end, byte) = self.find(quote)?;
            self.at = end.wrapping_add(1);
            if byte == quote {
                return Ok(());
            }
            if byte == b'\\' {
                // Its first character may have several bytes, none of which ends a string.
                self.step(1);
            }
        }
    }

    /// Passes over the quote that has been looked at.
    fn quote(&mut self) -> Result<u8, Broken> {
        let quote = self.here()?;
        if quote == b'\'' {
            self.found(Odd::Dialect);
        }
        self.step(1);
        Ok(quote)
    }

    /// Where in a string something stands that is not its text, and what.
    fn find(&self, quote: u8) -> Result<(usize, u8), Broken> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Broken)?;
        let found = find::any([quote, b'\\', MARK], rest).ok_or(Broken)?;
        let byte = rest.get(found).ok_or(Broken)?;
        Ok((self.at.wrapping_add(found), *byte))
    }

    fn end_of_stub(&self, quote: u8) -> Result<usize, Broken> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Broken)?;
        let found = find::any([quote], rest).ok_or(Broken)?;
        Ok(self.at.wrapping_add(found))
    }

    /// What an escape stands for, from behind its backslash.
    fn escape(&mut self, text: &mut String) -> Result<(), Broken> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Broken)?;
        let escape = escape::read(rest).ok_or(Broken)?;
        if !escape.is_json {
            self.found(Odd::Dialect);
        }
        text.extend(escape.character);
        self.step(escape.bytes);
        Ok(())
    }

    /// A word or number that has been looked at: what stands to the next white space, bracket or
    /// sign between values.
    pub(super) fn word(&mut self) -> Result<&'de str, Broken> {
        let rest = self.text.get(self.at..).ok_or(Broken)?;
        let is_part = |byte: u8| IN_WORD.get(usize::from(byte)) == Some(&true);
        let end = rest.bytes().position(|byte| !is_part(byte));
        let word = rest.get(..end.unwrap_or(rest.len())).ok_or(Broken)?;
        if word.is_empty() {
            return Err(Broken);
        }
        self.step(word.len());
        Ok(word)
    }

    /// The next value as it was written.
    pub(super) fn raw(&mut self) -> Result<Json<'de>, Broken> {
        self.peek()?;
        let from = self.at;
        self.skip()?;
        let text = self.text.get(from..self.at).ok_or(Broken)?;
        Ok(Json::part(text, self.oddities))
    }

    /// Passes over the next value, however deep it is. Of what stands in it only strings, comments
    /// and brackets are looked at.
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        let mut open = Open::default();
        let mut after_comma = false;
        loop {
            let byte = self.peek()?;
            if after_comma && matches!(byte, b'}' | b']') {
                self.found(Odd::Dialect);
            }
            after_comma = byte == b',';
            match byte {
                b'"' | b'\'' => self.skip_string()?,
                bracket @ (b'{' | b'[') => {
                    open.push(bracket == b'{');
                    self.step(1);
                }
                bracket @ (b'}' | b']') => {
                    open.pop(bracket == b'}')?;
                    self.step(1);
                }
                b',' | b':' if open.depth > 0 => {
                    self.step(1);
                    continue;
                }
                _ => {
                    let word = self.word()?;
                    if !is_of_json(word) {
                        self.found(Odd::Dialect);
                    }
                }
            }
            if open.depth == 0 {
                return Ok(());
            }
        }
    }

    fn comment(&mut self) -> Result<(), Broken> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let size = match rest {
            [b'/', b'/', ..] => find::any([b'\n', b'\r'], rest).unwrap_or(rest.len()),
            [b'/', b'*', within @ ..] => memmem::find(within, b"*/").ok_or(Broken)?.wrapping_add(4),
            _ => return Err(Broken),
        };
        self.found(Odd::Dialect);
        self.step(size);
        Ok(())
    }

    /// White space that JSON5 has beside that of JSON.
    fn rare_space(&mut self) -> Result<(), Broken> {
        const SPACES: [char; 6] = [
            '\u{b}', '\u{c}', '\u{a0}', '\u{2028}', '\u{2029}', '\u{feff}',
        ];
        let rest = self.text.get(self.at..).ok_or(Broken)?;
        let space = rest.chars().next().filter(|first| SPACES.contains(first));
        self.step(space.ok_or(Broken)?.len_utf8());
        self.found(Odd::Dialect);
        Ok(())
    }
}

/// By a byte, whether it may be part of a word or a number.
#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "computed by the compiler, which would refuse what is wrong"
)]
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._$";
    while let [byte, after @ ..] = rest {
        table[*byte as usize] = true;
        rest = after;
    }
    table
};

/// Whether JSON may have a word, which is not looked at any closer.
fn is_of_json(word: &str) -> bool {
    let is_number = word.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    is_number && !word.ends_with(['y', 'N']) || matches!(word, "true" | "false" | "null")
}

/// The brackets that are open: as long as they are few it is known which.
#[derive(Default)]
struct Open {
    depth: u32,
    are_objects: u64,
    were_many: bool,
}

impl Open {
    fn push(&mut self, is_object: bool) {
        self.are_objects = self.are_objects << 1 | u64::from(is_object);
        self.depth = self.depth.saturating_add(1);
        self.were_many |= self.depth > u64::BITS;
    }

    fn pop(&mut self, is_object: bool) -> Result<(), Broken> {
        let was_object = self.are_objects & 1 == 1;
        self.depth = self.depth.checked_sub(1).ok_or(Broken)?;
        self.are_objects >>= 1;
        if was_object != is_object && !self.were_many {
            return Err(Broken);
        }
        Ok(())
    }
}
