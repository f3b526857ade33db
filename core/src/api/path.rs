//! How a request's path is written, and how servers read it.
//!
//! Servers decode and fold a path before they look for who answers it, each in its own way, so a
//! path counts if one of its readings does. Sources: RFC 3986, sections 5.2.4 and 6.2.2; the URL
//! Standard, section 4.4, for backslashes; RFC 9112, section 3.2, for the forms of a target.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::find;
use crate::headers;
use crate::limits::PATH_DECODINGS_MAX;

/// A request's target without its query, which may hold a key and so is never recorded.
#[derive(Debug, Clone)]
pub struct Path<'a> {
    /// As it came.
    pub text: Cow<'a, str>,
    /// The host, where the target names one.
    pub authority: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// Reads the pseudo-header `:path`.
    pub fn of(target: &'a [u8]) -> Self {
        let end = find::any([b'?', b'#'], target).unwrap_or(target.len());
        let target = target.get(..end).unwrap_or(target);
        if let Ok(text) = str::from_utf8(target) {
            let (authority, text) = without_authority(text);
            let authority = authority.map(without_user);
            return Self { text, authority };
        }
        Self {
            text: headers::text(target),
            authority: None,
        }
    }
}

/// The authority of an absolute target, and the target without the name and password that it may
/// hold.
fn without_authority(target: &str) -> (Option<&str>, Cow<'_, str>) {
    let Some((scheme, authority, _)) = absolute(target) else {
        return (None, Cow::Borrowed(target));
    };
    let host = without_user(authority);
    if host.len() == authority.len() {
        return (Some(authority), Cow::Borrowed(target));
    }
    let path = target.split_once(authority).map_or("", |(_, path)| path);
    (
        Some(authority),
        Cow::Owned(format!("{scheme}://{host}{path}")),
    )
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, it)| it)
}

/// Scheme, authority and path of an absolute target.
fn absolute(target: &str) -> Option<(&str, &str, &str)> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    Some((scheme, authority, path))
}

/// Whether a path is written in more ways than one, so that it has other readings than itself.
pub(super) fn has_readings(path: &str) -> bool {
    let mut last = b'/';
    let mut is_odd = !path.starts_with('/');
    for byte in path.bytes().skip(1) {
        let is_structure = last == b'/' && matches!(byte, b'/' | b'.');
        is_odd |= is_structure || matches!(byte, b'%' | b'\\' | b';' | 0..=b' ');
        last = byte;
    }
    is_odd || last == b'.'
}

/// A path as servers may read it, in lower case, since some do not tell cases apart.
pub(crate) fn path_readings(path: &str) -> Vec<String> {
    let texts = match has_readings(path) {
        true => readings(path).texts,
        false => vec![path.to_owned()],
    };
    let lower = texts.iter().map(|text| text.to_ascii_lowercase());
    lower.collect()
}

/// What servers make of a path, the most careful first.
#[derive(Debug)]
pub(super) struct Readings {
    /// Each without a slash at its end.
    pub(super) texts: Vec<String>,
    /// Whether no client of a model writes a path so.
    pub(super) is_unusual: bool,
}

/// The readings of a path.
///
/// The first is the normal form of RFC 3986, in which a model's id keeps its `%2F` and `%3A`. In
/// the second all is decoded, and in the others again what then is still encoded.
pub(super) fn readings(path: &str) -> Readings {
    let is_absolute = absolute(path).is_some();
    let path = absolute(path).map_or(path, |(_, _, path)| path);
    let normal = Normal::of(&decoded(path, is_unreserved));
    let mut is_unusual = is_absolute || normal.is_changed || has_needless_encoding(path);
    let mut texts = vec![normal.text];
    for number in 0..PATH_DECODINGS_MAX {
        let Some(last) = texts.last().filter(|text| text.contains('%')) else {
            break;
        };
        let Normal { text, is_changed } = Normal::of(&decoded(last, |_| true));
        if text == *last {
            break;
        }
        is_unusual |= is_changed || number > 0;
        texts.push(text);
    }
    Readings { texts, is_unusual }
}

/// A path in its normal form.
struct Normal {
    text: String,
    /// Whether that took more than a slash at its end.
    is_changed: bool,
}

impl Normal {
    /// Without dot segments, empty segments and parameters of segments. What an encoded `?` parts
    /// is no path for a server that decodes first.
    fn of(path: &str) -> Self {
        let end = path.find(['?', '#']).unwrap_or(path.len());
        let path = path.get(..end).unwrap_or(path);
        let mut segments: Vec<&str> = Vec::new();
        for segment in path.split(['/', '\\']) {
            match segment.split(';').next().unwrap_or_default() {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                segment => segments.push(segment),
            }
        }
        let last = segments.pop().map(|it| it.trim_end_matches(is_padding));
        segments.extend(last.filter(|it| !it.is_empty()));
        let mut text = String::with_capacity(path.len());
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Self {
            is_changed: text != path.strip_suffix('/').unwrap_or(path),
            text,
        }
    }
}

/// What some servers take from the end of a name. A percent sign there encodes nothing.
fn is_padding(character: char) -> bool {
    matches!(character, '.' | '%' | '\0'..=' ')
}

/// A path whose percent-encoded bytes are decoded where `which` says so.
fn decoded(path: &str, which: impl Fn(u8) -> bool) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let encoded = after.get(..2);
        match encoded.and_then(hexadecimal).filter(|byte| which(*byte)) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(&shortened(error.as_bytes())).into_owned(),
    }
}

/// Bytes with the ASCII characters that are written in two of them, which is no UTF-8 but was read
/// as such by servers: a slash as `C0 AF`.
fn shortened(bytes: &[u8]) -> Vec<u8> {
    let mut short = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [first @ 0xc0..=0xc1, second @ 0x80..=0xbf, rest @ ..] => {
                short.push((first & 1) << 6 | (second & 0x3f));
                rest
            }
            [byte, rest @ ..] => {
                short.push(*byte);
                rest
            }
            [] => return short,
        };
    }
}

fn hexadecimal(digits: &str) -> Option<u8> {
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_hexadecimal)
}

/// What nobody has to encode (RFC 3986, section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether something is encoded that nobody has to encode, or encoded twice.
fn has_needless_encoding(path: &str) -> bool {
    let byte_at = |text: &str| text.get(..2).and_then(hexadecimal);
    path.split('%').skip(1).any(|text| {
        let is_twice = byte_at(text) == Some(b'%') && text.get(2..).and_then(byte_at).is_some();
        is_twice || byte_at(text).is_some_and(is_unreserved)
    })
}

/// Whether `text` ends with `end` in any case.
pub(super) fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    let tail = start.and_then(|start| text.as_bytes().get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

/// Where `part` stands in `text` first, in any case.
pub(super) fn find(text: &str, part: &str) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    let mut windows = text.as_bytes().windows(part.len());
    windows.position(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// The text of a part of a path.
pub(super) fn decode(part: &str) -> Cow<'_, str> {
    percent_decode_str(part).decode_utf8_lossy()
}
