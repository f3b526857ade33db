//! Whether a request comes from the collector's own page.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether no other page made the browser send this.
///
/// Browsers say so themselves where a page is trusted (https, or this machine); elsewhere they name
/// the page's origin, except when it reads from its own. `SameSite` cookies alone would let in
/// other ports of the same host. https://www.w3.org/TR/fetch-metadata/
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(HOST.as_str())
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_own(&headers.collect())
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "\u{e4}")]));
    }

    #[test]
    fn otherwise_the_origin_has_to_be_the_host() {
        let host = ("host", "a.example:8080");
        assert!(own(&[host, ("origin", "http://a.example:8080")]));
        assert!(!own(&[host, ("origin", "http://a.example")]));
        assert!(!own(&[host, ("origin", "http://b.example:8080")]));
        assert!(!own(&[host, ("origin", "null")]));
        assert!(!own(&[("origin", "null")]));
        assert!(own(&[host]));
    }
}
