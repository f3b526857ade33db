//! JSON text without what does not count: white space between tokens, and comments.

use memchr::memchr;

use super::blob;
use super::scan::Scan;
use super::stub::{self, MARK};
use super::value::Json;
use crate::limits::LONG_STRING_BYTES;

/// JSON text without the white space between tokens. For the rest of a string that was not kept
/// stands `[cut sha256:…]`.
pub fn compact(text: &str) -> String {
    rewrite(text, |string, out| {
        let mark = memchr(MARK, string.as_bytes());
        let Some((kept, stub)) = mark.and_then(|at| string.split_at_checked(at)) else {
            out.push_str(string);
            return;
        };
        out.push_str(kept);
        let stub = stub.get(1..stub.len().saturating_sub(1));
        let media = stub.and_then(stub::read).unwrap_or_default();
        out.push_str(&stub::shown(&media));
        out.push_str(string.get(..1).unwrap_or_default());
    })
}

/// JSON text as it is hashed: without the white space between tokens, and with each string that is
/// longer than [`LONG_STRING_BYTES`] or was not kept whole as `"`, U+0001, `d` for decoded base64
/// or `t` for text, the number of bytes, their hash, the type that a data URL names, with `;`
/// between these, and `"`.
pub fn canonical(text: &str) -> String {
    rewrite(text, |string, out| {
        let inside = blob::inside(string).unwrap_or_default();
        let is_long = inside.len() > LONG_STRING_BYTES;
        if is_long || inside.as_bytes().contains(&MARK) {
            out.push('"');
            out.push_str(&stub::write(&blob::media(inside)));
            out.push('"');
        } else {
            out.push_str(string);
        }
    })
}

/// Copies all tokens, strings by means of `string`.
fn rewrite(text: &str, string: fn(&str, &mut String)) -> String {
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
            ("\"a\u{1}t;5;sha256:00;\"", "\"a[cut sha256:00]\""),
            ("[1, \"a", "[1,\"a"),
            ("[1 @ 2", "[1@ 2"),
        ] {
            assert_eq!(compact(text), compacted, "{text}");
        }
    }

    #[test]
    fn a_long_string_is_hashed_as_its_media_however_it_came() {
        let long = "QUJD".repeat(LONG_STRING_BYTES / 4);
        assert_eq!(canonical(&format!("\"{long}\"")), format!("\"{long}\""));
        let long = format!("{long}QUJD");
        let stub = stub::write(&of_text(&long));
        let expected = format!("[\"{stub}\"]");
        assert_eq!(canonical(&format!("[ \"{long}\" ]")), expected);
        assert_eq!(canonical(&format!("[\"QUJD{stub}\"]")), expected);
    }
}
