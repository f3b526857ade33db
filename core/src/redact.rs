//! Sensitive data in an event, replaced by tokens such as `[EMAIL:1]`.
//!
//! The same value has the same token everywhere in an event; with a key, in all events. Texts are looked through
//! when the event is whole: what came in pieces is found like what did not.

mod event;
mod json;
mod patterns;
mod places;
mod tokens;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::digest::HmacKey;
use crate::event::RiskLevel;
use crate::sensitive::{self, Sensitive};

pub(crate) use event::redact;
pub use patterns::{Pattern, PatternError};

/// What is replaced, and by what.
#[derive(Debug, Clone)]
pub struct RedactPolicy {
    /// The kinds that are looked for.
    pub kinds: Vec<Sensitive>,
    /// What the operator looks for beside them.
    pub patterns: Vec<Pattern>,
    /// By which tokens are the same in all events; absent where they are counted in each.
    pub key: Option<HmacKey>,
    /// The risk of a call in which something was found, at least, by the kind's name.
    pub risk: BTreeMap<String, RiskLevel>,
}

impl Default for RedactPolicy {
    /// Every kind, by counted tokens.
    fn default() -> Self {
        Self {
            kinds: Sensitive::ALL.to_vec(),
            patterns: Vec::new(),
            key: None,
            risk: BTreeMap::new(),
        }
    }
}

/// Something to be replaced: what kind it is, and where it stands.
struct Finding<'p> {
    kind: &'p str,
    at: Range<usize>,
}

impl RedactPolicy {
    /// What is to be replaced in a text, in order, without overlaps. Where two touch each other's bytes, they are
    /// one, of the kind of the first.
    fn find(&self, text: &str) -> Vec<Finding<'_>> {
        let known = sensitive::find(text).into_iter();
        let known = known.filter(|found| self.kinds.contains(&found.kind));
        let mut all: Vec<Finding<'_>> = known
            .map(|found| Finding {
                kind: found.kind.name(),
                at: found.at,
            })
            .collect();
        if self.patterns.is_empty() {
            return all;
        }
        for pattern in &self.patterns {
            let found = pattern.find(text);
            all.extend(found.map(|at| Finding {
                kind: pattern.name(),
                at,
            }));
        }
        // The operator's come later in the list, and first where both begin alike.
        all.sort_by_key(|finding| finding.at.start);
        let mut apart: Vec<Finding<'_>> = Vec::with_capacity(all.len());
        for finding in all {
            match apart.last_mut() {
                Some(last) if finding.at.start < last.at.end => {
                    if finding.at.start == last.at.start {
                        last.kind = finding.kind;
                    }
                    last.at.end = last.at.end.max(finding.at.end);
                }
                _ => apart.push(finding),
            }
        }
        apart
    }
}

#[cfg(test)]
mod tests;
