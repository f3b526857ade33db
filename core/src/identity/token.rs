//! Claims of a bearer token whose signature nobody has checked.

use std::borrow::Cow;

use crate::headers::Headers;
use crate::json::{self, Json, Scalar};
use crate::limits::TOKEN_BYTES_MAX;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const BEARER: &[u8] = b"bearer";

/// The claim of the bearer token, by the names on the way to it; `None` if there is none, or if it is
/// neither text nor a number nor a boolean.
pub(super) fn claim(headers: Headers<'_>, path: &[String]) -> Option<String> {
    let claims = claims(headers)?;
    let claims = json::read::<Json<'_>>(claims.as_str())?;
    let claim = json::lookup(claims, path.iter().map(String::as_str))?;
    json::read::<Scalar>(claim)?.0
}

/// The second of the three parts of a JWT (RFC 7519, section 3).
fn claims(headers: Headers<'_>) -> Option<String> {
    let token = bearer(headers)?;
    let mut parts = token.split('.');
    let (payload, _signature) = (parts.nth(1)?, parts.next()?);
    let is_readable = parts.next().is_none() && payload.len() <= TOKEN_BYTES_MAX;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(is_readable.then_some(payload)?);
    String::from_utf8(payload.ok()?).ok()
}

/// The token of the header `authorization`, if its scheme is Bearer.
pub(super) fn bearer(headers: Headers<'_>) -> Option<Cow<'_, str>> {
    let value = headers.bytes("authorization")?.trim_ascii();
    let (scheme, token) = value.split_at_checked(BEARER.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(BEARER);
    let token = token
        .strip_prefix(b" ")
        .or(token.strip_prefix(b"\t"))?
        .trim_ascii();
    (is_bearer && !token.is_empty()).then(|| String::from_utf8_lossy(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(authorization: &str, path: &[&str]) -> Option<String> {
        let headers = [(b"authorization".to_vec(), authorization.as_bytes().to_vec())];
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        claim(Headers(&headers), &path)
    }

    fn token(claims: &str) -> String {
        format!("Bearer e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_claim_is_found_at_any_depth() {
        let token = token(
            r#"{"sub":"alice","n":7,"https://x/tenant":"t","realm":{"user":"bob"},"l":["x"]}"#,
        );
        let found = |path: &[&str]| found(&token, path);
        assert_eq!(found(&["sub"]).as_deref(), Some("alice"));
        assert_eq!(found(&["n"]).as_deref(), Some("7"));
        assert_eq!(found(&["https://x/tenant"]).as_deref(), Some("t"));
        assert_eq!(found(&["realm", "user"]).as_deref(), Some("bob"));
        for path in [&["l"][..], &["realm"], &["sub", "x"], &["nobody"]] {
            assert_eq!(found(path), None, "{path:?}");
        }
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for authorization in [
            "",
            "Bearer",
            "Bearer sk-1234567890",
            "Bearer a.b.c",
            "Bearer e30.e30",
            "Bearer e30.e30.x.y",
            "Basic e30.eyJzdWIiOiJhIn0.x",
        ] {
            assert_eq!(found(authorization, &["sub"]), None, "{authorization}");
        }
        let long = token(&format!(r#"{{"sub":"{}"}}"#, "a".repeat(TOKEN_BYTES_MAX)));
        assert_eq!(found(&long, &["sub"]), None);
    }
}
