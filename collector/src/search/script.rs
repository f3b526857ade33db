//! Scripts that are written without blanks between words.
//!
//! A machine can only guess where a word of them ends, and dictionaries differ, so that each
//! character counts as a word: whatever a person types is found wherever it stands. Korean has blanks,
//! but endings and particles are written onto its words.

use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// Gives each word of `run`, letters and digits in a row, to `found`: a character with its marks by
/// itself where its script has no blanks, everything else as far as it reaches.
pub(super) fn each_part<'a>(run: &'a str, mut found: impl FnMut(&'a str)) {
    let (mut rest, mut kind) = (run, None);
    for (at, c) in run.char_indices() {
        let next = Kind::of(c);
        let begins = match (kind, next) {
            (None, _) | (_, Kind::Mark) => false,
            (Some(before), next) => next == Kind::Character || before != next,
        };
        if begins {
            let end = at.saturating_sub(run.len().saturating_sub(rest.len()));
            let (part, after) = rest.split_at(end);
            found(part);
            rest = after;
        }
        if next != Kind::Mark || kind.is_none() {
            kind = Some(next);
        }
    }
    if !rest.is_empty() {
        found(rest);
    }
}

/// Whether a word, as [`each_part`] gives it, is a character of a script without blanks.
pub(super) fn is_character(word: &str) -> bool {
    let first = word.chars().next();
    first.is_some_and(|first| Kind::of(first) == Kind::Character)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A part of a word that blanks end.
    Letter,
    /// A word by itself.
    Character,
    /// A part of the character before.
    Mark,
}

impl Kind {
    fn of(c: char) -> Self {
        if c < FIRST {
            return Self::Letter;
        }
        if is_combining_mark(c)
            || SYLLABLE_GOES_ON
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&c))
        {
            return Self::Mark;
        }
        // The long vowel of kana belongs to two scripts, and thus to none.
        let scripts = c.script_extension();
        match WITHOUT_BLANKS
            .iter()
            .any(|one| scripts.contains_script(*one))
        {
            true => Self::Character,
            false => Self::Letter,
        }
    }
}

/// The first character of the first of these scripts, which is Thai. What stands before it is told
/// without a look into tables.
const FIRST: char = '\u{e00}';

/// Vowels and finals of a Korean syllable that is taken apart.
const SYLLABLE_GOES_ON: [(char, char); 2] = [('\u{1160}', '\u{11ff}'), ('\u{d7b0}', '\u{d7ff}')];

/// Those whose lines may be broken between any two characters, or only where a dictionary says (the
/// classes ID, AK and SA of <https://www.unicode.org/reports/tr14/>), and Korean.
const WITHOUT_BLANKS: [Script; 21] = [
    Script::Ahom,
    Script::Balinese,
    Script::Bopomofo,
    Script::Han,
    Script::Hangul,
    Script::Hiragana,
    Script::Javanese,
    Script::Katakana,
    Script::Khitan_Small_Script,
    Script::Khmer,
    Script::Lao,
    Script::Myanmar,
    Script::New_Tai_Lue,
    Script::Nushu,
    Script::Tai_Le,
    Script::Tai_Tham,
    Script::Tai_Viet,
    Script::Tangut,
    Script::Thai,
    Script::Tibetan,
    Script::Yi,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(run: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        each_part(run, |part| parts.push(part));
        parts
    }

    #[test]
    fn a_character_without_blanks_is_a_word_with_its_marks() {
        assert_eq!(parts("端口错"), ["端", "口", "错"]);
        assert_eq!(parts("サーバー"), ["サ", "ー", "バ", "ー"]);
        assert_eq!(parts("か\u{3099}く"), ["か\u{3099}", "く"]);
        assert_eq!(parts("วันนี้"), ["วั", "น", "นี้"]);
        assert_eq!(parts("ខ្មែរ"), ["ខ្", "មែ", "រ"]);
        assert_eq!(
            parts("\u{1100}\u{1161}\u{11a8}\u{1102}"),
            ["\u{1100}\u{1161}\u{11a8}", "\u{1102}"]
        );
        assert_eq!(parts("\u{20000}々〇"), ["\u{20000}", "々", "〇"]);
    }

    #[test]
    fn other_words_reach_as_far_as_their_letters() {
        assert_eq!(parts("用python3写"), ["用", "python3", "写"]);
        assert_eq!(parts("gpt4で"), ["gpt4", "で"]);
        for word in ["straße", "мир", "שלום", "مرحبا", "नमस्ते", "გამარჯობა", "ሰላም"]
        {
            assert_eq!(parts(word), [word]);
        }
        assert_eq!(parts(""), [""; 0]);
        assert_eq!(parts("\u{e31}a"), ["\u{e31}", "a"]);
    }

    #[test]
    fn characters_are_told_from_words() {
        assert!(
            ["端", "か\u{3099}", "\u{1100}\u{1161}", "ー", "๑"]
                .into_iter()
                .all(is_character)
        );
        assert!(
            ["", "a", "端口".get(6..).unwrap_or_default(), "नम", "7"]
                .into_iter()
                .all(|word| !is_character(word))
        );
    }
}
