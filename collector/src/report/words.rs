//! What the words in events mean, for people who did not write the gateway.

use audit_layer_core::event::{CompletionState, UsageSource};
use audit_layer_core::note::Note;

use crate::event::in_print;

/// What a state of completion means.
pub(crate) fn of_state(name: &str) -> Option<String> {
    CompletionState::named(name).map(|state| in_print(state.meaning()))
}

/// What a note of the gateway means.
pub(crate) fn of_note(name: &str) -> Option<String> {
    Note::named(name).map(|note| in_print(note.meaning()))
}

/// Whether a note says that something could not be read, or was cut.
pub(crate) fn is_loss(note: &str) -> bool {
    Note::named(note).is_some_and(Note::is_loss)
}

/// Where token counts come from.
pub(crate) fn of_usage(source: UsageSource) -> String {
    in_print(source.meaning())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_explained_as_people_read_them() {
        let complete = of_state("complete").unwrap();
        assert_eq!(complete, "The provider’s answer is complete.");
        assert!(of_note("request_body_empty").unwrap().contains("request’s"));
        assert!(is_loss("api_unknown") && !is_loss("header_not_utf8"));
    }

    #[test]
    fn a_strangers_word_means_nothing() {
        for name in ["", "nonsense", "complete: [", "Complete"] {
            assert_eq!(of_state(name), None, "{name:?}");
        }
        assert_eq!(of_note("complete"), None);
        assert!(!is_loss("nonsense"));
    }
}
