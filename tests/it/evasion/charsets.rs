//! Ways that hide the body in another charset, or behind the name of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::encodings::gzip;
use super::way::{PROMPT, Way, chat};

pub(crate) fn ways() -> Vec<Way> {
    [without_names(), with_names(), lies(), not_unicode()].concat()
}

/// Parsers tell these by their first bytes.
fn without_names() -> Vec<Way> {
    let body = chat(PROMPT);
    let little16 = utf16(&body, u16::to_le_bytes);
    let big16 = utf16(&body, u16::to_be_bytes);
    let little32 = utf32(&body, u32::to_le_bytes);
    let big32 = utf32(&body, u32::to_be_bytes);
    let marked = |mark: &[u8], body: &[u8]| [mark, body].concat();
    let bodies = [
        ("UTF-16 LE with a mark", marked(b"\xff\xfe", &little16)),
        ("UTF-16 BE with a mark", marked(b"\xfe\xff", &big16)),
        ("UTF-32 LE with a mark", marked(b"\xff\xfe\0\0", &little32)),
        ("UTF-32 BE with a mark", marked(b"\0\0\xfe\xff", &big32)),
        (
            "UTF-8 with a mark",
            marked(b"\xef\xbb\xbf", body.as_bytes()),
        ),
        (
            "UTF-8 with two marks",
            marked(b"\xef\xbb\xbf\xef\xbb\xbf", body.as_bytes()),
        ),
        ("UTF-16 LE", little16),
        ("UTF-16 BE", big16),
        ("UTF-32 LE", little32),
        ("UTF-32 BE", big32),
    ];
    bodies.map(|(name, body)| way(name, body)).into()
}

fn with_names() -> Vec<Way> {
    let body = chat(PROMPT);
    let little16 = utf16(&body, u16::to_le_bytes);
    let big16 = utf16(&body, u16::to_be_bytes);
    let marked = [b"\xfe\xff", &*big16].concat();
    let utf7 = utf7(&body);
    let bodies = [
        ("utf-16", little16.clone()),
        ("utf-16le", little16.clone()),
        ("utf-16be", big16),
        ("UTF-16", marked),
        ("utf-32", utf32(&body, u32::to_le_bytes)),
        ("utf-32be", utf32(&body, u32::to_be_bytes)),
        ("utf-7", utf7.clone().into_bytes()),
        ("utf-7-imap", utf7.replace('+', "&").into_bytes()),
    ];
    let mut ways: Vec<Way> = bodies.map(|(name, body)| named(name, name, body)).into();
    ways.push(named("gzip of UTF-16", "utf-16", gzip(&little16)).encoded("gzip"));
    for (name, parameters) in [
        ("in quotes", "charset=\"utf-16\""),
        ("in capitals", "CHARSET=UTF-16LE"),
        ("behind blanks", "  charset=utf-16le  "),
        ("behind another parameter", "a=b; charset=utf-16le"),
        ("behind one that lies", "charset=utf-8; charset=utf-16le"),
        ("before one that lies", "charset=utf-16le; charset=utf-8"),
    ] {
        let kind = format!("application/json; {parameters}");
        ways.push(way(&format!("utf-16 {name}"), little16.clone()).typed(&kind));
    }
    // `+` begins base64 up to `-`: other words for whoever takes it for ASCII.
    let other = chat(&PROMPT.replace("Approve", "+AEEAcABwAHIAbwB2AGU-"));
    ways.push(named("utf-7 with another meaning", "utf-7", other));
    ways
}

fn lies() -> Vec<Way> {
    let names = [
        "utf-16", "utf-16le", "utf-32", "utf-7", "us-ascii", "ibm037", "utf-99",
    ];
    names
        .map(|name| named(&format!("{name} that lies"), name, chat(PROMPT)))
        .into()
}

fn not_unicode() -> Vec<Way> {
    let with = |bytes: &[u8]| {
        let body = chat("@");
        let (before, after) = body.split_once('@').unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    vec![
        named("latin1", "latin1", with(b"Caf\xe9")),
        way("bytes that are not UTF-8", with(b"Caf\xe9")),
        way("overlong UTF-8", with(b"Approve loan \xc0\xb4711.")),
        way("half of a surrogate pair in UTF-8", with(b"\xed\xa0\xbd")),
        way("half of a surrogate pair", with(br"Approve \ud83d")),
    ]
}

fn way(name: &str, body: Vec<u8>) -> Way {
    Way::of_body(format!("charset: {name}"), body)
}

fn named(name: &str, charset: &str, body: impl Into<Vec<u8>>) -> Way {
    way(name, body.into()).typed(&format!("application/json; charset={charset}"))
}

fn utf16(body: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    body.encode_utf16().flat_map(bytes).collect()
}

fn utf32(body: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    body.chars().map(u32::from).flat_map(bytes).collect()
}

/// RFC 2152, with everything that is no letter, digit or blank in base64.
fn utf7(body: &str) -> String {
    let mut out = String::new();
    for character in body.chars() {
        if character.is_ascii_alphanumeric() || character == ' ' {
            out.push(character);
        } else {
            let unit = utf16(&character.to_string(), u16::to_be_bytes);
            out.extend(["+", &STANDARD_NO_PAD.encode(unit), "-"]);
        }
    }
    out
}
