//! JSON of a log, which may be a stranger's: what a value needs in memory is bounded.

use serde_json::Value;

use crate::limits;

/// The value of this text, unless it is none or is made of so many that it would fill the memory.
pub(super) fn value(text: &[u8]) -> Option<Value> {
    let is_small = text.len() <= limits::LOG_JSON_VALUES_MAX;
    let may_be_read = is_small || values(text) <= limits::LOG_JSON_VALUES_MAX;
    may_be_read.then(|| serde_json::from_slice(text).ok())?
}

/// Of how many values a text of JSON is made, at most.
fn values(text: &[u8]) -> usize {
    let (mut values, mut is_string, mut is_escaped) = (1_usize, false, false);
    for byte in text {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match (is_string, byte) {
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (false, b',' | b'[' | b'{') => values = values.saturating_add(1),
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, expected) in [
            ("1", 1),
            (r#""a,b[{""#, 1),
            (r#"{"a":"\",[{","b":[1,2]}"#, 5),
            (r#"["\\",1]"#, 3),
        ] {
            assert_eq!(values(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_value_of_too_many_is_not_read_and_a_long_text_is() {
        let many = format!("[{}1]", "1,".repeat(limits::LOG_JSON_VALUES_MAX));
        assert!(value(many.as_bytes()).is_none());
        let long = format!("[\"{}\"]", ",".repeat(limits::LOG_JSON_VALUES_MAX));
        assert!(value(long.as_bytes()).is_some());
    }
}
