//! The fonts of a PDF: those that come with typst, so that a report looks the same everywhere, and
//! those that an operator adds for scripts which they lack.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use thiserror::Error;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use crate::{limits, telemetry};

/// The fonts that come with typst, for most European scripts, and those that an operator adds.
#[derive(Default)]
pub(crate) struct Fonts {
    added: Vec<Font>,
    all: OnceLock<All>,
}

/// Every font there is. Those of typst come first.
pub(super) struct All {
    pub(super) book: LazyHash<FontBook>,
    pub(super) fonts: Vec<Font>,
}

impl Fonts {
    /// Those of typst, and those in the files of this folder and the folders in it. A file that is
    /// none is passed over and logged.
    pub(crate) fn with_folder(folder: &Path) -> Result<Self, FontsError> {
        let mut files = Vec::new();
        find_files(folder, &mut files).map_err(|source| FontsError::Read {
            file: folder.to_owned(),
            source,
        })?;
        // The same order everywhere: a font before another is taken before it.
        files.sort();
        let mut added = Vec::new();
        let mut bytes_left = limits::FONTS_BYTES_MAX;
        for file in files {
            let bytes = std::fs::read(&file).map_err(|source| FontsError::Read {
                file: file.clone(),
                source,
            })?;
            bytes_left = bytes_left
                .checked_sub(bytes.len())
                .ok_or_else(|| FontsError::TooMany(folder.to_owned()))?;
            let before = added.len();
            added.extend(Font::iter(Bytes::new(bytes)));
            if added.len() == before {
                telemetry::font_passed_over(&file);
            }
        }
        match added.is_empty() {
            true => Err(FontsError::Empty(folder.to_owned())),
            false => Ok(Self {
                added,
                all: OnceLock::new(),
            }),
        }
    }

    /// Read once, when the first PDF is made: this takes some milliseconds.
    pub(super) fn all(&self) -> &All {
        self.all.get_or_init(|| {
            let own = typst_assets::fonts().flat_map(|file| Font::iter(Bytes::new(file)));
            let fonts: Vec<Font> = own.chain(self.added.iter().cloned()).collect();
            let book = LazyHash::new(FontBook::from_fonts(&fonts));
            All { book, fonts }
        })
    }

    /// Whether any of them has a form for this character.
    pub(super) fn have(&self, character: char) -> bool {
        let mut infos = self.all().fonts.iter().map(Font::info);
        infos.any(|info| info.coverage.contains(character.into()))
    }
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            find_files(&path, files)?;
        } else if is_font(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_font(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// TrueType and OpenType, and collections of them.
const ENDINGS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// Why the fonts of an operator cannot be used.
#[derive(Debug, Error)]
pub enum FontsError {
    /// There is none.
    #[error(
        "{} contains no fonts: use --report-fonts to name a folder with .ttf, .otf, .ttc or .otc files",
        .0.display()
    )]
    Empty(PathBuf),
    /// The folder or a file in it.
    #[error("cannot read {} for --report-fonts: {source}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// They are kept in memory.
    #[error(
        "{} has more than {} MiB of fonts: use --report-fonts to name a folder with fewer",
        .0.display(),
        limits::FONTS_BYTES_MAX >> 20
    )]
    TooMany(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn european_scripts_are_covered_and_others_are_known_not_to_be() {
        let fonts = Fonts::default();
        for character in "aéßŁΩЖ€–“→".chars() {
            assert!(fonts.have(character), "{character}");
        }
        for character in "中あ한😀".chars() {
            assert!(!fonts.have(character), "{character}");
        }
    }

    #[test]
    fn fonts_are_found_in_folders_of_folders_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let failed = || Fonts::with_folder(folder.path()).err().unwrap().to_string();
        assert!(failed().contains("contains no fonts"), "{}", failed());
        std::fs::write(folder.path().join("fonts.dir"), "1").unwrap();
        assert!(failed().contains("contains no fonts"), "{}", failed());

        let deeper = folder.path().join("truetype/one");
        std::fs::create_dir_all(&deeper).unwrap();
        let font = typst_assets::fonts().next().unwrap();
        std::fs::write(deeper.join("One.TTF"), font).unwrap();
        std::fs::write(deeper.join("broken.otf"), "no").unwrap();
        let own = Fonts::default().all().fonts.len();
        let fonts = Fonts::with_folder(folder.path()).unwrap();
        assert_eq!(fonts.all().fonts.len(), own + 1);

        std::fs::remove_dir_all(folder.path()).unwrap();
        assert!(failed().contains("cannot read"), "{}", failed());
    }
}
