//! Fonts of scripts that those of the collector's reports lack.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::debian;

/// A folder with a font of Chinese, Japanese and Korean.
pub fn east_asian() -> Result<PathBuf> {
    let folder = Path::new("/usr/share/fonts/truetype/wqy");
    debian::installed(&["fonts-wqy-microhei"], || {
        folder
            .join("wqy-microhei.ttc")
            .exists()
            .then(|| folder.to_owned())
    })
}
