//! Header names that mean something here, and reading headers as the host hands them over.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::note::Note;

/// Prefix of the headers by which callers pass audit fields; removed before the upstream.
pub const AUDIT_PREFIX: &str = "x-audit-";

/// Response header that tells the client the event's `request_id`.
pub const AUDIT_REQUEST_ID: &str = "x-audit-request-id";

/// Headers of a request or response, pseudo-headers such as `:path` included, as the host gave
/// them. Values are bytes: HTTP does not say that they are text.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(pub &'a [(Vec<u8>, Vec<u8>)]);

impl<'a> Headers<'a> {
    /// The first value of the header `name`, which is in lower case.
    pub fn bytes(self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// All values of the header `name`, which is in lower case, in their order.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
    }

    /// The first value as text, or nothing if it is not ASCII or UTF-8.
    pub fn str(self, name: &str) -> Option<&'a str> {
        self.bytes(name)
            .and_then(|value| str::from_utf8(value).ok())
    }

    /// The first value as text to be recorded; that it is not UTF-8 is noted.
    pub fn recorded(self, name: &str, notes: &mut BTreeSet<Note>) -> Option<String> {
        self.bytes(name)
            .map(|value| recorded(value, notes).into_owned())
    }

    /// The headers whose names start with [`AUDIT_PREFIX`].
    pub fn audit(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let headers = self.0.iter();
        headers
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
            .filter(|(name, _)| is_audit_name(name))
    }

    /// The names that start with [`AUDIT_PREFIX`], each once.
    pub fn audit_names(self) -> BTreeSet<&'a [u8]> {
        self.audit().map(|(name, _)| name).collect()
    }
}

/// Whether a header is one by which callers talk to the audit layer.
pub fn is_audit_name(name: &[u8]) -> bool {
    name.get(..AUDIT_PREFIX.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(AUDIT_PREFIX.as_bytes()))
}

/// A header's value as text to be recorded; that it is not UTF-8 is noted.
pub fn recorded<'a>(value: &'a [u8], notes: &mut BTreeSet<Note>) -> Cow<'a, str> {
    let text = text(value);
    if matches!(text, Cow::Owned(_)) {
        notes.insert(Note::HeaderNotUtf8);
    }
    text
}

/// A header's value as text: UTF-8, or else ISO 8859-1, in which each byte is the character of its
/// number. So browsers and Node send what they are given, and refuse other characters (Fetch
/// Standard, section 2.2.2: values are isomorphically encoded).
pub fn text(value: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
    }
}
