//! Words before a number that say what it is, where its form alone does not.

use super::{Place, is_unspaced};

/// Whether one of these words, in lower case, stands before a place, so many bytes before it at most. Where something
/// was found in between, it is that thing's word.
pub(super) fn is_behind(place: &Place<'_>, within: usize, words: &[&str]) -> bool {
    if !is_behind_letters(place, within) {
        return false;
    }
    let near = near(place, within).to_lowercase();
    let mut previous = None;
    near.char_indices().any(|(at, character)| {
        let is_within = previous.replace(character).is_some_and(is_letter);
        let rest = near.get(at..).unwrap_or_default();
        let has_word = |word: &&str| begins_with(rest, word, is_within);
        character.is_alphabetic() && words.iter().any(has_word)
    })
}

/// Whether there are letters so near before a place. Between numbers there are no words to look for, and a text may
/// be made of numbers alone.
pub(super) fn is_behind_letters(place: &Place<'_>, within: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    near(place, within).bytes().any(is_letter)
}

/// What stands so near before a place, behind what was found.
fn near<'a>(place: &Place<'a>, within: usize) -> &'a str {
    let before = place.text.get(place.from..place.at).unwrap_or_default();
    let from = before.ceil_char_boundary(before.len().saturating_sub(within));
    before.get(from..).unwrap_or_default()
}

/// Whether a text begins with a word that is not a part of another. Scripts that have no spaces have no such words.
fn begins_with(text: &str, word: &str, is_within: bool) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        let is_over = !rest.starts_with(is_letter);
        word.contains(is_unspaced) || (!is_within && is_over)
    })
}

/// Whether a character goes on with a word: scripts without spaces write words of others right beside their own.
fn is_letter(character: char) -> bool {
    character.is_alphabetic() && !is_unspaced(character)
}
