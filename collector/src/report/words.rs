//! What the words in events mean, for people who did not write the gateway.
//!
//! The page explains them too. Its file is read here, so that both say the same.

/// What a state of completion means.
pub(crate) fn of_state(name: &str) -> Option<&'static str> {
    find("STATES", name)
}

/// What a note of the gateway means.
pub(crate) fn of_note(name: &str) -> Option<&'static str> {
    find("NOTES", name)
}

/// Whether a note says that something could not be read, or was cut.
pub(crate) fn is_loss(note: &str) -> bool {
    LOSSES.contains(&note)
}

/// Where token counts come from.
pub(crate) fn of_usage(source: &str) -> Option<&'static str> {
    find("USAGE", source)
}

/// The last text on the line that begins with `name` in a table of the page.
fn find(table: &str, name: &str) -> Option<&'static str> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(is_name) {
        return None;
    }
    let (_, table) = WORDS.split_once(&format!("export const {table} = {{\n"))?;
    let (table, _) = table.split_once("\n};")?;
    let start = format!("{name}: ");
    let mut lines = table.lines().map(str::trim_start);
    let value = lines.find_map(|line| line.strip_prefix(&start))?;
    let (before, _) = value.rsplit_once('"')?;
    let (_, text) = before.rsplit_once('"')?;
    Some(text)
}

const LOSSES: &[&str] = &[
    "api_unknown",
    "call_uncertain",
    "log_callback_absent",
    "long_strings_skipped",
    "member_duplicated",
    "memory_short",
    "name_truncated",
    "parameter_too_large",
    "prompt_content_truncated",
    "prompt_part_unread",
    "prompt_parts_truncated",
    "protocol_not_read",
    "reasoning_encrypted",
    "request_body_truncated",
    "request_charset_unknown",
    "request_encoding_broken",
    "request_encoding_unsupported",
    "request_incomplete",
    "request_not_seen",
    "request_unreadable",
    "response_body_truncated",
    "response_content_truncated",
    "response_encoding_broken",
    "response_encoding_unsupported",
    "response_unreadable",
    "stream_event_truncated",
    "stream_event_unreadable",
    "stream_framing_broken",
    "stream_unterminated",
    "tool_calls_truncated",
    "trailing_data",
];

const WORDS: &str = include_str!("../page/words.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_page_are_found() {
        assert_eq!(
            of_state("complete"),
            Some("The provider answered, and the answer is whole.")
        );
        assert_eq!(
            of_note("request_body_empty"),
            Some("The request’s body was empty.")
        );
        assert!(of_note("header_not_utf8").is_some());
        assert_eq!(
            of_usage("absent"),
            Some("the provider gave none, and none are estimated")
        );
    }

    #[test]
    fn every_note_of_a_loss_is_known() {
        for note in LOSSES {
            assert!(of_note(note).is_some(), "{note}");
        }
        assert!(!is_loss("header_not_utf8"));
    }

    #[test]
    fn a_strangers_word_means_nothing() {
        for name in ["", "nonsense", "complete: [", "Complete"] {
            assert_eq!(of_state(name), None, "{name:?}");
        }
        assert_eq!(of_note("complete"), None);
    }
}
