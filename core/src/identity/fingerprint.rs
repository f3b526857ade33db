//! Which API key a call was made with, told without the key: the same key has the same fingerprint, and
//! only who has the secret can find a key by its fingerprint.

use std::borrow::Cow;

use super::token;
use crate::digest::HmacKey;
use crate::headers::Headers;

/// Headers that are a key, in the order in which one counts before another, and before `authorization`.
const HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

/// The part of a signature that names a key (AWS Signature Version 4).
const SIGNED_BY: &str = "Credential=";

/// `key:` and 32 hexadecimal digits; `None` if the request has no key.
pub(super) fn of(headers: Headers<'_>, secret: &HmacKey) -> Option<String> {
    let mut keys = HEADERS.iter().filter_map(|name| value(headers, name));
    let key = keys.next().or_else(|| authorized_by(headers))?;
    Some(format!("key:{}", secret.tag(&[b"api key", key.as_bytes()])))
}

fn value<'a>(headers: Headers<'a>, name: &str) -> Option<Cow<'a, str>> {
    let value = headers.bytes(name)?.trim_ascii();
    (!value.is_empty()).then(|| String::from_utf8_lossy(value))
}

fn authorized_by(headers: Headers<'_>) -> Option<Cow<'_, str>> {
    if let Some(token) = token::bearer(headers) {
        return Some(token);
    }
    let value = value(headers, "authorization")?;
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
        of(Headers(&headers), &HmacKey::new(b"secret").unwrap())
    }

    #[test]
    fn a_key_has_one_fingerprint_wherever_it_stands_and_never_shows() {
        let bearer = fingerprint(&[("authorization", "Bearer sk-alice-1234")]).unwrap();
        assert_eq!(bearer.len(), "key:".len() + 32);
        assert!(!bearer.contains("alice"));
        for (name, value) in [
            ("authorization", "bearer  sk-alice-1234 "),
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
