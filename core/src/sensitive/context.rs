//! Words before a number that say what it is, where its form alone does not.

use super::{Place, is_unspaced};

/// Whether one of these words, in lower case, stands before a place, so many bytes before it at most. Where something
/// was found in between, it is that thing's word.
pub(super) fn is_behind(place: &Place<'_>, within: usize, words: &[&str]) -> bool {
    let Some(before) = place.text.get(place.from..place.at) else {
        return false;
    };
    let from = before.ceil_char_boundary(before.len().saturating_sub(within));
    let near = before.get(from..).unwrap_or_default().to_lowercase();
    words.iter().any(|word| has_word(&near, word))
}

/// Whether a text has a word that is not a part of another. Scripts that have no spaces have no such words.
fn has_word(text: &str, word: &str) -> bool {
    // Scripts without spaces write words of others right beside their own.
    let is_letter = |character: char| character.is_alphabetic() && !is_unspaced(character);
    let has_spaces = !word.contains(is_unspaced);
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let end = at.saturating_add(word.len());
        let after = text.get(end..).and_then(|text| text.chars().next());
        !has_spaces || ![before, after].into_iter().flatten().any(is_letter)
    })
}
