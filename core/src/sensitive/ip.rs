//! Addresses of the Internet Protocol.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::context::is_behind;
use super::{Found, Place, Sensitive, is_word};

/// Bytes of the longest IPv4 address.
const V4_BYTES_MAX: usize = 15;

/// Bytes of the longest IPv6 address.
const V6_BYTES_MAX: usize = 45;

/// Words before four numbers that are those of a version or of a section.
const VERSION: [&str; 14] = [
    "version",
    "release",
    "build",
    "section",
    "chapter",
    "clause",
    "abschnitt",
    "versión",
    "versione",
    "versão",
    "versie",
    "wersja",
    "版本",
    "バージョン",
];

/// How close before them such a word stands, in bytes.
const VERSION_WITHIN: usize = 12;

/// The IPv4 address that begins here.
pub(super) fn v4(place: &Place<'_>) -> Option<Found> {
    let rest = place.rest();
    let end = rest
        .iter()
        .take(V4_BYTES_MAX.saturating_add(1))
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.')
        .unwrap_or(rest.len());
    let written = str::from_utf8(rest.get(..end)?).ok()?.trim_end_matches('.');
    let address: Ipv4Addr = written.parse().ok()?;
    let next = rest.get(written.len()).copied();
    let after = rest
        .get(written.len().saturating_add(1))
        .copied()
        .unwrap_or_default();
    // A range goes on with another address, a version with a word.
    let is_over = match next {
        Some(b'-') => after.is_ascii_digit(),
        next => !next.is_some_and(is_word),
    };
    // Those of nobody: this host, and any.
    let is_someones = !address.is_loopback() && !address.is_unspecified();
    // A product's version stands behind its name and a slash.
    let is_product = place.before(1) == Some(b'/')
        && place
            .before(2)
            .is_some_and(|byte| byte.is_ascii_alphabetic());
    let is_version = is_product || is_behind(place, VERSION_WITHIN, &VERSION);
    (is_over && is_someones && !is_version && !is_part(place))
        .then(|| place.found(Sensitive::IpAddress, written.len()))
        .flatten()
}

/// Whether a longer number with points goes on here.
fn is_part(place: &Place<'_>) -> bool {
    let before = place.before(2).is_some_and(|byte| byte.is_ascii_digit());
    place.before(1) == Some(b'.') && before
}

/// Whether a short address begins as those in use do: global, local to a link, or to a site.
fn has_known_prefix(written: &str) -> bool {
    let first = written.split(':').next().unwrap_or_default();
    first.len() == 4
        && ["2", "3", "fe80", "fc", "fd"]
            .iter()
            .any(|known| first.starts_with(known))
}

/// The IPv6 address around the first of its colons.
pub(super) fn colons(place: &Place<'_>) -> Option<Found> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let before = place.bytes.get(place.from..place.at)?;
    let head = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_hexdigit());
    let start = place.at.saturating_sub(head.take(5).count());
    let rest = place.bytes.get(start..)?;
    let near = rest.get(..rest.len().min(V6_BYTES_MAX.saturating_add(1)))?;
    let end = near.iter().position(|byte| !is_part(*byte));
    let written = str::from_utf8(near.get(..end.unwrap_or(near.len()))?).ok()?;
    let written = written.trim_end_matches('.');
    // A colon may end a sentence's part, and the address before it.
    let mut readings = [written, written.trim_end_matches(':')].into_iter();
    let (written, address) =
        readings.find_map(|written| Some((written, written.parse::<Ipv6Addr>().ok()?)))?;
    let bytes = written.len();
    let before = start.checked_sub(1).and_then(|at| place.bytes.get(at));
    let next = rest.get(bytes);
    let is_alone = ![before, next]
        .into_iter()
        .flatten()
        .any(|byte| is_word(*byte) || *byte == b':');
    // Paths of programming languages have two colons and letters too.
    let colons = written.bytes().filter(|byte| *byte == b':').count();
    let has_digit = written.bytes().any(|byte| byte.is_ascii_digit());
    let is_someones = !address.is_loopback() && !address.is_unspecified();
    // Eight pairs of digits are the number of a network card, an EUI-64.
    let is_card = written.split(':').all(|group| group.len() == 2);
    let is_like = !is_card && (colons > 2 || has_known_prefix(written));
    (is_alone && is_someones && has_digit && is_like).then(|| Found {
        kind: Sensitive::IpAddress,
        at: start..start.saturating_add(bytes),
    })
}
