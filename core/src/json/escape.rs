//! What backslashes in strings stand for.

use super::close::without_partial_character;
use crate::find;

/// What stands behind a backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Escape {
    /// How many bytes it has.
    pub(super) bytes: usize,
    /// What it stands for; nothing if the backslash alone is passed over.
    pub(super) character: Option<char>,
    /// Whether JSON has it.
    pub(super) is_json: bool,
}

/// Bytes behind a backslash that are enough to read what they stand for: a pair of surrogates.
pub(super) const ESCAPE_BYTES_MAX: usize = 11;

impl Escape {
    fn json(bytes: usize, character: char) -> Self {
        Self {
            bytes,
            character: Some(character),
            is_json: true,
        }
    }

    fn other(bytes: usize, character: Option<char>) -> Self {
        Self {
            bytes,
            character,
            is_json: false,
        }
    }
}

/// Reads what stands behind a backslash; `None` if it is cut, or no hexadecimal number where one is
/// due.
///
/// Beside JSON's own these are those of JSON5. Half of a surrogate pair reads as U+FFFD.
pub(super) fn read(rest: &[u8]) -> Option<Escape> {
    let escape = match rest.first()? {
        b'"' => Escape::json(1, '"'),
        b'\\' => Escape::json(1, '\\'),
        b'/' => Escape::json(1, '/'),
        b'b' => Escape::json(1, '\u{8}'),
        b'f' => Escape::json(1, '\u{c}'),
        b'n' => Escape::json(1, '\n'),
        b'r' => Escape::json(1, '\r'),
        b't' => Escape::json(1, '\t'),
        b'u' => return unicode(rest),
        b'v' => Escape::other(1, Some('\u{b}')),
        b'0' => Escape::other(1, Some('\0')),
        b'x' => Escape::other(3, char::from_u32(hex(rest.get(1..3)?)?)),
        b'\'' => Escape::other(1, Some('\'')),
        // A line that goes on in the next one.
        b'\n' => Escape::other(1, None),
        b'\r' => Escape::other(1, None),
        _ => Escape::other(0, None),
    };
    Some(escape)
}

fn unicode(rest: &[u8]) -> Option<Escape> {
    let unit = hex(rest.get(1..5)?)?;
    if !(0xD800..0xE000).contains(&unit) {
        return Some(Escape::json(5, char::from_u32(unit)?));
    }
    let low = rest.get(5..).and_then(|rest| rest.strip_prefix(b"\\u"));
    let low = low.and_then(|rest| hex(rest.get(..4)?));
    let pair = low
        .and_then(|low| u16::try_from(low).ok())
        .zip(u16::try_from(unit).ok())
        .and_then(|(low, high)| char::decode_utf16([high, low]).next()?.ok());
    Some(match pair {
        Some(character) => Escape::json(ESCAPE_BYTES_MAX, character),
        None => Escape::json(5, char::REPLACEMENT_CHARACTER),
    })
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | digit)
    })
}

/// Decodes the inside of a string, which may be a beginning; gives what is left of an escape that
/// is not whole. Of what is the `last` of a string nothing is left.
pub(super) fn decode(inside: &[u8], is_last: bool, mut piece: impl FnMut(&[u8])) -> &[u8] {
    let mut rest = inside;
    while let Some(at) = find::any([b'\\'], rest) {
        let (before, from_backslash) = rest.split_at(at);
        let behind = from_backslash.get(1..).unwrap_or_default();
        piece(before);
        if !is_last && !is_whole(behind) {
            return from_backslash;
        }
        let Some(escape) = read(behind) else {
            // No escape: who reads the text will say so.
            piece(b"\\");
            rest = behind;
            continue;
        };
        if let Some(character) = escape.character {
            piece(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        let (_, after) = behind.split_at_checked(escape.bytes).unwrap_or_default();
        rest = after;
        if escape.bytes == 0 {
            // The character that is escaped, which is not another backslash.
            let (first, after) = rest.split_at(rest.len().min(1));
            piece(first);
            rest = after;
        }
    }
    piece(rest);
    &[]
}

/// How much of the inside of a string, up to `end`, does not cut an escape or a character.
pub(super) fn whole_within(inside: &[u8], end: usize) -> usize {
    let beginning = inside.get(..end).unwrap_or(inside);
    let end = without_partial_character(beginning).len();
    let mut from = 0_usize;
    while let Some(at) = find::any([b'\\'], inside.get(from..end).unwrap_or_default()) {
        let at = from.saturating_add(at);
        let behind = inside.get(at.saturating_add(1)..).unwrap_or_default();
        let size = read(behind).map_or(1, |escape| escape.bytes.max(1));
        from = at.saturating_add(1).saturating_add(size);
        if !is_whole(behind) || from > end {
            return at;
        }
    }
    end
}

/// Whether enough stands behind a backslash to read it.
fn is_whole(behind: &[u8]) -> bool {
    behind.len() >= ESCAPE_BYTES_MAX
        || behind
            .first()
            .is_some_and(|first| !matches!(first, b'u' | b'x'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSIDE: &str = r#"a\\\"\n\u00e9\ud83d\ude00é\ud83dx\/\x41\q\é\'\u0"#;
    const TEXT: &str = "a\\\"\né\u{1f600}é\u{fffd}x/Aqé'\\u0";

    #[test]
    fn any_split_decodes_alike() {
        for cut in 0..=INSIDE.len() {
            let (first, second) = INSIDE.as_bytes().split_at(cut);
            let mut text = Vec::new();
            let left = decode(first, false, |piece| text.extend_from_slice(piece)).to_vec();
            let second = [&left, second].concat();
            let left = decode(&second, true, |piece| text.extend_from_slice(piece));
            assert!(left.is_empty());
            assert_eq!(String::from_utf8(text).unwrap(), TEXT, "cut at {cut}");
        }
    }

    #[test]
    fn a_beginning_cuts_nothing() {
        for end in 0..=INSIDE.len() {
            let mut text = Vec::new();
            let kept = whole_within(INSIDE.as_bytes(), end);
            assert!(kept <= end && end - kept <= ESCAPE_BYTES_MAX + 1);
            decode(&INSIDE.as_bytes()[..kept], true, |piece| {
                text.extend_from_slice(piece);
            });
            let text = String::from_utf8(text).unwrap();
            assert!(TEXT.starts_with(&text), "{text}");
        }
    }
}
