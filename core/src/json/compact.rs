//! JSON text without what does not count: white space between tokens, and comments.

use super::blob;
use super::scan::Scan;
use super::stub::{self, MARK};
use super::value::Json;
use crate::find;
use crate::limits::LONG_STRING_BYTES;

/// JSON text without the white space between tokens. For the rest of a string that was not kept
/// stands `[cut sha256:…]`.
pub fn compact(text: &str) -> String {
    rewrite(text, |string, out| {
        let mark = find::any([MARK], string.as_bytes());
        let Some((kept, stub)) = mark.and_then(|at| string.split_at_checked(at)) else {
            out.push_str(string);
            return;
        };
        out.push_str(kept);
        let stub = stub.get(1..stub.len().saturating_sub(1));
        let stub = stub.and_then(stub::read).unwrap_or_default();
        out.push_str(&stub::shown(&stub));
        out.push_str(string.get(..1).unwrap_or_default());
    })
}

/// JSON text as it is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// Without the white space between tokens, and with each string that is longer than
    /// [`LONG_STRING_BYTES`] or was not kept whole as `"`, U+0001, `d` for decoded base64 or `t`
    /// for text, the number of these bytes, the number of those that were written, the hash, the
    /// type that a data URL names, with `;` between these, and `"`.
    pub text: String,
    /// Bytes of the text with these strings as they were written.
    pub bytes: u64,
}

/// JSON text as it is hashed.
pub fn canonical(text: &str) -> Canonical {
    let mut bytes = 0_u64;
    let text = rewrite(text, |string, out| {
        let inside = blob::inside(string).unwrap_or_default();
        let is_long = inside.len() > LONG_STRING_BYTES;
        if is_long || inside.as_bytes().contains(&MARK) {
            let stub = blob::stub(inside);
            let written = stub::write(&stub);
            out.push('"');
            out.push_str(&written);
            out.push('"');
            let less = stub.written.saturating_sub(size(&written));
            bytes = bytes.saturating_add(less);
        } else {
            out.push_str(string);
        }
    });
    bytes = bytes.saturating_add(size(&text));
    Canonical { text, bytes }
}

fn size(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// Copies all tokens, strings by means of `string`.
fn rewrite(text: &str, mut string: impl FnMut(&str, &mut String)) -> String {
    let mut out = String::new();
    let mut scan = Scan::new(Json::from(text));
    while let Ok(byte) = scan.peek() {
        let before = scan;
        let token = match byte {
            b'"' | b'\'' => scan.raw().map(|value| string(value.get(), &mut out)),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                out.push(char::from(byte));
                scan.step(1);
                Ok(())
            }
            _ => scan.word().map(|word| out.push_str(word)),
        };
        if token.is_err() {
            scan = before;
            break;
        }
    }
    // What is no JSON stays as it is.
    out.push_str(scan.rest());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::of_text;

    #[test]
    fn only_what_does_not_count_goes() {
        for (text, compacted) in [
            (
                r#" { "a b" : [ 1 , "x \" y" , null ] } "#,
                r#"{"a b":[1,"x \" y",null]}"#,
            ),
            ("[1, // one\n NaN /* none */ ]", "[1,NaN]"),
            ("{'a b': 'c',}", "{'a b':'c',}"),
            ("\"a\u{1}t;5;5;sha256:00;\"", "\"a[cut sha256:00]\""),
            ("[1, \"a", "[1,\"a"),
            ("[1 @ 2", "[1@ 2"),
        ] {
            assert_eq!(compact(text), compacted, "{text}");
        }
    }

    #[test]
    fn a_long_string_is_hashed_as_its_media_however_it_came() {
        let text = |text: &str| canonical(text).text;
        let long = "QUJD".repeat(LONG_STRING_BYTES / 4);
        assert_eq!(text(&format!("\"{long}\"")), format!("\"{long}\""));
        let long = format!("{long}QUJD");
        let stub = stub::write(&blob::stub(&long));
        let expected = Canonical {
            text: format!("[\"{stub}\"]"),
            bytes: size(&long) + 4,
        };
        assert_eq!(canonical(&format!("[ \"{long}\" ]")), expected);
        assert_eq!(canonical(&format!("[\"QUJD{stub}\"]")), expected);
        assert_eq!(blob::stub(&long).media, of_text(&long));
    }
}
