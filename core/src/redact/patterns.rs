//! The operator's own patterns.

use std::ops::Range;

use regex_lite::{Regex, RegexBuilder};

use crate::limits::{PATTERN_BYTES_MAX, PATTERN_COMPILED_BYTES_MAX};

/// What an operator looks for: a name, and an expression that is matched in linear time.
#[derive(Debug, Clone)]
pub struct Pattern {
    name: String,
    regex: Regex,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError(String);

impl std::fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// If it is too long, no regular expression, takes too much memory, or would match nothing at all, which
    /// is everywhere.
    pub fn new(name: &str, pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > PATTERN_BYTES_MAX {
            let reason = format!("must be at most {PATTERN_BYTES_MAX} bytes long");
            return Err(PatternError(reason));
        }
        let regex = RegexBuilder::new(pattern)
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| PatternError(format!("is no regular expression: {error}")))?;
        if regex.is_match("") {
            let reason = "matches the empty text, and so everywhere".to_owned();
            return Err(PatternError(reason));
        }
        Ok(Self {
            name: name.to_owned(),
            regex,
        })
    }

    /// What its tokens and counts are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let found = self.regex.find_iter(text);
        found.map(|found| found.range()).filter(|at| !at.is_empty())
    }
}
