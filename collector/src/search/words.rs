//! A text as words: what a search for text compares.
//!
//! A word is letters and digits in a row. Case, accents and the width of characters do not matter.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Gives each word of `text` to `found`, in order, as searches compare it.
pub(crate) fn each_word(text: &str, mut found: impl FnMut(&str)) {
    for word in text.split(|c| !is_in_a_word(c)) {
        let folded = folded(word);
        if !folded.is_empty() {
            found(&folded);
        }
    }
}

/// Whether `text` has these words in a row, each as [`each_word`] gives it.
pub(crate) fn has_phrase(text: &str, phrase: &[String]) -> bool {
    // How many words of the phrase each beginning that may still become one has.
    let mut begun: Vec<usize> = Vec::new();
    let mut is_found = phrase.is_empty();
    each_word(text, |word| {
        if is_found {
            return;
        }
        begun.push(0);
        begun.retain_mut(|length| {
            let fits = phrase.get(*length).is_some_and(|next| next == word);
            *length = length.saturating_add(1);
            is_found |= fits && *length == phrase.len();
            fits
        });
    });
    is_found
}

fn is_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
}

/// Upper case and back: that brings together what has several lower cases, such as ß and ss.
fn folded(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() {
        let letters = word.nfkd().filter(|c| !is_combining_mark(*c));
        let upper = letters.flat_map(char::to_uppercase);
        return upper.flat_map(char::to_lowercase).collect();
    }
    match word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => word.to_ascii_lowercase().into(),
        false => word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn a_word_is_letters_and_digits_in_a_row() {
        assert_eq!(words(" Score 680, DTI-48%!"), ["score", "680", "dti", "48"]);
        assert_eq!(words("a_b\0c\u{2028}d"), ["a", "b", "c", "d"]);
        assert_eq!(words("\"?! … \u{301}"), [""; 0]);
        assert_eq!(
            words("信用 점수"),
            ["信用", words("점수").concat().as_str()]
        );
    }

    #[test]
    fn case_accents_and_width_do_not_matter() {
        for (one, other) in [
            ("Crédit", "CREDIT"),
            ("cre\u{301}dit", "crédit"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("İstanbul", "istanbul"),
            ("ｓｃｏｒｅ", "score"),
            ("ﬁle", "FILE"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
            assert_eq!(words(one).len(), 1, "{one}");
        }
    }

    #[test]
    fn a_phrase_is_words_in_a_row() {
        let has = |text, phrase| has_phrase(text, &words(phrase));
        assert!(has("The credit score is 680.", "Credit-Score"));
        assert!(has("a a b", "a b"));
        assert!(has("a b a b c", "a b c"));
        assert!(has("a", ""));
        assert!(!has("the score of the credit", "credit score"));
        assert!(!has("credit scores", "credit score"));
        assert!(!has("credit", "credit score"));
    }
}
