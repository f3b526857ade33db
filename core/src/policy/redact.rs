//! From redaction as written to what is looked for.

use super::error::ConfigError;
use super::raw::{RawPattern, RawRedact};
use super::resolver::Resolver;
use crate::digest::HmacKey;
use crate::limits::{NAME_OF_PATTERN_BYTES_MAX, PATTERNS_MAX};
use crate::redact::{Pattern, RedactPolicy};
use crate::sensitive::Sensitive;

/// `is_used` where some content is redacted.
pub(super) fn redact(
    raw: RawRedact,
    is_used: bool,
    resolver: &Resolver<'_>,
) -> Result<RedactPolicy, ConfigError> {
    let RawRedact {
        kinds,
        patterns,
        key,
        risk,
    } = raw;
    let is_written = kinds.is_some() || !patterns.is_empty() || key.is_some() || !risk.is_empty();
    if is_written && !is_used {
        let reason = "is used only by the content level \"redacted\"";
        return Err(ConfigError::new("redact", reason));
    }
    let patterns = named(patterns)?;
    let kinds = kinds.unwrap_or_else(|| Sensitive::ALL.to_vec());
    if kinds.is_empty() && patterns.is_empty() {
        let reason = "must have at least one kind where there are no patterns";
        return Err(ConfigError::new("redact.kinds", reason));
    }
    let looks_for = |name: &String| {
        let mut kinds = kinds.iter().map(|kind| kind.name());
        kinds.any(|kind| kind == name) || patterns.iter().any(|pattern| pattern.name() == name)
    };
    if let Some(other) = risk.keys().find(|name| !looks_for(name)) {
        let reason = "is neither a kind that is replaced nor the name of a pattern";
        return Err(ConfigError::new(&format!("redact.risk.{other}"), reason));
    }
    let key = match resolver.resolve("redact.key", key)? {
        None => None,
        Some(key) => {
            let empty = || ConfigError::new("redact.key", "must not be empty");
            Some(HmacKey::new(key.as_bytes()).ok_or_else(empty)?)
        }
    };
    Ok(RedactPolicy {
        kinds,
        patterns,
        key,
        risk,
    })
}

fn named(raw: Vec<RawPattern>) -> Result<Vec<Pattern>, ConfigError> {
    if raw.len() > PATTERNS_MAX {
        let reason = format!("must have at most {PATTERNS_MAX} patterns");
        return Err(ConfigError::new("redact.patterns", reason));
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for (number, RawPattern { name, pattern }) in raw.into_iter().enumerate() {
        let at = format!("redact.patterns[{number}]");
        let is_new = patterns.iter().all(|known| known.name() != name);
        let reason = if !is_name(&name) {
            "must be lowercase letters, digits and underscores, and begin with a letter"
        } else if !is_new || Sensitive::named(&name).is_some() {
            "is the name of another pattern or of a kind"
        } else {
            let pattern = Pattern::new(&name, &pattern)
                .map_err(|reason| ConfigError::new(&format!("{at}.pattern"), reason))?;
            patterns.push(pattern);
            continue;
        };
        return Err(ConfigError::new(&format!("{at}.name"), reason));
    }
    Ok(patterns)
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= NAME_OF_PATTERN_BYTES_MAX
        && name.bytes().all(is_letter)
}
