//! Text that claims to be JSON but is not Unicode.

use std::borrow::Cow;

/// Replaces what is not Unicode by U+FFFD: bytes that are not UTF-8, and `\u` escapes that are
/// half of a surrogate pair. The second value says whether anything was replaced.
///
/// JSON allows a half pair (RFC 8259, section 8.2) and some clients write them; serde_json
/// refuses the whole string.
pub fn mend(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    // Checking is several times faster than the lossy conversion, which is seldom needed.
    let text = match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    let replaced = matches!(text, Cow::Owned(_));
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return (text, replaced);
    }
    match without_half_pairs(&text) {
        Some(mended) => (Cow::Owned(mended), true),
        None => (text, replaced),
    }
}

/// The text with each half pair replaced; `None` if it has none.
fn without_half_pairs(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut rest = text;
    while let Some((before, at_escape)) = split_before(rest, '\\') {
        mended.push_str(before);
        let taken = match surrogate(at_escape) {
            Some(0xD800..=0xDBFF) if is_low(at_escape.get(6..)) => 12,
            Some(_) => {
                mended.push_str("\\ufffd");
                rest = at_escape.get(6..).unwrap_or_default();
                continue;
            }
            None => 2,
        };
        let (kept, after) = split_after(at_escape, taken);
        mended.push_str(kept);
        rest = after;
    }
    mended.push_str(rest);
    (mended != text).then_some(mended)
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
