//! The fonts of a PDF: those that come with typst, so that a report looks the same everywhere.

use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// Every font there is.
pub(crate) struct Fonts {
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
}

/// Read once: this takes some milliseconds.
pub(crate) static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let files = typst_assets::fonts().map(Bytes::new);
    let fonts: Vec<Font> = files.flat_map(Font::iter).collect();
    let book = LazyHash::new(FontBook::from_fonts(&fonts));
    Fonts { book, fonts }
});

impl Fonts {
    /// Whether any of them has a form for this character.
    pub(crate) fn have(&self, character: char) -> bool {
        let mut infos = self.fonts.iter().map(Font::info);
        infos.any(|info| info.coverage.contains(character.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn european_scripts_are_covered_and_others_are_known_not_to_be() {
        for character in "aéßŁΩЖ€–“→".chars() {
            assert!(FONTS.have(character), "{character}");
        }
        for character in "中あ한😀".chars() {
            assert!(!FONTS.have(character), "{character}");
        }
    }
}
