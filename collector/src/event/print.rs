//! Sentences of the contract as people read them.

/// Without the marks of code, and with the apostrophe of print.
pub(crate) fn in_print(meaning: &str) -> String {
    meaning.replace('`', "").replace('\'', "’")
}
