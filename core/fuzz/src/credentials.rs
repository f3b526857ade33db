//! Credentials: none is left in a text, however that comes in pieces, and nothing else changes.
//!
//! An input is a byte that seeds the cuts, lines of headers, and behind an empty line a text in
//! which a byte that is not UTF-8 stands for one of the headers' values, or a part of it.

use std::borrow::Cow;
use std::sync::Arc;

use audit_layer_core::credentials::{CleanDigest, MARK, Secrets};
use audit_layer_core::digest::HashForm;
use audit_layer_core::headers::Headers;
use audit_layer_core::limits::{CREDENTIAL_BYTES_MIN, CREDENTIALS_MAX};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{cuts, exchange};

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let Some((seed, rest)) = input.split_first() else {
        return;
    };
    let end = rest.windows(2).position(|two| two == b"\n\n");
    let (lines, text) = rest.split_at(end.unwrap_or(rest.len()));
    let head: Vec<_> = exchange::headers(lines).collect();
    let secrets = Arc::new(Secrets::of(Headers(&head)));
    let text = with_values(text, &head);
    // So short headers have no more credentials than are looked for.
    let is_short = lines.len() < CREDENTIALS_MAX << 2;
    let keys = if is_short { keys(&head) } else { Vec::new() };
    removed(&secrets, &keys, &text);
    in_pieces(*seed, &secrets, &text);
    in_json(&secrets, &keys, &text);
}

/// The text with values of the headers in it, and words that make it long.
fn with_values(text: &[u8], head: &[exchange::Header]) -> String {
    let mut whole = Vec::new();
    for byte in text {
        let value = head.get(usize::from(*byte & 3)).map(|(_, value)| value);
        match (byte, value) {
            (0x80.., Some(value)) => {
                let part = |bits: u8| usize::from(bits & 3) * value.len() / 8;
                let (begin, end) = (part(byte >> 4), value.len() - part(byte >> 2));
                whole.extend_from_slice(value.get(begin..end).unwrap_or_default());
            }
            (1, _) => whole.extend_from_slice(&b"words ".repeat(600)),
            _ => whole.push(*byte),
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

/// What was removed is gone, and what covers it takes as much room.
fn removed(secrets: &Secrets, keys: &[&str], text: &str) {
    let clean = secrets.removed(text);
    let has_some = matches!(clean, Cow::Owned(_));
    let mut covered = text.to_owned();
    assert_eq!(secrets.cover(&mut covered), has_some);
    assert_eq!(covered.len(), text.len());
    assert!(has_some || covered == text);
    assert!(is_clean(keys, &clean) && is_clean(keys, &covered));
}

/// Whether no value of a key's header is left. Of one that repeats itself a part may be.
fn is_clean(keys: &[&str], text: &str) -> bool {
    !keys.iter().any(|key| text.contains(key))
}

/// The values of headers that are one credential each, unless a mark may look like it.
fn keys(head: &[exchange::Header]) -> Vec<&str> {
    let is_key = |name: &[u8]| name == b"x-api-key";
    let values = head.iter().filter(|(name, _)| is_key(name));
    let values = values.filter_map(|(_, value)| str::from_utf8(value).ok());
    let is_one = |value: &&str| {
        let is_word = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_word && value.len() >= CREDENTIAL_BYTES_MIN && !MARK.contains(value)
    };
    values.filter(is_one).collect()
}

/// The hash of a text that comes in pieces is that of the clean text.
fn in_pieces(seed: u8, secrets: &Arc<Secrets>, text: &str) {
    let clean = secrets.removed(text);
    let has_some = matches!(clean, Cow::Owned(_));
    let expected = HashForm::Sha256.hash(clean.as_bytes());
    let mut digest = CleanDigest::new(&HashForm::Sha256, secrets);
    let (mut from, mut at) = (0, 0);
    for piece in cuts::pieces(seed, text.as_bytes()) {
        at += piece.len();
        let end = text.ceil_char_boundary(at);
        digest.update(&text[from..end]);
        from = end;
    }
    assert_eq!(digest.finish(), (expected, has_some));
}

/// JSON stays JSON, and a string in it is clean however it is written.
fn in_json(secrets: &Secrets, keys: &[&str], text: &str) {
    for json in [text.to_owned(), Value::from(text).to_string()] {
        let Ok(value) = RawValue::from_string(json) else {
            continue;
        };
        let clean = secrets.removed_from_json(&value);
        let clean = clean.as_deref().unwrap_or(&value);
        let mut arguments = value.get().to_owned();
        secrets.remove_from_arguments(&mut arguments);
        let read: Result<Value, _> = serde_json::from_str(clean.get());
        // One that is nested too deeply is none for this reader.
        let texts = [
            clean.get().to_owned(),
            arguments,
            read.unwrap_or_default().to_string(),
        ];
        assert!(texts.iter().all(|text| is_clean(keys, text)));
    }
}
