//! Which values of a request's headers are credentials.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode;

use crate::find;
use crate::headers::{Headers, is_audit_name};
use crate::limits::{
    CREDENTIAL_BYTES_MAX, CREDENTIAL_BYTES_MIN, CREDENTIALS_MAX, QUERY_CREDENTIAL_BYTES_MIN,
};

/// How the last word of a name is spelt whose value is a credential.
const WORDS: [&str; 20] = [
    "accesstoken",
    "apikey",
    "assertion",
    "auth",
    "authorization",
    "authtoken",
    "code",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
];

/// Names that end so and hold no credential.
const HARMLESS: [&str; 5] = [
    "idempotency-key",
    "cache-key",
    "partition-key",
    "sec-websocket-key",
    "surrogate-key",
];

/// Members of a query that are no credentials, however long.
const HARMLESS_QUERY: [&str; 6] = [
    "api-version",
    "api_version",
    "deployment",
    "model",
    "region",
    "version",
];

/// What stands before a key among the protocols of a browser's WebSocket.
const PROTOCOL_KEY: &[u8] = b"openai-insecure-api-key.";

/// Members of an authorization that are no credentials.
const HARMLESS_PARAMETERS: [&[u8]; 7] = [
    b"algorithm",
    b"nc",
    b"qop",
    b"realm",
    b"SignedHeaders",
    b"uri",
    b"version",
];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Values, one after the other, without a value twice.
#[derive(Default)]
pub(super) struct Values {
    pub(super) bytes: Vec<u8>,
    /// The end of each.
    pub(super) ends: Vec<usize>,
    /// Whether there were more than are kept.
    pub(super) is_cut: bool,
}

/// The credentials of a request, each as the bytes that are looked for.
pub(super) fn values(headers: Headers<'_>) -> Values {
    let mut values = Values::default();
    for (name, value) in headers.0 {
        if name.as_slice() == b":path" {
            values.target(value);
        } else if name.eq_ignore_ascii_case(b"cookie") {
            values.cookies(value);
        } else if name.eq_ignore_ascii_case(b"sec-websocket-protocol") {
            values.protocols(value);
        } else if names_a_credential(name) {
            values.header(value);
        }
    }
    values
}

impl Values {
    fn take(&mut self, value: &[u8]) {
        if value.len() < CREDENTIAL_BYTES_MIN {
            return;
        }
        self.keep(value);
        // What signs a token is a small part of it; `eyJ` begins JSON, which says whose it is.
        for segment in value.split(|byte| *byte == b'.').skip(1) {
            if segment.len() >= QUERY_CREDENTIAL_BYTES_MIN && !segment.starts_with(b"eyJ") {
                self.keep(segment);
            }
        }
    }

    fn keep(&mut self, value: &[u8]) {
        if self.has(value) {
            return;
        }
        let end = self.bytes.len().saturating_add(value.len());
        if end > CREDENTIAL_BYTES_MAX || self.ends.len() >= CREDENTIALS_MAX {
            self.is_cut = true;
            return;
        }
        self.bytes.extend_from_slice(value);
        self.ends.push(end);
    }

    fn has(&self, value: &[u8]) -> bool {
        let mut start = 0;
        self.ends.iter().any(|end| {
            let known = self.bytes.get(start..*end);
            start = *end;
            known == Some(value)
        })
    }

    /// `<key>`, or `<scheme> <key>`, or `<scheme> <name>=<value>, …`.
    fn header(&mut self, value: &[u8]) {
        let value = value.trim_ascii();
        let (scheme, rest) = match value.iter().position(u8::is_ascii_whitespace) {
            Some(at) => value.split_at_checked(at).unwrap_or((b"", value)),
            None => (b"".as_slice(), value),
        };
        for word in words(rest) {
            self.word(word, !scheme.is_empty());
        }
        if scheme.eq_ignore_ascii_case(b"basic") {
            self.basic(rest.trim_ascii());
        }
    }

    fn word(&mut self, word: &[u8], has_scheme: bool) {
        let Some((name, value)) = named(word) else {
            self.take(word);
            return;
        };
        if HARMLESS_PARAMETERS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
        {
            return;
        }
        if has_scheme && name.eq_ignore_ascii_case(b"credential") {
            // AWS writes key, date, region and service; only the first is one.
            let id = value.split(|byte| *byte == b'/').next().unwrap_or_default();
            self.take(unquoted(id));
        } else {
            self.take(unquoted(value));
        }
    }

    fn basic(&mut self, encoded: &[u8]) {
        let Ok(pair) = BASE64.decode(encoded) else {
            return;
        };
        for part in pair.splitn(2, |byte| *byte == b':') {
            for word in part.split(u8::is_ascii_whitespace) {
                self.take(word);
            }
        }
    }

    fn cookies(&mut self, value: &[u8]) {
        for cookie in value.split(|byte| *byte == b';') {
            let cookie = cookie.trim_ascii();
            let value = named(cookie).map_or(cookie, |(_, value)| value);
            for word in value.split(u8::is_ascii_whitespace) {
                self.take(unquoted(word));
            }
        }
    }

    fn protocols(&mut self, value: &[u8]) {
        for protocol in value.split(|byte| *byte == b',') {
            if let Some(key) = protocol.trim_ascii().strip_prefix(PROTOCOL_KEY) {
                self.take(key);
            }
        }
    }

    /// The query, also behind a `;` or where its `?` is encoded; and what stands before the host.
    fn target(&mut self, target: &[u8]) {
        if let Some(at) = find::any([b'?', b';'], target) {
            self.members(target.get(at..).unwrap_or_default());
        }
        if let Some(query) = behind_encoded_mark(target) {
            let decoded: Vec<u8> = percent_decode(query).collect();
            self.members(&decoded);
        }
        for part in user_info(target).split(|byte| *byte == b':') {
            self.take(part);
        }
    }

    /// What an encoded value stands for, if that is not what was sent.
    fn decoded(&mut self, encoded: &[u8], sent: &[u8]) {
        let decoded: Vec<u8> = percent_decode(encoded).collect();
        if decoded != sent {
            self.take(&decoded);
            for word in decoded.split(u8::is_ascii_whitespace) {
                self.take(word);
            }
        }
    }

    fn members(&mut self, query: &[u8]) {
        for member in query.split(|byte| matches!(byte, b'&' | b';' | b'#' | b'?')) {
            let Some((name, value)) = named(member) else {
                continue;
            };
            if is_query_credential(name, value) {
                self.take(value);
                self.decoded(value, value);
                // Forms write a blank so.
                if find::any([b'+'], value).is_some() {
                    let byte = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
                    let spaced: Vec<u8> = value.iter().map(byte).collect();
                    self.decoded(&spaced, value);
                }
            }
        }
    }
}

/// What stands at an encoded question mark and behind it.
fn behind_encoded_mark(target: &[u8]) -> Option<&[u8]> {
    let mut rest = target;
    loop {
        rest = rest.get(find::any([b'%'], rest)?..)?;
        let escape = rest.get(..3)?;
        if escape.eq_ignore_ascii_case(b"%3f") {
            return Some(rest);
        }
        rest = rest.get(1..)?;
    }
}

/// Name and password of an absolute target.
fn user_info(target: &[u8]) -> &[u8] {
    if target.first() == Some(&b'/') {
        return b"";
    }
    let authority = target
        .windows(3)
        .position(|three| three == b"://")
        .and_then(|at| target.get(at.saturating_add(3)..))
        .and_then(|rest| rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next())
        .unwrap_or_default();
    let end = authority.iter().rposition(|byte| *byte == b'@');
    authority.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Whether a header's name says that its value is a credential.
pub(crate) fn names_a_credential(name: &[u8]) -> bool {
    if name.first() == Some(&b':') || is_audit_name(name) {
        return false;
    }
    let ends = |known: &&str| ends_with(name, known);
    last_word_is_known(name) && !HARMLESS.iter().any(ends)
}

/// Names of queries are as various as those who make them, so that any long value counts.
fn is_query_credential(name: &[u8], value: &[u8]) -> bool {
    if HARMLESS_QUERY
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    {
        return false;
    }
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    last_word_is_known(name) || is_mixed || value.len() >= QUERY_CREDENTIAL_BYTES_MIN
}

fn last_word_is_known(name: &[u8]) -> bool {
    let last = last_word(name);
    // Most names end in a word that begins with none of their letters.
    let begins = last.first().map(u8::to_ascii_lowercase);
    matches!(begins, Some(b'a' | b'c' | b'j' | b'k' | b'p' | b's' | b't'))
        && WORDS
            .iter()
            .any(|word| last.eq_ignore_ascii_case(word.as_bytes()))
}

/// Words are told apart by `-`, `_`, `.` or a capital letter behind a small one.
fn last_word(name: &[u8]) -> &[u8] {
    let mut next_is_capital = false;
    let before = name.iter().rposition(|byte| {
        let ends =
            matches!(byte, b'-' | b'_' | b'.') || next_is_capital && byte.is_ascii_lowercase();
        next_is_capital = byte.is_ascii_uppercase();
        ends
    });
    let start = before.map_or(0, |before| before.saturating_add(1));
    name.get(start..).unwrap_or_default()
}

fn ends_with(name: &[u8], end: &str) -> bool {
    name.len()
        .checked_sub(end.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|last| last.eq_ignore_ascii_case(end.as_bytes()))
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';');
    value.split(is_between).map(unquoted)
}

/// `name=value`; not the padding of base64.
fn named(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = word.iter().position(|byte| *byte == b'=')?;
    let (name, value) = word.split_at_checked(at)?;
    let value = value.strip_prefix(b"=")?;
    let is_padding = value.iter().all(|byte| *byte == b'=');
    (!name.is_empty() && !is_padding).then_some((name, value))
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").unwrap_or(value);
    inner.strip_suffix(b"\"").unwrap_or(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_known_by_its_first_letter() {
        for word in WORDS {
            assert!(last_word_is_known(word.as_bytes()), "{word}");
        }
    }
}
