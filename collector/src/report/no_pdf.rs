//! What stands in for the typesetter in a program that was built without the feature `pdf`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::report::{Failure, Report};

/// No fonts: nothing is typeset.
#[derive(Default)]
pub(crate) struct Fonts;

impl Fonts {
    /// Refuses the folder, which would be of no use.
    pub(crate) fn with_folder(folder: &Path) -> Result<Self, FontsError> {
        Err(FontsError::NoTypesetter(folder.to_owned()))
    }
}

/// Makes no PDF. A request for one is refused before.
pub(crate) fn write(_: &Report, _: &Arc<Fonts>) -> Result<Vec<u8>, Failure> {
    Err(Failure::Typesetting)
}

/// Why the fonts of an operator cannot be used.
#[derive(Debug, Error)]
pub enum FontsError {
    /// There is nothing that could use them.
    #[error(
        "cannot use {} for --report-fonts: this program was built without PDF support",
        .0.display()
    )]
    NoTypesetter(PathBuf),
}
