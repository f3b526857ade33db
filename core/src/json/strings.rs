//! The strings of a JSON text, or of what nearly is one, changed in their place.

use std::borrow::Cow;
use std::ops::Range;

/// The text with each string for which `change` has another.
pub(crate) fn replaced(json: &str, mut change: impl FnMut(&str) -> Option<String>) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    for string in places(json) {
        let quoted = json.get(string.clone()).unwrap_or_default();
        let text = serde_json::from_str::<String>(quoted).ok();
        let Some(text) = text.and_then(|text| change(&text)) else {
            continue;
        };
        let Ok(quoted) = serde_json::to_string(&text) else {
            continue;
        };
        clean.push_str(json.get(kept..string.start).unwrap_or_default());
        clean.push_str(&quoted);
        kept = string.end;
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    clean.push_str(json.get(kept..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Where the strings stand, quotes included.
pub(crate) fn places(json: &str) -> impl Iterator<Item = Range<usize>> {
    let mut bytes = json.bytes().enumerate();
    std::iter::from_fn(move || {
        let (start, _) = bytes.find(|(_, byte)| *byte == b'"')?;
        let mut escaped = false;
        let (end, _) = bytes.find(|(_, byte)| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        })?;
        Some(start..end.saturating_add(1))
    })
}
