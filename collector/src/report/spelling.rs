//! Texts of strangers: what cannot be seen, or would turn the text around, is spelt out.

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run<'a> {
    /// As it is.
    Plain(&'a str),
    /// A character by its number, such as `U+202E`.
    Spelt(String),
}

/// Takes a text apart: `is_spelt` says which characters are spelt, and is asked once for each.
pub(crate) fn runs(text: &str, mut is_spelt: impl FnMut(char) -> bool) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some((at, character)) = rest.char_indices().find(|(_, one)| is_spelt(*one)) {
        let (plain, tail) = rest.split_at(at);
        if !plain.is_empty() {
            runs.push(Run::Plain(plain));
        }
        runs.push(Run::Spelt(format!("U+{:04X}", u32::from(character))));
        rest = tail.strip_prefix(character).unwrap_or_default();
    }
    if !rest.is_empty() {
        runs.push(Run::Plain(rest));
    }
    runs
}

/// Tells which characters of one text cannot be seen, in their order.
///
/// One that chooses the form of a character before it, as in emoji, is seen in that character; any
/// other of its kind may carry a text that nobody sees.
#[derive(Debug, Default)]
pub(crate) struct Unseen {
    /// Whether a form can be chosen for the character before.
    is_after_character: bool,
}

impl Unseen {
    pub(crate) fn has(&mut self, character: char) -> bool {
        let is_form = FORMS.contains(&character);
        let is_unseen = is_unseen(character) && !(is_form && self.is_after_character);
        self.is_after_character = !(is_unseen || is_form || character.is_whitespace());
        is_unseen
    }
}

/// Controls, marks of direction, and characters without a form of their own: with them a text can
/// say one thing to a model and another to its reader. These are the `Default_Ignorable_Code_Point`s
/// of Unicode, https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point, and with them the
/// controls, the ends of lines and paragraphs, the marks of interlinear annotations and the blank of
/// braille. Joiners stay: scripts and emoji need them.
///
/// The page has the same list, in `page/text.js`.
fn is_unseen(character: char) -> bool {
    matches!(
        u32::from(character),
        0x00..=0x08
            | 0x0b
            | 0x0c
            | 0x0e..=0x1f
            | 0x7f..=0x9f
            | 0xad
            | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b
            | 0x200e
            | 0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x206f
            | 0x2800
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

/// As a text, and as an emoji.
const FORMS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// The first characters of a text, as many as `bytes_max` bytes hold.
pub(crate) fn beginning(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_spelt_and_all_else_stays() {
        let spelt = |text: &str| Run::Spelt(text.to_owned());
        let mut unseen = Unseen::default();
        assert_eq!(
            runs("\u{202e}ab\u{0}\u{e0041}c\n\té\u{200d}", |one| unseen
                .has(one)),
            [
                spelt("U+202E"),
                Run::Plain("ab"),
                spelt("U+0000"),
                spelt("U+E0041"),
                Run::Plain("c\n\té\u{200d}"),
            ]
        );
        assert_eq!(runs("", |_| true), []);
        let ignorable =
            "\u{e0100}\u{e0142}\u{3164}\u{115f}\u{ffa0}\u{34f}\u{180e}\u{2800}\u{fe01}\u{17b4}";
        let mut unseen = Unseen::default();
        assert!(ignorable.chars().all(|one| unseen.has(one)));
    }

    #[test]
    fn a_form_of_a_character_is_seen_and_one_of_nothing_is_not() {
        for (text, expected) in [
            ("\u{2764}\u{fe0f}\u{200d}\u{1f525}", "...."),
            ("\u{2764}\u{fe0f}\u{fe0f}", "..x"),
            ("\u{fe0e}", "x"),
            ("a \u{fe0e}\u{fe0e}", "..xx"),
            ("\u{202e}\u{fe0e}", "xx"),
        ] {
            let mut unseen = Unseen::default();
            let marks = text
                .chars()
                .map(|one| if unseen.has(one) { 'x' } else { '.' });
            assert_eq!(marks.collect::<String>(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_page_spells_the_same_characters() {
        let script = include_str!("../page/text.js");
        let (_, list) = script.split_once("const UNSEEN = /[").unwrap();
        let (list, _) = list.split_once("]/gu").unwrap();
        let numbers = |text: &str| -> Vec<u32> {
            let parts = text.split("\\u").skip(1);
            let hex = parts.map(|part| part.trim_matches(['{', '}', '-']).to_owned());
            hex.map(|hex| u32::from_str_radix(&hex, 16).unwrap())
                .collect()
        };
        // `\u0000-\u0008`: a range is two numbers with a dash between them.
        let mut page = std::collections::BTreeSet::new();
        let mut rest = numbers(list).into_iter().peekable();
        let dashes: Vec<bool> = list
            .split("\\u")
            .skip(1)
            .map(|part| part.ends_with('-'))
            .collect();
        let mut dashes = dashes.into_iter();
        while let Some(first) = rest.next() {
            let last = match dashes.next() {
                Some(true) => {
                    dashes.next();
                    rest.next().unwrap()
                }
                _ => first,
            };
            page.extend(first..=last);
        }
        let here: std::collections::BTreeSet<u32> = ('\0'..=char::MAX)
            .filter(|one| is_unseen(*one))
            .map(u32::from)
            .collect();
        assert_eq!(here, page);
    }

    #[test]
    fn a_beginning_ends_between_two_characters() {
        assert_eq!(beginning("aé", 2), "a");
        assert_eq!(beginning("aé", 3), "aé");
        assert_eq!(beginning("aé", 9), "aé");
    }
}
