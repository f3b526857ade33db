//! Free text as people write it in a search box.

use crate::store::Words;

/// Reads `loan "credit score"`: every word has to be there, those in quotes in their order. Nothing
/// else has a meaning. Beginnings of words least of all: to find one letter with a star, an index
/// would have to put together half of itself.
///
/// Pieces without a letter or digit are left out: no index has them.
pub(super) fn read(text: &str) -> Vec<Words> {
    // Every other piece was between quotes. A quote that is never closed reaches to the end.
    let pieces = text.split('"').zip([false, true].into_iter().cycle());
    let pieces = pieces.flat_map(|(piece, is_quoted)| match is_quoted {
        true => vec![piece],
        false => piece.split_whitespace().collect(),
    });
    let pieces = pieces.filter(|piece| piece.contains(char::is_alphanumeric));
    // SQLite would end a text at NUL.
    pieces
        .map(|piece| Words(piece.replace(char::is_control, " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        read(text).into_iter().map(|Words(text)| text).collect()
    }

    #[test]
    fn every_word_counts_and_quotes_keep_words_together() {
        assert_eq!(words("  loan\tdenied "), ["loan", "denied"]);
        assert_eq!(words(r#"a "credit score" b"#), ["a", "credit score", "b"]);
        assert_eq!(words(r#""never closed"#), ["never closed"]);
        assert_eq!(
            words("e-mail NOT OR (x) y*"),
            ["e-mail", "NOT", "OR", "(x)", "y*"]
        );
    }

    #[test]
    fn what_holds_no_word_is_left_out() {
        assert_eq!(words(r#" - "" "?!" * \ "#), [""; 0]);
        assert_eq!(words("a\0b"), ["a b"]);
    }
}
