//! Text that claims to be JSON but is not Unicode.

use std::borrow::Cow;

use crate::find;

/// Replaces what is not Unicode by U+FFFD: bytes that are not UTF-8, and `\u` escapes that are
/// half of a surrogate pair. The second value says whether anything was replaced.
///
/// JSON allows a half pair (RFC 8259, section 8.2) and some clients write them; serde_json
/// refuses the whole string.
pub fn mend(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let (text, replaced) = from_utf8(bytes);
    match Mending::of(&text, false) {
        Some(mending) => (Cow::Owned(mending.mended), true),
        None => (text, replaced),
    }
}

/// The same, but a half that begins or ends a string becomes its mark. The last value says whether
/// there are marks.
pub fn mend_keeping_halves(bytes: &[u8]) -> (Cow<'_, str>, bool, bool) {
    let (text, replaced) = from_utf8(bytes);
    match Mending::of(&text, true) {
        Some(mending) => {
            let replaced = replaced || mending.has_replaced;
            (Cow::Owned(mending.mended), replaced, mending.has_marks)
        }
        None => (text, replaced, false),
    }
}

/// The same of a text without escapes.
pub(super) fn from_utf8(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    // Checking is several times faster than the lossy conversion, which is seldom needed.
    let text = match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    let replaced = matches!(text, Cow::Owned(_));
    (text, replaced)
}

/// The first of the characters that stand for halves: the last 2048 of those that are for private
/// use and in no font.
const MARKS: u32 = 0x10_F800;

/// The mark of half a character; `None` if it is none.
pub fn half_mark(unit: u16) -> Option<char> {
    let at = u32::from(unit).checked_sub(0xD800)?;
    (at < 0x800).then(|| char::from_u32(MARKS.saturating_add(at)))?
}

/// The half that a mark stands for.
pub fn half_of_mark(mark: char) -> Option<u16> {
    let at = u32::from(mark).checked_sub(MARKS)?;
    u16::try_from(at.saturating_add(0xD800)).ok()
}

/// Whether a character is a mark.
pub fn is_half_mark(character: char) -> bool {
    u32::from(character) >= MARKS
}

/// A text with each half pair replaced.
struct Mending {
    mended: String,
    has_replaced: bool,
    has_marks: bool,
}

impl Mending {
    /// `None` if there is nothing to mend.
    fn of(text: &str, keeps_halves: bool) -> Option<Self> {
        if !has_surrogate(text.as_bytes()) {
            return None;
        }
        let mut mending = Self {
            mended: String::new(),
            has_replaced: false,
            has_marks: false,
        };
        let mut rest = text;
        while let Some((before, at_escape)) = split_before(rest, '\\') {
            mending.mended.push_str(before);
            let after_half = at_escape.get(6..).unwrap_or_default();
            let taken = match surrogate(at_escape) {
                Some(0xD800..=0xDBFF) if is_low(Some(after_half)) => 12,
                Some(unit) => {
                    let mark = keeps_halves.then(|| mending.mark(unit, after_half));
                    mending.take(mark.flatten());
                    rest = after_half;
                    continue;
                }
                None => 2,
            };
            let (kept, after) = split_after(at_escape, taken);
            mending.mended.push_str(kept);
            rest = after;
        }
        mending.mended.push_str(rest);
        (mending.has_replaced || mending.has_marks).then_some(mending)
    }

    /// The mark of a half whose other half may stand in another string: a first half at a string's
    /// end, or a second one at its beginning.
    fn mark(&self, unit: u32, after: &str) -> Option<char> {
        let is_at_edge = match unit {
            0xD800..=0xDBFF => after.starts_with('"'),
            _ => self.mended.ends_with('"') && !self.mended.ends_with("\\\""),
        };
        half_mark(u16::try_from(unit).ok()?).filter(|_| is_at_edge)
    }

    fn take(&mut self, mark: Option<char>) {
        match mark {
            Some(mark) => self.mended.push(mark),
            None => self.mended.push_str("\\ufffd"),
        }
        self.has_marks |= mark.is_some();
        self.has_replaced |= mark.is_none();
    }
}

/// Whether there may be an escaped surrogate.
fn has_surrogate(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = find::any([b'\\'], rest) {
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        if matches!(rest, [b'u', b'd' | b'D', ..]) {
            return true;
        }
    }
    false
}

fn split_before(text: &str, stop: char) -> Option<(&str, &str)> {
    text.find(stop).and_then(|at| text.split_at_checked(at))
}

/// Splits after `bytes`, or after the next character where that would cut one.
fn split_after(text: &str, bytes: usize) -> (&str, &str) {
    (bytes..=bytes.saturating_add(3))
        .find_map(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

/// The surrogate that an escape `\uXXXX` at the start of `text` stands for.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let unit = u32::from_str_radix(digits, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

fn is_low(text: Option<&str>) -> bool {
    matches!(text.and_then(surrogate), Some(0xDC00..=0xDFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mended: &str) {
        let (actual, replaced) = mend(text.as_bytes());
        assert_eq!(actual, mended);
        assert_eq!(replaced, text != mended);
    }

    #[test]
    fn half_a_surrogate_pair_becomes_a_replacement_character() {
        check(r#""\ud83d""#, r#""\ufffd""#);
        check(r#""\ude00x""#, r#""\ufffdx""#);
        check(r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#);
        check(r#""\uD83Dé""#, r#""\ufffdé""#);
    }

    #[test]
    fn whole_pairs_and_escaped_backslashes_stay() {
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\\ud83d""#, r#""\\ud83d""#);
        check(r#""\\\ud83d""#, r#""\\\ufffd""#);
        check(r#""\ud8""#, r#""\ud8""#);
        check("\"\\é\\ud83d\"", "\"\\é\\ufffd\"");
    }

    #[test]
    fn bytes_that_are_not_utf8_become_replacement_characters() {
        let (text, replaced) = mend(b"\"a\xffb\"");
        assert_eq!(text, "\"a\u{fffd}b\"");
        assert!(replaced);
    }
}
