//! Free text as people write it in a search box.

use crate::search::each_word;
use crate::store::Phrase;

/// Reads `loan "credit score"`: every word has to be there, those in quotes in a row. Nothing else has
/// a meaning.
///
/// Pieces without a letter or digit are left out: no text is found by them.
pub(super) fn read(text: &str) -> Vec<Phrase> {
    // Every other piece was between quotes. A quote that is never closed reaches to the end.
    let pieces = text.split('"').zip([false, true].into_iter().cycle());
    let pieces = pieces.flat_map(|(piece, is_quoted)| match is_quoted {
        true => vec![piece],
        false => piece.split_whitespace().collect(),
    });
    let phrases = pieces.map(|piece| {
        let mut words = Vec::new();
        each_word(piece, |word| words.push(word.to_owned()));
        Phrase(words)
    });
    phrases.filter(|Phrase(words)| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(text: &str) -> Vec<String> {
        let phrases = read(text).into_iter();
        phrases.map(|Phrase(words)| words.join(" ")).collect()
    }

    #[test]
    fn every_word_counts_and_quotes_keep_words_together() {
        assert_eq!(phrases("  Loan\tdenied "), ["loan", "denied"]);
        let quoted = phrases(r#"a "credit score" b"#);
        assert_eq!(quoted, ["a", "credit score", "b"]);
        assert_eq!(phrases(r#""never closed"#), ["never closed"]);
        let plain = phrases("e-mail NOT OR (x) y*");
        assert_eq!(plain, ["e mail", "not", "or", "x", "y"]);
    }

    #[test]
    fn what_holds_no_word_is_left_out() {
        assert_eq!(phrases(r#" - "" "?!" * \ "#), [""; 0]);
        assert_eq!(phrases("a\0b"), ["a b"]);
    }
}
