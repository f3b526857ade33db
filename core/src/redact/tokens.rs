//! What stands in the place of what was found.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::places::Places;
use super::{Finding, RedactPolicy};

/// Hexadecimal digits of a keyed token: 64 bits tell the values of billions of events apart.
const KEYED_DIGITS: usize = 16;

/// Bytes before a value that are looked at for a word that says what it is.
const WORD_BYTES_MAX: usize = 64;

/// The tokens of one event.
pub(super) struct Tokens<'p> {
    policy: &'p RedactPolicy,
    known: HashMap<(&'p str, String), String>,
    counts: BTreeMap<&'p str, u64>,
}

impl<'p> Tokens<'p> {
    pub(super) fn new(policy: &'p RedactPolicy) -> Self {
        Self {
            policy,
            known: HashMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// How many different values of each kind were found.
    pub(super) fn counts(&self) -> &BTreeMap<&'p str, u64> {
        &self.counts
    }

    /// The text with tokens in the place of what is sensitive; `None` if nothing is.
    pub(super) fn replaced(&mut self, text: &str) -> Option<String> {
        self.replaced_at(text, &mut Places::default())
    }

    /// The same of a text before which a word stands elsewhere, such as the name of a JSON member.
    pub(super) fn replaced_behind(&mut self, word: &str, text: &str) -> Option<String> {
        if text.is_empty() || word.is_empty() {
            return self.replaced(text);
        }
        // As many bytes as a word is looked for in: a name may stand before thousands of numbers.
        let from = word.ceil_char_boundary(word.len().saturating_sub(WORD_BYTES_MAX));
        let word = word.get(from..).unwrap_or_default();
        // Names join words by underscores, which a text does not.
        let before = format!("{}: ", word.replace('_', " "));
        let policy = self.policy;
        let mut found = policy.find(&format!("{before}{text}"));
        found.retain(|finding| finding.at.start >= before.len());
        for finding in &mut found {
            let Range { start, end } = finding.at;
            finding.at = start.saturating_sub(before.len())..end.saturating_sub(before.len());
        }
        self.with_tokens(text, found, &mut Places::default())
    }

    /// The same, and which pieces were replaced.
    pub(super) fn replaced_at(&mut self, text: &str, places: &mut Places) -> Option<String> {
        let policy = self.policy;
        let found = policy.find(text);
        self.with_tokens(text, found, places)
    }

    fn with_tokens(
        &mut self,
        text: &str,
        found: Vec<Finding<'p>>,
        places: &mut Places,
    ) -> Option<String> {
        if found.is_empty() {
            return None;
        }
        let mut clean = String::with_capacity(text.len());
        let mut kept = 0;
        for finding in found {
            clean.push_str(text.get(kept..finding.at.start).unwrap_or_default());
            let value = text.get(finding.at.clone()).unwrap_or_default();
            clean.push_str(self.token(finding.kind, value));
            kept = finding.at.end;
            places.replaced(finding.at, clean.len());
        }
        clean.push_str(text.get(kept..).unwrap_or_default());
        Some(clean)
    }

    /// The token of a value.
    fn token(&mut self, kind: &'p str, value: &str) -> &str {
        let Self {
            policy,
            known,
            counts,
        } = self;
        let make = |(kind, value): &(&'p str, String)| {
            let count = counts.entry(*kind).or_default();
            *count = count.saturating_add(1);
            let name = kind.to_ascii_uppercase();
            match &policy.key {
                None => format!("[{name}:{count}]"),
                Some(key) => {
                    let tag = key.tag(&[kind.as_bytes(), b"\0", value.as_bytes()]);
                    format!("[{name}:{}]", tag.get(..KEYED_DIGITS).unwrap_or_default())
                }
            }
        };
        known.entry((kind, normal(value))).or_insert_with_key(make)
    }
}

/// A value without what may be written one way or the other: capitals and, of a number, what stands between its
/// digits.
fn normal(value: &str) -> String {
    let is_number = !value.contains(char::is_alphabetic) && !value.contains(':');
    let kept = |letter: &char| !is_number || letter.is_numeric();
    let letters = value
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .filter(kept);
    letters.flat_map(char::to_lowercase).collect()
}
