//! Dead letters: lines of a proxy's log, each with an event that will not be delivered.
//!
//! ```text
//! audit-layer dead-letter reason=<word> v=2 writer=<writer id> seq=<number> key=<key id> mac=<MAC> event=<the event's JSON>
//! ```
//!
//! Writer and number are those of the event, which says them near its end: a log that cuts long lines
//! keeps their beginning. An event without them has neither word.
//!
//! A log can quote strangers, so that a letter proves by its MAC that a gateway wrote it. The MAC is
//! HMAC-SHA-256 (RFC 2104) of the whole line without its word `mac=`, thus of version, reason, writer
//! and event. It is cut to 128 bits, the least that RFC 2104 advises
//! (section 5): nobody without the key can try out what would be right, so that more would only make
//! lines longer. The key id tells which of several keys made it.
//!
//! Version 1 has neither `v` nor what follows it. A gateway without a key writes version 2 without
//! `key` and `mac`. Readers of version 1 read version 2 too.

mod stub;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::digest::{HmacKey, is_same};
use crate::limits::REASON_BYTES_MAX;

pub use stub::{NOT_LOGGED, without_content};

/// What a letter begins with, up to its reason.
pub const PREFIX: &str = "audit-layer dead-letter reason=";

/// What stands before the event.
pub const EVENT: &str = " event=";

/// The version that is written.
const VERSION: &str = "v=2";

/// What the keys are made for, so that no other hash under the same secret is a MAC or a key id.
const MAC_PURPOSE: &[u8] = b"audit-layer-dead-letter/2 mac";
const ID_PURPOSE: &[u8] = b"audit-layer-dead-letter/2 id";

/// Digits of a key id: enough to tell a handful of keys apart.
const ID_CHARS: usize = 8;

/// The key of the MACs, derived from a secret: the key of the audit API, or one of its own.
#[derive(Debug, Clone)]
pub struct LetterKey {
    id: String,
    key: HmacKey,
}

impl LetterKey {
    /// Derived from this secret; `None` if it is empty.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = HmacKey::new(secret.as_bytes())?;
        let mut id = secret.tag(&[ID_PURPOSE]);
        id.truncate(ID_CHARS);
        let key = HmacKey::new(&secret.bytes(&[MAC_PURPOSE]))?;
        Some(Self { id, key })
    }

    /// A name by which lines say which key made their MAC: 8 hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The MAC of a line, given as what stands before the word `mac=` and the event's JSON.
    fn mac(&self, head: &[u8], event: &[u8]) -> String {
        self.key.tag(&[head, EVENT.as_bytes(), event])
    }
}

/// The line of an event that is given up for this reason, without a line end.
pub fn line(reason: &str, event: &str, key: Option<&LetterKey>) -> String {
    let mut head = format!("{PREFIX}{} {VERSION}", word(reason));
    if let Some((writer, seq)) = place_in(event) {
        head.push_str(WRITER);
        head.push_str(&word(writer));
        head.push_str(SEQ);
        head.push_str(seq);
    }
    let Some(key) = key else {
        return format!("{head}{EVENT}{event}");
    };
    head.push_str(" key=");
    head.push_str(&key.id);
    let mac = key.mac(head.as_bytes(), event.as_bytes());
    format!("{head} mac={mac}{EVENT}{event}")
}

/// The writer of an event's JSON and its sequence number. They are read where the gateway writes them: callers'
/// members of the same names stand before them and, as what is only claimed, behind them.
fn place_in(event: &str) -> Option<(&str, &str)> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        metadata: Metadata<'a>,
    }
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        audit_layer: AuditLayer<'a>,
    }
    #[derive(Deserialize)]
    struct AuditLayer<'a> {
        #[serde(borrow)]
        writer: Writer<'a>,
    }
    #[derive(Deserialize)]
    struct Writer<'a> {
        id: &'a str,
        #[serde(borrow)]
        seq: &'a RawValue,
    }
    let event: Event<'_> = serde_json::from_str(event).ok()?;
    let Writer { id, seq } = event.metadata.audit_layer.writer;
    let is_number = seq.get().bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((id, seq.get()))
}

/// The writer and its sequence number, as the beginning of a letter names them; `None` where it names
/// none, or breaks off in them.
pub fn place(letter: &str) -> Option<(&str, u64)> {
    let words = letter.strip_prefix(PREFIX)?;
    let (_, words) = words.split_once(' ')?;
    let (place, rest) = split_place(words.strip_prefix(VERSION)?);
    // A number that nothing follows may go on.
    let (writer, seq) = place.filter(|_| !rest.is_empty())?;
    Some((writer, seq.parse().ok()?))
}

/// The writer and the number that these words begin with, if they name both as a gateway does, and
/// what follows.
fn split_place(words: &str) -> (Option<(&str, &str)>, &str) {
    let read = || {
        let (writer, rest) = words.strip_prefix(WRITER)?.split_once(SEQ)?;
        let is_no_digit = |character: char| !character.is_ascii_digit();
        let (seq, rest) = rest.split_at_checked(rest.find(is_no_digit).unwrap_or(rest.len()))?;
        let is_over = rest.is_empty() || rest.starts_with(' ');
        let is_place = is_over && !seq.is_empty() && !writer.contains(' ');
        is_place.then_some(((writer, seq), rest))
    };
    match read() {
        Some((place, rest)) => (Some(place), rest),
        None => (None, words),
    }
}

const WRITER: &str = " writer=";
const SEQ: &str = " seq=";

/// A reason may be what an audit API wrote. In the line it is one word.
fn word(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'=';
    let plain = text.bytes().map(|byte| match is_plain(&byte) {
        true => char::from(byte),
        false => '_',
    });
    plain.take(REASON_BYTES_MAX).collect()
}

/// What the MAC of a letter says of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Someone with one of the keys wrote exactly this.
    Proven,
    /// The MAC is not the one that the key which it names gives: who wrote this has no key, or it was
    /// changed since.
    Forged,
    /// Nothing can be said: there is no MAC, as in version 1 and where a gateway has no key.
    NoMac,
    /// Nothing can be said: the MAC is by a key with this id, which is none of those given.
    OtherKey(String),
    /// Nothing can be said: the line has a version that is not known here.
    OtherVersion,
}

/// Looks at a letter: what stands from [`PREFIX`] up to [`EVENT`], and the event's JSON behind it, both
/// byte for byte.
pub fn origin(head: &[u8], event: &[u8], keys: &[LetterKey]) -> Origin {
    let Some(words) = str::from_utf8(head).ok().and_then(|head| {
        let words = head.strip_prefix(PREFIX)?;
        Some(words.split_once(' ')?.1)
    }) else {
        return Origin::NoMac;
    };
    let Some(rest) = words.strip_prefix(VERSION) else {
        return match words.starts_with("v=") {
            true => Origin::OtherVersion,
            // No gateway has ever written one without the other.
            false if has_word(words, "key=") || has_word(words, "mac=") => Origin::Forged,
            false => Origin::NoMac,
        };
    };
    let (_, rest) = split_place(rest);
    if rest.is_empty() {
        return Origin::NoMac;
    }
    let named = rest.strip_prefix(" key=");
    let Some((id, mac)) = named.and_then(|named| named.split_once(" mac=")) else {
        return Origin::Forged;
    };
    let mut known = keys.iter().filter(|key| key.id == id).peekable();
    if known.peek().is_none() {
        let is_id = id.len() == ID_CHARS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        return match is_id {
            true => Origin::OtherKey(id.to_owned()),
            false => Origin::Forged,
        };
    }
    let covered = head
        .len()
        .saturating_sub(" mac=".len().saturating_add(mac.len()));
    let covered = head.get(..covered).unwrap_or_default();
    match known.any(|key| is_same(&key.mac(covered, event), mac)) {
        true => Origin::Proven,
        false => Origin::Forged,
    }
}

fn has_word(words: &str, begins_with: &str) -> bool {
    words.split(' ').any(|word| word.starts_with(begins_with))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{"request_id":"r","metadata":{"audit_layer":{"writer":{"id":"w","seq":7}}}}"#;

    fn key(secret: &str) -> LetterKey {
        LetterKey::new(secret).unwrap()
    }

    fn origin_of(line: &str, keys: &[LetterKey]) -> Origin {
        let (head, event) = line.split_once(EVENT).unwrap();
        origin(head.as_bytes(), event.as_bytes(), keys)
    }

    #[test]
    fn what_names_a_key_in_no_way_that_a_gateway_does_is_forged() {
        let ours = key("al_sk_1");
        let keys = std::slice::from_ref(&ours);
        let id = ours.id();
        let mac = "0".repeat(32);
        for words in [
            format!("max_age v=2 key={id}"),
            format!("max_age v=2 mac={mac}"),
            format!("max_age v=2 mac={mac} key={id}"),
            format!("max_age key={id} mac={mac}"),
            format!("max_age v=2 reason=x key={id} mac={mac}"),
            format!("max_age v=2 key=ours mac={mac}"),
            format!("max_age v=2 writer=w key={id} mac={mac}"),
            format!("max_age v=2 writer=w seq=x key={id} mac={mac}"),
            "max_age v=2 seq=1 writer=w".to_owned(),
        ] {
            let line = format!("{PREFIX}{words}{EVENT}{JSON}");
            assert_eq!(origin_of(&line, keys), Origin::Forged, "{line}");
        }
        for words in ["max_age v=2", "max_age", "two words"] {
            let line = format!("{PREFIX}{words}{EVENT}{JSON}");
            assert_eq!(origin_of(&line, keys), Origin::NoMac, "{line}");
        }
    }

    #[test]
    fn the_beginning_names_writer_and_number_of_the_event() {
        let ours = key("k");
        let caller = r#""writer":{"id":"forged","seq":1}"#;
        let escaped = caller.replace('"', "\\\"");
        let event = format!(
            r#"{{"prompt_content":"{escaped}","metadata":{{{caller},"audit_layer":{{"writer":{{"id":"w","seq":71}},"usage":1,"identity":{{"claimed":{{"metadata":{{{caller}}}}}}}}}}}}}"#
        );
        for key in [None, Some(&ours)] {
            let line = line("max_age", &event, key);
            assert!(
                line.starts_with("audit-layer dead-letter reason=max_age v=2 writer=w seq=71 ")
            );
            assert_eq!(place(&line), Some(("w", 71)));
            let (cut, _) = line.split_once("1 ").unwrap();
            assert_eq!(place(cut), None);
        }
        assert_eq!(place(&line("max_age", "{}", None)), None);
    }

    /// Made by Python's hmac, as SECURITY.md says.
    #[test]
    fn the_line_is_as_documented() {
        let line = line("max_age", "{}", Some(&key("al_sk_secret")));
        assert_eq!(line, EXPECTED);
    }

    const EXPECTED: &str = "audit-layer dead-letter reason=max_age v=2 key=48434b73 mac=88f09c67a9fbca8348f44c9b50717d0f event={}";

    #[test]
    fn a_letter_is_proven_by_its_key_alone() {
        let (ours, theirs) = (key("al_sk_1"), key("al_sk_2"));
        let text = line("queue_full", JSON, Some(&ours));
        let both = [theirs.clone(), ours.clone()];
        assert_eq!(origin_of(&text, &both), Origin::Proven);
        let other = Origin::OtherKey(ours.id().to_owned());
        assert_eq!(origin_of(&text, &[theirs]), other);
        assert_eq!(origin_of(&text, &[]), other);
    }

    #[test]
    fn whatever_is_changed_of_a_letter_it_is_not_proven() {
        let ours = key("al_sk_1");
        let text = line("queue_full", JSON, Some(&ours));
        let whole = text.as_bytes();
        for at in PREFIX.len()..whole.len() {
            let mut changed = whole.to_vec();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            if let Some((head, event)) = changed.split_once(EVENT) {
                let keys = std::slice::from_ref(&ours);
                let origin = origin(head.as_bytes(), event.as_bytes(), keys);
                assert_ne!(origin, Origin::Proven, "{changed}");
            }
        }
        for (from, to) in [
            (" v=2", ""),
            (" v=2", " v=3"),
            (" key=", "  key="),
            (" seq=7", " seq=70"),
            (" writer=w seq=7", ""),
        ] {
            let changed = text.replacen(from, to, 1);
            let keys = std::slice::from_ref(&ours);
            assert_ne!(origin_of(&changed, keys), Origin::Proven);
        }
    }

    #[test]
    fn a_mac_by_the_secret_itself_proves_nothing() {
        let ours = key("al_sk_1");
        let head = format!("{PREFIX}x v=2 key={}", ours.id());
        let raw = HmacKey::new(b"al_sk_1").unwrap();
        let mac = raw.tag(&[head.as_bytes(), EVENT.as_bytes(), JSON.as_bytes()]);
        let forged = format!("{head} mac={mac}{EVENT}{JSON}");
        assert_eq!(origin_of(&forged, &[ours]), Origin::Forged);
    }

    #[test]
    fn of_letters_without_a_mac_nothing_is_said() {
        let keys = [key("k")];
        for (head, origin) in [
            ("max_age", Origin::NoMac),
            ("max_age v=2", Origin::NoMac),
            ("max_age v=3 sig=00", Origin::OtherVersion),
        ] {
            let line = format!("{PREFIX}{head}{EVENT}{JSON}");
            assert_eq!(origin_of(&line, &keys), origin, "{head}");
        }
        assert_eq!(origin_of(&line("x", JSON, None), &keys), Origin::NoMac);
    }

    #[test]
    fn a_reason_is_one_word_whatever_an_audit_api_says() {
        let keys = [key("k")];
        for reason in ["bad event={} mac=0", "a\nb", "ü", &"x".repeat(10_000), ""] {
            let line = line(reason, JSON, Some(&keys[0]));
            let (_, rest) = line.split_at(PREFIX.len());
            let (reason, rest) = rest.split_once(' ').unwrap();
            assert!(reason.len() <= REASON_BYTES_MAX && reason.is_ascii());
            assert!(rest.starts_with("v=2 writer=w seq=7 key="), "{line}");
            assert_eq!(origin_of(&line, &keys), Origin::Proven);
        }
    }

    #[test]
    fn an_empty_secret_is_no_key() {
        assert!(LetterKey::new("").is_none());
    }
}
