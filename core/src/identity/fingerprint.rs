//! Which API key a call was made with, told without the key: the same key has the same fingerprint, and
//! only who has the secret can find a key by its fingerprint.

use std::borrow::Cow;

use super::token;
use crate::digest::HmacKey;
use crate::headers::Headers;
use percent_encoding::percent_decode;

/// Where a request may have a key, in the order in which one counts before another where its format does not say.
const PLACES: [Place; 5] = [
    Place::Authorization,
    Place::Header("api-key"),
    Place::Header("x-api-key"),
    Place::Header("x-goog-api-key"),
    Place::Query,
];

/// Where a provider looks first: a key elsewhere is not what the call is made with. By the beginning of the format's
/// name.
const FIRST: [(&str, &[Place]); 2] = [
    ("anthropic.", &[Place::Header("x-api-key")]),
    ("google.", &[Place::Header("x-goog-api-key"), Place::Query]),
];

/// A place of a key.
#[derive(Debug, Clone, Copy)]
enum Place {
    Authorization,
    Header(&'static str),
    /// The member `key` of the query, as Google's services take it.
    Query,
}

const QUERY_MEMBER: &[u8] = b"key=";

/// The part of a signature that names a key (AWS Signature Version 4).
const SIGNED_BY: &str = "Credential=";

/// `key:` and 32 hexadecimal digits; `None` if the request has no key. `format` is the name of its wire format.
pub(super) fn of(headers: Headers<'_>, format: &str, secret: &HmacKey) -> Option<String> {
    let first = FIRST.iter().find(|(name, _)| format.starts_with(name));
    let first = first.map(|(_, places)| *places).unwrap_or_default();
    let mut places = first.iter().chain(&PLACES);
    let key = places.find_map(|place| match place {
        Place::Authorization => authorized_by(headers),
        Place::Header(name) => value(headers, name),
        Place::Query => in_query(headers),
    })?;
    Some(format!("key:{}", secret.tag(&[b"api key", key.as_bytes()])))
}

fn value<'a>(headers: Headers<'a>, name: &str) -> Option<Cow<'a, str>> {
    let value = headers.bytes(name)?.trim_ascii();
    (!value.is_empty()).then(|| String::from_utf8_lossy(value))
}

fn in_query(headers: Headers<'_>) -> Option<Cow<'_, str>> {
    let target = headers.bytes(":path")?;
    let query = target.splitn(2, |byte| *byte == b'?').nth(1)?;
    let mut members = query.split(|byte| *byte == b'&');
    let key = members.find_map(|member| member.strip_prefix(QUERY_MEMBER))?;
    let key = percent_decode(key).decode_utf8_lossy();
    (!key.is_empty()).then_some(key)
}

fn authorized_by(headers: Headers<'_>) -> Option<Cow<'_, str>> {
    if let Some(token) = token::bearer(headers) {
        return Some(token);
    }
    let value = value(headers, "authorization")?;
    // A scheme alone is no key.
    value.contains(char::is_whitespace).then_some(())?;
    // A signature is another for each request; what it is made with is named before it.
    let signed_by = value.split_once(SIGNED_BY).map(|(_, rest)| rest);
    match signed_by.and_then(|rest| rest.split(['/', ',']).next()) {
        Some(id) => (!id.is_empty()).then(|| Cow::Owned(id.to_owned())),
        None => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(headers: &[(&str, &str)]) -> Option<String> {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        of(
            Headers(&headers),
            "openai.chat_completions",
            &HmacKey::new(b"secret").unwrap(),
        )
    }

    #[test]
    fn the_key_is_the_one_that_the_provider_reads() {
        let both = [
            (b"authorization".to_vec(), b"Bearer sk-one-1234".to_vec()),
            (b"x-api-key".to_vec(), b"sk-two-1234".to_vec()),
            (b"x-goog-api-key".to_vec(), b"sk-three-1234".to_vec()),
        ];
        let secret = HmacKey::new(b"secret").unwrap();
        let of =
            |headers: &[(Vec<u8>, Vec<u8>)], format| of(Headers(headers), format, &secret).unwrap();
        for (format, place) in [
            ("openai.responses", 0),
            ("anthropic.messages", 1),
            ("google.generate_content", 2),
        ] {
            assert_eq!(
                of(&both, format),
                of(&both[place..=place], format),
                "{format}"
            );
        }
        let path = b"/v1beta/models/m:generateContent?alt=sse&key=sk%2Dthree-1234".to_vec();
        let query = [(b":path".to_vec(), path), both[0].clone()];
        assert_eq!(
            of(&query, "google.generate_content"),
            of(&both[2..], "google.generate_content")
        );
    }

    #[test]
    fn a_key_has_one_fingerprint_wherever_it_stands_and_never_shows() {
        let bearer = fingerprint(&[("authorization", "Bearer sk-alice-1234")]).unwrap();
        assert_eq!(bearer.len(), "key:".len() + 32);
        assert!(!bearer.contains("alice"));
        for (name, value) in [
            ("authorization", "bearer  sk-alice-1234 "),
            ("authorization", "BEARER\tsk-alice-1234"),
            ("x-api-key", "sk-alice-1234"),
            ("api-key", "sk-alice-1234"),
            ("X-Goog-Api-Key", "sk-alice-1234"),
        ] {
            assert_eq!(
                fingerprint(&[(name, value)]).as_ref(),
                Some(&bearer),
                "{name}"
            );
        }
        assert_ne!(fingerprint(&[("x-api-key", "sk-bob")]), Some(bearer));
        assert_eq!(fingerprint(&[("x-other", "sk-bob")]), None);
        assert_eq!(fingerprint(&[("x-api-key", "")]), None);
        assert_eq!(fingerprint(&[("authorization", "Bearer ")]), None);
    }

    #[test]
    fn what_signs_a_request_is_told_by_the_key_that_it_names() {
        let signed = |signature: &str| {
            let value = format!(
                "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261130/us-east-1/bedrock/aws4_request, \
                 SignedHeaders=host, Signature={signature}"
            );
            fingerprint(&[("authorization", &value)])
        };
        assert_eq!(signed("aa"), signed("bb"));
        assert!(signed("aa").is_some());
    }
}
