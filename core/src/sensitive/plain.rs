//! A text as it is looked through: what looks like ASCII is ASCII, and what cannot be seen is not there.
//!
//! Fullwidth digits are usual in Japanese and Chinese, spaces that do not break are usual in French, and soft
//! hyphens come with text that was copied. A number or an address is the same with them.

use std::borrow::Cow;
use std::ops::Range;

/// A text to look through, with the way back to the original.
pub(super) struct Plain<'a> {
    text: Cow<'a, str>,
    /// From which byte here on which byte there, ascending; between them both go on alike.
    places: Vec<(usize, usize)>,
}

impl<'a> Plain<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut plain = Self {
            text: Cow::Borrowed(text),
            places: Vec::new(),
        };
        let is_plain = |byte: u8| !matches!(byte, b'\\' | 0xc2 | 0xe2 | 0xe3 | 0xef);
        if text.bytes().all(is_plain) {
            return plain;
        }
        let mut written = String::new();
        let mut kept = 0;
        let is_special =
            |(_, character): &(usize, char)| !character.is_ascii() || *character == '\\';
        for (at, character) in text.char_indices().filter(is_special) {
            let (instead, bytes) = match character {
                _ if at < kept => continue,
                '\\' => escaped(text.get(at..).unwrap_or_default()),
                other => match instead_of(other) {
                    Some(instead) => (instead, other.len_utf8()),
                    None => continue,
                },
            };
            written.push_str(text.get(kept..at).unwrap_or_default());
            written.extend(instead.map(char::from));
            kept = at.saturating_add(bytes);
            plain.places.push((written.len(), kept));
        }
        if kept > 0 {
            written.push_str(text.get(kept..).unwrap_or_default());
            plain.text = Cow::Owned(written);
        }
        plain
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where bytes of this text stand in the original.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        self.place(range.start)..self.place(range.end)
    }

    fn place(&self, at: usize) -> usize {
        let behind = self.places.partition_point(|(here, _)| *here <= at);
        let last = behind.checked_sub(1).and_then(|it| self.places.get(it));
        let (here, there) = last.copied().unwrap_or_default();
        at.saturating_sub(here).saturating_add(there)
    }
}

/// What stands instead of an escape of JSON in a text, escaped however often, and its bytes: tools give JSON as text.
fn escaped(text: &str) -> (Option<u8>, usize) {
    let behind = text.trim_start_matches('\\');
    let slashes = text.len().saturating_sub(behind.len());
    let unicode = behind
        .strip_prefix("u00")
        .and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok());
    match (behind.bytes().next(), unicode) {
        (Some(b'u'), Some(byte)) if byte.is_ascii() => (Some(byte), slashes.saturating_add(5)),
        (Some(b'n' | b'r' | b't'), _) => (Some(b'\n'), slashes.saturating_add(1)),
        _ => (Some(b'\\'), slashes),
    }
}

/// What stands instead of a character: nothing, for one that is not seen; `None` where it stays.
fn instead_of(character: char) -> Option<Option<u8>> {
    Some(match character {
        // Soft hyphen, zero-width characters, marks of direction, word joiner, byte order mark.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {
            None
        }
        // Spaces of other widths.
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(b' '),
        // Hyphens, dashes and the minus sign.
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some(b'-'),
        // The fullwidth forms have the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let behind = u32::from(character).saturating_sub(0xff01);
            Some(
                u8::try_from(behind)
                    .unwrap_or_default()
                    .saturating_add(b'!'),
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_alike_and_leads_back() {
        let text = "é ４１１１\u{a0}11\u{200b}11，x";
        let plain = Plain::of(text);
        assert_eq!(plain.text(), "é 4111 1111,x");
        let at = plain.text().find("4111").unwrap();
        let found = plain.original(&(at..at + 9));
        assert_eq!(&text[found], "４１１１\u{a0}11\u{200b}11");
        assert_eq!(plain.original(&(0..2)), 0..2);
    }

    #[test]
    fn a_text_without_them_is_not_copied() {
        for text in ["plain", "Grüße aus Köln", "“quoted”"] {
            assert!(matches!(Plain::of(text).text, Cow::Borrowed(_)), "{text}");
        }
    }
}
