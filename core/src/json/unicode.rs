//! JSON that is not UTF-8.

/// How a text is encoded that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wide {
    /// Bytes of a unit.
    unit: usize,
    is_big_endian: bool,
    /// Bytes of the byte order mark.
    mark: usize,
}

/// Whether a text that begins so is UTF-16 or UTF-32, told as Python tells it: by a byte order mark,
/// or by which of the first four bytes are zero.
pub(super) fn is_wide(head: &[u8]) -> bool {
    wide(head).is_some()
}

fn wide(head: &[u8]) -> Option<Wide> {
    let (unit, is_big_endian, mark) = match head {
        [0, 0, 0xfe, 0xff, ..] => (4, true, 4),
        [0xff, 0xfe, 0, 0, ..] => (4, false, 4),
        [0xfe, 0xff, ..] => (2, true, 2),
        [0xff, 0xfe, ..] => (2, false, 2),
        [0, 0, 0, last, ..] if *last > 0 => (4, true, 0),
        [first, 0, 0, 0, ..] if *first > 0 => (4, false, 0),
        [0, second, ..] if *second > 0 => (2, true, 0),
        [first, 0, ..] if *first > 0 => (2, false, 0),
        _ => return None,
    };
    Some(Wide {
        unit,
        is_big_endian,
        mark,
    })
}

/// The text of a body in UTF-16 or UTF-32, and whether something in it that is not Unicode was
/// replaced by U+FFFD; `None` if it is in neither, or does not begin like JSON.
pub fn from_wide(bytes: &[u8]) -> Option<(String, bool)> {
    let wide = wide(bytes)?;
    let units = bytes.get(wide.mark..)?.chunks(wide.unit).map(|unit| {
        let number = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        match (unit.len() == wide.unit, wide.is_big_endian) {
            (false, _) => u32::MAX,
            (true, true) => unit.iter().fold(0, number),
            (true, false) => unit.iter().rev().fold(0, number),
        }
    });
    let mut is_replaced = false;
    let mut text = String::new();
    let mut take = |character: Option<char>| {
        is_replaced |= character.is_none();
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    };
    if wide.unit == 4 {
        units.for_each(|unit| take(char::from_u32(unit)));
    } else {
        // Half a unit at the end is no character, and no half of one.
        let units = units.map(|unit| u16::try_from(unit).unwrap_or(0xdfff));
        char::decode_utf16(units).for_each(|character| take(character.ok()));
    }
    let begins = text.trim_start().starts_with(['{', '[', '/']);
    begins.then_some((text, is_replaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"a\":\"Jos\u{e9} \u{674e} \u{1f600}\"}";

    fn encoded(unit: usize, is_big_endian: bool, mark: bool) -> Vec<u8> {
        let text = format!("{}{TEXT}", if mark { "\u{feff}" } else { "" });
        let units: Vec<u32> = match unit {
            2 => text.encode_utf16().map(u32::from).collect(),
            _ => text.chars().map(u32::from).collect(),
        };
        let bytes = |number: u32| {
            let mut bytes = number.to_be_bytes()[4 - unit..].to_vec();
            if !is_big_endian {
                bytes.reverse();
            }
            bytes
        };
        units.into_iter().flat_map(bytes).collect()
    }

    #[test]
    fn utf16_and_utf32_are_read_with_and_without_a_mark() {
        for unit in [2, 4] {
            for is_big_endian in [true, false] {
                for mark in [true, false] {
                    let bytes = encoded(unit, is_big_endian, mark);
                    assert_eq!(from_wide(&bytes), Some((TEXT.to_owned(), false)));
                }
            }
        }
        for utf8 in [TEXT, "", "{", "\u{feff}{}", "\0\0\0\0"] {
            assert_eq!(from_wide(utf8.as_bytes()), None);
        }
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        for odd in [&b"\xd8\x00"[..], b"\xdc\x00", b"\x00"] {
            let bytes = [&encoded(2, true, false), odd].concat();
            let replaced = format!("{TEXT}\u{fffd}");
            assert_eq!(from_wide(&bytes), Some((replaced, true)));
        }
        let bytes = [&encoded(4, true, false)[..], b"\0\x11\0\0"].concat();
        assert_eq!(from_wide(&bytes), Some((format!("{TEXT}\u{fffd}"), true)));
    }
}
