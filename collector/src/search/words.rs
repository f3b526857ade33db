//! A text as words: what a search for text compares.
//!
//! A word is letters and digits in a row, or one character of a script without blanks between words.
//! Case, accents and the width of characters do not matter. The signs that make another word of one
//! do: vowels of Indic scripts, the voice of kana.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::search::Term;
use crate::search::script::{each_part, is_character};

/// Gives each word of `text` to `found`, in order, as searches compare it.
pub(crate) fn each_word(text: &str, mut found: impl FnMut(&str)) {
    for run in text.split(|c| !is_in_a_word(c)) {
        each_part(&folded(run), &mut found);
    }
}

/// Gives the terms of a text to `found`: its words, and its characters in pairs as well, since a
/// character alone stands in too many texts.
pub(super) fn each_term(text: &str, mut found: impl FnMut(Term)) {
    let mut before = String::new();
    each_word(text, |word| {
        found(Term::word(word));
        let is_character = is_character(word);
        if is_character && !before.is_empty() {
            before.push_str(word);
            found(Term::pair(&before));
        }
        before.clear();
        if is_character {
            before.push_str(word);
        }
    });
}

/// The terms of every text that has these words in a row.
pub(crate) fn terms_of_phrase(phrase: &[String]) -> Vec<Term> {
    let mut terms: Vec<Term> = phrase.iter().map(|word| Term::word(word)).collect();
    let pairs = phrase
        .array_windows()
        .filter(|[one, other]| is_character(one) && is_character(other));
    terms.splice(..0, pairs.map(|pair| Term::pair(&pair.concat())));
    terms
}

/// Whether `text` has these words in a row, each as [`each_word`] gives it.
///
/// The time it takes grows with the text and the phrase, and not with their product (Knuth, Morris
/// and Pratt): a stranger has written the one, and another may have asked for the other.
pub(crate) fn has_phrase(text: &str, phrase: &[String]) -> bool {
    let shorter = shorter_beginnings(phrase);
    let mut begun = 0;
    let mut is_found = phrase.is_empty();
    each_word(text, |word| {
        if !is_found {
            begun = go_on(phrase, &shorter, begun, word);
            is_found = begun == phrase.len();
        }
    });
    is_found
}

/// For each number of words that a phrase may have begun with, less one: with how many fewer it has
/// begun as well.
fn shorter_beginnings(phrase: &[String]) -> Vec<usize> {
    let mut shorter = Vec::with_capacity(phrase.len());
    let mut begun = 0;
    for (index, word) in phrase.iter().enumerate() {
        if index > 0 {
            begun = go_on(phrase, &shorter, begun, word);
        }
        shorter.push(begun);
    }
    shorter
}

/// How many words of the phrase have begun after one more, where `begun` had before it.
fn go_on(phrase: &[String], shorter: &[usize], mut begun: usize, word: &str) -> usize {
    while phrase.get(begun).is_none_or(|next| next != word) {
        let last = begun.checked_sub(1).and_then(|last| shorter.get(last));
        match last {
            Some(fewer) => begun = *fewer,
            None => return 0,
        }
    }
    begun.saturating_add(1)
}

fn is_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
}

/// Upper case and back: that brings together what has several lower cases, such as ß and ss.
fn folded(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() {
        let letters = word.nfkd().filter(|c| !is_accent(*c));
        let upper = letters.flat_map(char::to_uppercase);
        return upper.flat_map(char::to_lowercase).collect();
    }
    match word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => word.to_ascii_lowercase().into(),
        false => word.into(),
    }
}

/// A mark on a letter that leaves the word what it is.
///
/// Those of the classes 0 (vowels), 7 (nukta), 8 (voice of kana), 9 (virama) and 103 to 132 (Thai, Lao
/// and Tibetan) spell: <https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values>. Of
/// class 0 are also the selectors of variants, which do not.
fn is_accent(c: char) -> bool {
    let is_of_a_variant = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let spells = matches!(canonical_combining_class(c), 0 | 7..=9 | 103..=132);
    is_combining_mark(c) && (is_of_a_variant || !spells)
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
    }

    #[test]
    fn a_character_of_a_script_without_blanks_is_a_word() {
        assert_eq!(
            words("信用スコア680点"),
            ["信", "用", "ス", "コ", "ア", "680", "点"]
        );
        assert_eq!(words("用Python写"), ["用", "python", "写"]);
        assert_eq!(words("วันนี้"), ["วั", "น", "นี้"]);
        assert_eq!(words("점수를").len(), 3);
        assert_eq!(words("점수"), words("점수를")[..2]);
        assert_eq!(words("ｶﾞｽ"), words("ガス"));
        assert_eq!(words("ＡＩの"), ["ai", "の"]);
    }

    #[test]
    fn a_text_has_the_terms_of_every_phrase_that_stands_in_it() {
        let text = "任务队列：端口 错配，用Python写。กำลัง ok ok 점수를";
        let mut own = Vec::new();
        each_term(text, |term| own.push(term));
        let all = words(text);
        for first in 0..all.len() {
            for last in first..all.len() {
                let phrase = &all[first..=last];
                assert!(has_phrase(text, phrase));
                assert!(
                    terms_of_phrase(phrase)
                        .iter()
                        .all(|term| own.contains(term)),
                    "{phrase:?}"
                );
            }
        }
        let elsewhere = words("列端");
        assert!(has_phrase(text, &elsewhere) && terms_of_phrase(&elsewhere).len() == 3);
        assert!(!own.contains(&Term::pair("列错")));
        // Words of other scripts are too many to be kept in pairs.
        assert!(!own.contains(&Term::pair("okok")));
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
    fn signs_that_spell_make_another_word() {
        for (one, other) in [("का", "की"), ("かく", "がく"), ("ขา", "ข่า"), ("पढ", "पढ़")]
        {
            assert_ne!(words(one), words(other), "{one}");
            assert_eq!(words(one).len(), words(other).len(), "{one}");
        }
        for (one, other) in [("שָׁלוֹם", "שלום"), ("مُحَمَّد", "محمد"), ("葛\u{e0100}", "葛")]
        {
            assert_eq!(words(one), words(other), "{one}");
        }
    }

    #[test]
    fn a_phrase_is_words_in_a_row() {
        let has = |text, phrase| has_phrase(text, &words(phrase));
        assert!(has("The credit score is 680.", "Credit-Score"));
        assert!(has("a a b", "a b"));
        assert!(has("a b a b c", "a b c"));
        assert!(has("a a a b a a a a b", "a a a a b"));
        assert!(has("a b a c a b a b a c", "a b a b a c"));
        assert!(!has("a b a c a b a b a d", "a b a b a c"));
        assert!(has("a", ""));
        assert!(!has("the score of the credit", "credit score"));
        assert!(!has("credit scores", "credit score"));
        assert!(!has("credit", "credit score"));
    }
}
