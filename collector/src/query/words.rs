//! Free text as people write it in a search box.

use crate::store::Words;

/// Reads `loan "credit score" approv*`: every word has to be there, those in quotes in their order,
/// and a star at the end lets a word go on. Nothing else has a meaning.
///
/// Pieces without a letter or digit are left out: no index has them.
pub(super) fn read(text: &str) -> Vec<Words> {
    // Every other piece was between quotes. A quote that is never closed reaches to the end.
    let pieces = text.split('"').zip([false, true].into_iter().cycle());
    let pieces = pieces.flat_map(|(piece, is_quoted)| match is_quoted {
        true => vec![exactly(piece)],
        false => piece.split_whitespace().map(maybe_prefix).collect(),
    });
    pieces.filter(has_word).collect()
}

fn exactly(text: &str) -> Words {
    Words {
        text: printable(text),
        is_prefix: false,
    }
}

fn maybe_prefix(text: &str) -> Words {
    Words {
        is_prefix: text.ends_with('*'),
        text: printable(text.trim_end_matches('*')),
    }
}

/// SQLite would end a text at NUL.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn has_word(words: &Words) -> bool {
    words.text.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, bool)> {
        let read = read(text).into_iter();
        read.map(|words| (words.text, words.is_prefix)).collect()
    }

    fn whole(texts: &[&str]) -> Vec<(String, bool)> {
        texts
            .iter()
            .map(|text| ((*text).to_owned(), false))
            .collect()
    }

    #[test]
    fn every_word_counts_and_quotes_keep_words_together() {
        assert_eq!(words("  loan\tdenied "), whole(&["loan", "denied"]));
        assert_eq!(
            words(r#"a "credit score" b"#),
            whole(&["a", "credit score", "b"])
        );
        assert_eq!(words(r#""never closed"#), whole(&["never closed"]));
        assert_eq!(
            words("e-mail NOT OR (x)"),
            whole(&["e-mail", "NOT", "OR", "(x)"])
        );
    }

    #[test]
    fn a_star_at_the_end_of_a_word_lets_it_go_on() {
        assert_eq!(words("approv*"), [("approv".to_owned(), true)]);
        assert_eq!(words(r#""approv*""#), whole(&["approv*"]));
        assert_eq!(words("a*b"), whole(&["a*b"]));
    }

    #[test]
    fn what_holds_no_word_is_left_out() {
        assert_eq!(words(r#" - "" "?!" * \ "#), whole(&[]));
        assert_eq!(words("a\0b"), whole(&["a b"]));
    }
}
