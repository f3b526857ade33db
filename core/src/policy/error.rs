//! Why a configuration is refused.

use std::fmt::Display;

/// Why a configuration is refused, in one line: `delivery.batch.max_events: must be at least 1`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct ConfigError {
    path: String,
    reason: String,
}

impl ConfigError {
    pub(super) fn new(path: &str, reason: impl Display) -> Self {
        Self {
            path: in_one_line(path),
            reason: in_one_line(&reason.to_string()),
        }
    }
}

/// Names and values that the operator wrote may hold line ends; a refusal is one line of a log.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
