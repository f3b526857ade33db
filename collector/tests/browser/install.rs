//! What the tests need of other people's programs, and how they get it where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use audit_layer_tests::debian;
use tokio::sync::OnceCell;

/// The folder that everything built or fetched goes to.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// Sees to it, once, that `chromium` and `chromedriver` can be started.
pub(crate) async fn chromium() {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_init(async || install_chromium()).await;
}

fn install_chromium() {
    let packages = ["chromium", "chromium-driver", "fonts-liberation2"];
    let programs = ["chromium", "chromedriver"];
    debian::installed(&packages, || programs.into_iter().all(runs).then_some(()))
        .expect("the tests of the page need Chromium and its driver");
}

/// The file of axe-core, which finds what keeps people from using a page.
///
/// From the npm registry, into the folder of what is built: it is used in tests alone.
pub(crate) fn axe() -> PathBuf {
    let folder = target().join("axe");
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let npm = Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund"])
            .args(["--ignore-scripts", "--prefix"])
            .arg(&folder)
            .arg("axe-core@4.14.1")
            .output();
        assert!(
            npm.is_ok_and(|output| output.status.success()) && file.exists(),
            "the tests of the page need axe-core, and `npm install axe-core` failed: install npm, \
             or put the package's axe.min.js at {}",
            file.display()
        );
    }
    file
}

fn runs(program: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}
