//! Whether two texts of events say the same.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::event::Entries;

/// What the text of an event says, as a digest: whatever is large about it is looked at once.
///
/// Two texts say the same if they have the same members, in whatever order and with whatever white space.
/// Numbers have to be written alike; texts may have other escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said([u8; 32]);

impl Said {
    pub(crate) fn of(event: &str) -> Self {
        let mut digest = Sha256::new();
        match Entries::read(event) {
            Ok(entries) => {
                let mut members: Vec<_> = entries.iter().collect();
                // Stable: members of one name stay in their order.
                members.sort_by_key(|(name, _)| *name);
                for (name, value) in members {
                    add(&mut digest, name);
                    tokens(value).for_each(|token| add(&mut digest, &token));
                }
            }
            Err(_) => digest.update(event),
        }
        Self(digest.finalize().into())
    }
}

/// Adds a text so that where it ends is a part of it.
fn add(digest: &mut Sha256, text: &str) {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    digest.update(bytes.to_le_bytes());
    digest.update(text);
}

/// The tokens of valid JSON: texts as what they say, all else as it is written.
fn tokens(json: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let length = match rest.as_bytes().first()? {
            b'"' => text_bytes(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest
                .find([' ', '\t', '\n', '\r', '{', '}', '[', ']', ',', ':'])
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length)?;
        rest = after;
        let escaped = token.starts_with('"') && token.contains('\\');
        let said = escaped.then(|| serde_json::from_str::<String>(token).ok());
        Some(match said.flatten() {
            // A quote before it, so that it is no other token.
            Some(text) => Cow::Owned(format!("\"{text}\"")),
            None => Cow::Borrowed(token),
        })
    })
}

/// The bytes of the text with which valid JSON begins, both quotes included.
fn text_bytes(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(json.len(), |end| end.saturating_add(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(one: &str, other: &str) -> bool {
        Said::of(one) == Said::of(other)
    }

    #[test]
    fn only_what_says_the_same_is_the_same() {
        let one = r#"{"a":"é\"","b":[1.0,true,null,{"c":"x"}]}"#;
        for same in [
            r#"{"a":"é\"","b":[1.0,true,null,{"c":"x"}]}"#,
            "{ \"a\" : \"\u{e9}\\u0022\",\n\"b\":[1.0, true,null , {\"c\":\"x\"}] }",
            r#"{"b":[1.0,true,null,{"c":"\u0078"}],"\u0061":"\u00e9\""}"#,
        ] {
            assert!(is_same(one, same), "{same}");
        }
        for other in [
            r#"{"a":"é\"","b":[1,true,null,{"c":"x"}]}"#,
            r#"{"a":"é\"","b":[1.0,true,null,{"c":"y"}]}"#,
            r#"{"a":"é\"","b":[1.0,true,null,{"d":"x"}]}"#,
            r#"{"a":"é","b":[1.0,true,null,{"c":"x"}]}"#,
            r#"{"a":"é\"","b":[1.0,true,null,{"c":"x"}],"d":1}"#,
            r#"{"a":"é\"","b":[1.0,true,{"c":"x"},null]}"#,
            r#"{"a":"é\""}"#,
            "{}",
        ] {
            assert!(!is_same(one, other), "{other}");
        }
        assert!(!is_same(r#"{"a":"1"}"#, r#"{"a":1}"#));
        assert!(!is_same(r#"{"a":"true"}"#, r#"{"a":true}"#));
        assert!(!is_same(r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#));
    }
}
