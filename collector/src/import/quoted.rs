//! Dead letters within quotes, as formats of logs and exports of tables write a text that has quotes.

/// How quotes within quotes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// With a backslash, as in JSON, in logfmt and in access logs; or by a backslash and a number.
    Backslash,
    /// Twice, as in CSV.
    Twice,
}

impl Quoting {
    /// Told by how the JSON of an event begins: unquoted it begins with a brace and a quote.
    pub(super) fn of(json: Option<&[u8]>) -> Option<Self> {
        match json?.strip_prefix(b"{")? {
            [b'\\', ..] => Some(Self::Backslash),
            [b'"', b'"', ..] => Some(Self::Twice),
            _ => None,
        }
    }

    /// What a text says that stands within quotes, and what follows the quote that ends it.
    pub(super) fn open(self, text: &[u8]) -> (Vec<u8>, &[u8]) {
        let mut plain = Vec::new();
        let mut rest = text;
        while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
            let (before, quoted) = rest.split_at(at);
            plain.extend_from_slice(before);
            rest = match (self, quoted) {
                (Self::Backslash, [b'\\', escape, after @ ..]) => {
                    unescape(*escape, after, &mut plain)
                }
                (Self::Twice, [b'"', b'"', after @ ..]) => {
                    plain.push(b'"');
                    after
                }
                // Of a text that is cut, half of what stands for a character.
                (Self::Backslash, [b'\\']) => &[],
                (_, [b'"', after @ ..]) => return (plain, after),
                (_, [other, after @ ..]) => {
                    plain.push(*other);
                    after
                }
                (_, []) => &[],
            };
        }
        plain.extend_from_slice(rest);
        (plain, &[])
    }
}

/// Adds what a backslash and this byte stand for, by the rules of JSON and of Go; gives what follows.
fn unescape<'a>(escape: u8, after: &'a [u8], plain: &mut Vec<u8>) -> &'a [u8] {
    let byte = match escape {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'v' => 0x0b,
        b'"' | b'\\' | b'/' | b'\'' => escape,
        b'x' | b'u' | b'U' => {
            if let Some(after) = unescape_number(escape, after, plain) {
                return after;
            }
            plain.push(b'\\');
            escape
        }
        _ => {
            plain.push(b'\\');
            escape
        }
    };
    plain.push(byte);
    after
}

/// `\x22`, `\u00fc`, which may be half of a character that another follows, or `\U0001f600`.
fn unescape_number<'a>(escape: u8, after: &'a [u8], plain: &mut Vec<u8>) -> Option<&'a [u8]> {
    let digits = match escape {
        b'x' => 2,
        b'u' => 4,
        _ => 8,
    };
    if after.len() < digits {
        return Some(&[]);
    }
    let (number, after) = hex(after, digits)?;
    if escape == b'x' {
        plain.push(u8::try_from(number).ok()?);
        return Some(after);
    }
    let second = after.strip_prefix(b"\\u").and_then(|after| hex(after, 4));
    let pair = second.and_then(|(second, after)| {
        let units = [u16::try_from(number).ok()?, u16::try_from(second).ok()?];
        let [Ok(character)] = char::decode_utf16(units).collect::<Vec<_>>()[..] else {
            return None;
        };
        Some((character, after))
    });
    let (character, after) = match pair {
        Some(pair) => pair,
        None => (char::from_u32(number)?, after),
    };
    plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(after)
}

fn hex(text: &[u8], digits: usize) -> Option<(u32, &[u8])> {
    let (digits, after) = text.split_at_checked(digits)?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = str::from_utf8(digits).ok().filter(|_| is_hex)?;
    Some((u32::from_str_radix(digits, 16).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_read_up_to_the_quote_that_ends_it() {
        for (quoted, plain, after) in [
            (r#"a\"b\\\"c" d="e""#, "a\"b\\\"c", " d=\"e\""),
            (
                r#"\n\t\/\x22\x5C\u00fc\ud83d\ude00\U0001f600"#,
                "\n\t/\"\\ü😀😀",
                "",
            ),
            (r#"\q\x2\u12\ud83d\"#, r#"\q\x2\u12\ud83d"#, ""),
            (r#"a\u00f"#, "a", ""),
            (r#"\ud83d\u0041"#, r#"\ud83dA"#, ""),
            ("no end", "no end", ""),
        ] {
            let (read, rest) = Quoting::Backslash.open(quoted.as_bytes());
            assert_eq!((str::from_utf8(&read), rest), (Ok(plain), after.as_bytes()));
        }
        let (read, rest) = Quoting::Twice.open(br#"a""b\"c","d""#);
        assert_eq!((&read[..], rest), (&br#"a"b\"#[..], &br#"c","d""#[..]));
    }
}
