//! Which characters of a text are printed as they are, and how much of a text there is room for.

use unicode_normalization::char::is_combining_mark;

use crate::limits;
use crate::report::pdf::fonts::Fonts;
use crate::report::spelling::Unseen;

/// What becomes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// No font has a form for it: it is spelt.
    Missing,
    Printed,
    /// Nobody would see what it is: it is spelt.
    Unseen,
}

/// Looks at the characters of one text, in their order.
pub(crate) struct Letters<'f> {
    fonts: &'f Fonts,
    /// Marks and joiners since the last letter.
    marks: usize,
    unseen: Unseen,
}

impl<'f> Letters<'f> {
    pub(crate) fn new(fonts: &'f Fonts) -> Self {
        Self {
            fonts,
            marks: 0,
            unseen: Unseen::default(),
        }
    }

    pub(crate) fn look(&mut self, character: char) -> Look {
        let is_unseen = self.unseen.has(character);
        if character == '\n' || character == ' ' || character.is_ascii_graphic() {
            self.marks = 0;
            return Look::Printed;
        }
        self.marks = if is_joined(character) {
            self.marks.saturating_add(1)
        } else {
            0
        };
        let is_heap = self.marks > limits::PDF_MARKS_MAX;
        if is_heap || character == '\r' || is_unseen || is_private(character) {
            return Look::Unseen;
        }
        match self.fonts.have(character) {
            true => Look::Printed,
            false => Look::Missing,
        }
    }
}

/// The beginning of a text that takes so many bytes and lines when it is printed.
pub(crate) fn beginning<'t>(
    text: &'t str,
    fonts: &Fonts,
    bytes_max: usize,
    lines_max: usize,
) -> &'t str {
    let (mut bytes, mut lines) = (0_usize, 1_usize);
    let mut letters = Letters::new(fonts);
    for (at, character) in text.char_indices() {
        let printed = match letters.look(character) {
            Look::Printed => character.len_utf8(),
            Look::Missing | Look::Unseen => SPELT_BYTES,
        };
        bytes = bytes.saturating_add(printed);
        lines = lines.saturating_add(usize::from(character == '\n'));
        if bytes > bytes_max || lines > lines_max {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Characters whose meaning is between those who use them. They must not stand in an archive.
fn is_private(character: char) -> bool {
    matches!(u32::from(character), 0xe000..=0xf8ff | 0xf0000..=0x10ffff)
}

/// Whether a character belongs to the one before it.
pub(crate) fn is_joined(character: char) -> bool {
    is_combining_mark(character) || [NON_JOINER, JOINER].contains(&character)
}

const NON_JOINER: char = '\u{200c}';
pub(crate) const JOINER: char = '\u{200d}';

/// Such as `U+4E2D`, and what is around it.
const SPELT_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(text: &str) -> Vec<Look> {
        let fonts = Fonts::default();
        let mut letters = Letters::new(&fonts);
        text.chars().map(|one| letters.look(one)).collect()
    }

    #[test]
    fn what_is_no_form_of_its_own_is_told_apart() {
        let expected = [
            ('a', Look::Printed),
            ('Ж', Look::Printed),
            ('\n', Look::Printed),
            ('\r', Look::Unseen),
            ('\u{202e}', Look::Unseen),
            ('\u{e000}', Look::Unseen),
            ('中', Look::Missing),
        ];
        for (character, look) in expected {
            assert_eq!(looks(&character.to_string()), [look], "{character:?}");
        }
    }

    #[test]
    fn a_heap_of_marks_is_spelt() {
        let mut text = "e".to_owned() + &"\u{301}".repeat(limits::PDF_MARKS_MAX);
        assert!(looks(&text).iter().all(|look| *look == Look::Printed));
        text.push_str("\u{301}e\u{301}");
        let looks = looks(&text);
        let [.., first, letter, last] = looks.as_slice() else {
            panic!("{looks:?}")
        };
        assert_eq!(
            [first, letter, last],
            [&Look::Unseen, &Look::Printed, &Look::Printed]
        );
    }

    #[test]
    fn no_more_is_printed_than_there_is_room_for() {
        let fonts = Fonts::default();
        for (bytes_max, shown) in [
            (0, ""),
            (1, "a"),
            (2, "a"),
            (3, "aé"),
            (10, "aé"),
            (11, "aé中"),
        ] {
            assert_eq!(
                beginning("aé中", &fonts, bytes_max, 1),
                shown,
                "{bytes_max}"
            );
        }
        for (lines_max, shown) in [(0, ""), (1, "a"), (2, "a\n"), (3, "a\n\nb")] {
            assert_eq!(
                beginning("a\n\nb", &fonts, 99, lines_max),
                shown,
                "{lines_max}"
            );
        }
    }
}
