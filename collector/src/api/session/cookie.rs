//! The cookie that holds a session's id.
//!
//! `HttpOnly`: no script can read it. `SameSite=Strict`: no other site can make a browser send it.
//! Without an age, so that it goes when the browser is closed. <https://www.rfc-editor.org/rfc/rfc6265>
//! With TLS its name begins with `__Host-`: browsers then take it from no other host of the domain, and
//! not without TLS. <https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2>

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use crate::api::session::SessionId;

/// The id in the header `cookie`, wherever it stands among others.
pub(super) fn read(headers: &HeaderMap, is_encrypted: bool) -> Option<&str> {
    let values = headers.get_all(COOKIE).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse).flatten();
    let found = cookies.find(|cookie| cookie.name() == name_of(is_encrypted))?;
    found.value_raw()
}

/// The value of `set-cookie` that gives the browser its session.
pub(super) fn begin(SessionId(id): &SessionId, is_encrypted: bool) -> Option<HeaderValue> {
    header(&cookie(id, is_encrypted))
}

/// The value of `set-cookie` that takes it away.
pub(super) fn end(is_encrypted: bool) -> Option<HeaderValue> {
    let mut cookie = cookie("", is_encrypted);
    cookie.set_max_age(Duration::ZERO);
    header(&cookie)
}

fn cookie(value: &str, is_encrypted: bool) -> Cookie<'_> {
    Cookie::build((name_of(is_encrypted), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_encrypted)
        .build()
}

fn header(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Where there is TLS, only the name that cannot be set without it counts.
fn name_of(is_encrypted: bool) -> &'static str {
    match is_encrypted {
        true => "__Host-audit-session",
        false => "audit-session",
    }
}

/// Whether the browser speaks TLS with a proxy before the collector, which says so.
///
/// Whoever forges this only keeps their own browser from sending the cookie.
pub(super) fn is_forwarded_from_tls(headers: &HeaderMap) -> bool {
    let forwarded = headers.get("x-forwarded-proto");
    let schemes = forwarded.and_then(|value| value.to_str().ok());
    // The first of several is the one that the browser spoke.
    let first = schemes.and_then(|schemes| schemes.split(',').next());
    first.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        values
            .map(|value| (name.parse().unwrap(), value))
            .collect::<HeaderMap>()
    }

    #[test]
    fn the_id_is_found_among_other_cookies() {
        for value in [
            "audit-session=id",
            "a=b; audit-session=id",
            "audit-session=id;c",
        ] {
            assert_eq!(
                read(&headers("cookie", &[value]), false),
                Some("id"),
                "{value}"
            );
            let headers = headers("cookie", &[value]);
            assert_eq!(read(&headers, true), None, "{value}");
        }
        for value in ["", "audit-session", "xaudit-session=id", "a=audit-session"] {
            assert_eq!(read(&headers("cookie", &[value]), false), None, "{value}");
        }
        let both = headers("cookie", &["audit-session=a; __Host-audit-session=b"]);
        assert_eq!(
            (read(&both, false), read(&both, true)),
            (Some("a"), Some("b"))
        );
    }

    #[test]
    fn only_an_encrypted_connection_gets_a_secure_cookie() {
        for (value, expected) in [
            ("https", true),
            ("HTTPS, http", true),
            ("http", false),
            ("http, https", false),
            ("", false),
        ] {
            let headers = headers("x-forwarded-proto", &[value]);
            assert_eq!(is_forwarded_from_tls(&headers), expected, "{value}");
        }
        assert!(!is_forwarded_from_tls(&HeaderMap::new()));
    }
}
