//! Text as a column can hold it.
//!
//! PostgreSQL has every character but U+0000, which an event's members may hold. It stands in columns
//! as `␀0`, and the picture `␀` itself, which hardly anyone writes, as `␀␀`: different texts stay
//! different, and the texts of people stay readable.

use std::borrow::Cow;

/// Of a member, what its column has.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    match text.contains(['\0', PICTURE]) {
        false => text.into(),
        true => text
            .replace(PICTURE, TWO_PICTURES)
            .replace('\0', PICTURE_OF_NONE)
            .into(),
    }
}

/// Of a column, what the member is.
pub(super) fn read(column: String) -> String {
    if !column.contains(PICTURE) {
        return column;
    }
    let mut text = String::with_capacity(column.len());
    let mut characters = column.chars();
    while let Some(character) = characters.next() {
        let is_escape = character == PICTURE && characters.next() == Some('0');
        text.push(if is_escape { '\0' } else { character });
    }
    text
}

const PICTURE: char = '␀';
const TWO_PICTURES: &str = "␀␀";
const PICTURE_OF_NONE: &str = "␀0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_no_two_are_stored_alike() {
        let texts = [
            "", "a", "a\0", "\0\0b", "␀", "␀0", "\u{0}0", "␀␀0", "␀\0", "\0␀",
        ];
        let columns: Vec<String> = texts.map(|text| stored(text).into_owned()).into();
        for (text, column) in texts.iter().zip(&columns) {
            assert!(!column.contains('\0'), "{column}");
            assert_eq!(read(column.clone()), *text);
            let same = columns.iter().filter(|other| *other == column);
            assert_eq!(same.count(), 1, "{column}");
        }
    }
}
