//! The call's own credentials, taken out of every text that is recorded.
//!
//! Providers repeat the key that they got, in errors above all, and so may a model. What stood in
//! a credential header, in a cookie or in the query is replaced by [`MARK`] wherever it stands in
//! an event: the whole value, or so long a part of it that it is worth something.

mod event;
mod given;
mod search;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::digest::{Digest, HashForm};
use crate::headers::Headers;
use crate::json::strings;
use crate::limits::SEARCHED_AT_ONCE_BYTES;

use self::search::Index;

pub(crate) use given::names_a_credential;

/// What stands in a credential's place.
pub const MARK: &str = "[credential]";

/// The same where a mark as long as a short credential is needed.
const SHORT_MARK: &str = "[hidden]";

/// The credentials of one call, ready to be looked for. Never printed.
#[derive(Default)]
pub struct Secrets {
    index: Index,
    /// Whether there were more than are looked for.
    pub(crate) is_cut: bool,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// The credentials in a request's headers.
    pub fn of(headers: Headers<'_>) -> Self {
        let values = given::values(headers);
        Self {
            is_cut: values.is_cut,
            index: Index::new(values),
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Replaces credentials by [`MARK`]; true if there were any.
    pub fn remove(&self, text: &mut String) -> bool {
        let clean = match self.removed(text) {
            Cow::Borrowed(_) => return false,
            Cow::Owned(clean) => clean,
        };
        *text = clean;
        true
    }

    /// The text without credentials.
    pub fn removed<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.removed_behind(0, text)
    }

    /// The same of a text of which so many bytes have been passed.
    fn removed_behind<'a>(&self, passed: usize, text: &'a str) -> Cow<'a, str> {
        self.replaced(passed, text, |_| Cow::Borrowed(MARK))
    }

    /// Covers credentials, so that everything else keeps its place in the text; true if there were
    /// any.
    pub fn cover(&self, text: &mut String) -> bool {
        let clean = match self.replaced(0, text, |bytes| Cow::Owned(cover(bytes))) {
            Cow::Borrowed(_) => return false,
            Cow::Owned(clean) => clean,
        };
        *text = clean;
        true
    }

    /// Replaces credentials in the strings of a JSON value, however they are escaped there; nothing
    /// if there are none. A value that would hold one nevertheless becomes the mark itself.
    pub fn removed_from_json(&self, value: &RawValue) -> Option<Box<RawValue>> {
        let json = value.get();
        if self.is_empty() || !json.contains('\\') && self.index.find(json, 0).is_none() {
            return None;
        }
        let clean = self.strings_removed(json);
        let clean = match self.index.find(&clean, 0) {
            Some(_) => Cow::Owned(format!("\"{MARK}\"")),
            None => clean,
        };
        match clean {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => RawValue::from_string(clean).ok(),
        }
    }

    /// Replaces credentials in a tool call's arguments, which are JSON unless the model erred; true
    /// if there were any.
    pub fn remove_from_arguments(&self, arguments: &mut String) -> bool {
        if self.is_empty() {
            return false;
        }
        let is_escaped = arguments.contains('\\');
        if is_escaped && let Cow::Owned(clean) = self.strings_removed(arguments) {
            *arguments = clean;
            self.remove(arguments);
            return true;
        }
        self.remove(arguments)
    }

    /// JSON text, or nearly so, with credentials replaced in each string that has one.
    pub fn strings_removed<'a>(&self, json: &'a str) -> Cow<'a, str> {
        strings::replaced(json, |text| match self.removed(text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        })
    }

    fn replaced<'a>(
        &self,
        passed: usize,
        text: &'a str,
        replacement: impl Fn(usize) -> Cow<'static, str>,
    ) -> Cow<'a, str> {
        let Some(mut found) = self.index.find_behind(passed, text, 0) else {
            return Cow::Borrowed(text);
        };
        let mut clean = String::with_capacity(text.len());
        let mut kept = 0;
        loop {
            clean.push_str(text.get(kept..found.start).unwrap_or_default());
            clean.push_str(&replacement(found.len()));
            kept = found.end;
            match self.index.find_behind(passed, text, kept) {
                Some(next) => found = next,
                None => break,
            }
        }
        clean.push_str(text.get(kept..).unwrap_or_default());
        Cow::Owned(clean)
    }
}

/// A mark of so many bytes.
fn cover(bytes: usize) -> String {
    let mark = if bytes < MARK.len() { SHORT_MARK } else { MARK };
    let rest = bytes.saturating_sub(mark.len());
    format!("{mark}{}", "*".repeat(rest))
}

/// A hash of a text that comes in pieces, taken over the text without credentials: otherwise a short
/// one could be guessed from it.
#[derive(Debug, Clone)]
pub struct CleanDigest {
    digest: Digest,
    secrets: Arc<Secrets>,
    /// What has not been looked through, as a credential may go on in the next piece.
    pending: String,
    /// Bytes of the text before that.
    passed: usize,
    has_found: bool,
}

impl CleanDigest {
    /// A hash of this form, of a text in which these are looked for.
    pub fn new(form: &HashForm, secrets: &Arc<Secrets>) -> Self {
        Self {
            digest: form.start(),
            secrets: Arc::clone(secrets),
            pending: String::new(),
            passed: 0,
            has_found: false,
        }
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &str) {
        if self.secrets.is_empty() {
            self.digest.update(piece.as_bytes());
            return;
        }
        self.pending.push_str(piece);
        let kept = self.secrets.index.longest();
        if self.pending.len() >= SEARCHED_AT_ONCE_BYTES.saturating_add(kept) {
            self.settle(self.pending.len().saturating_sub(kept));
        }
    }

    /// The hash of all pieces, and whether there was a credential in them.
    pub fn finish(&self) -> (String, bool) {
        let rest = self.secrets.removed_behind(self.passed, &self.pending);
        let has_found = self.has_found || matches!(rest, Cow::Owned(_));
        let mut digest = self.digest.clone();
        digest.update(rest.as_bytes());
        (digest.finish(), has_found)
    }

    /// Hashes what is pending, up to `end` or to the credential that stands there and may go on.
    fn settle(&mut self, end: usize) {
        let end = self.pending.floor_char_boundary(end);
        let mut done = 0;
        let settled = loop {
            let found = self
                .secrets
                .index
                .find_behind(self.passed, &self.pending, done);
            let Some(found) = found else {
                break end.max(done);
            };
            let is_open = found.end == self.pending.len();
            if found.start >= end || is_open {
                break found.start.min(end).max(done);
            }
            let before = self.pending.get(done..found.start).unwrap_or_default();
            self.digest.update(before.as_bytes());
            self.digest.update(MARK.as_bytes());
            self.has_found = true;
            done = found.end;
        };
        let rest = self.pending.get(done..settled).unwrap_or_default();
        self.digest.update(rest.as_bytes());
        self.pending.drain(..settled);
        self.passed = self.passed.wrapping_add(settled);
    }
}

#[cfg(test)]
mod tests;
