//! The rules of the house that a machine can check.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_tests::workspace;
use ignore::WalkBuilder;

#[test]
fn no_file_is_longer_than_500_lines_of_code() -> Result<()> {
    for (path, text) in rust_files()? {
        let code = text
            .lines()
            .filter(|line| !is_blank_or_comment(line))
            .count();
        assert!(code <= 500, "{} has {code} lines of code", path.display());
    }
    Ok(())
}

#[test]
fn modules_are_named_files() -> Result<()> {
    for (path, _) in rust_files()? {
        assert!(
            !path.ends_with("mod.rs"),
            "{}: the house uses foo.rs beside foo/",
            path.display()
        );
    }
    Ok(())
}

/// A file that is no module of a crate is not compiled: its tests never run, and nobody notices.
#[test]
fn every_file_is_compiled() -> Result<()> {
    let sources = rust_files()?;
    let mut named = named_by_cargo()?;
    for (path, text) in &sources {
        let folder = path.parent().context("no folder")?;
        let places = text.split("#[path = \"").skip(1);
        let places = places.filter_map(|rest| rest.split('"').next());
        named.extend(places.map(|place| folder.join(place)));
    }
    for (path, _) in &sources {
        let folder = path.parent().context("no folder")?;
        let stem = path
            .file_stem()
            .and_then(OsStr::to_str)
            .context("no name")?;
        let is_found_by_cargo = ["lib", "main", "build"].contains(&stem)
            || folder.ends_with("src/bin")
            || folder.ends_with("tests") && folder.with_file_name("Cargo.toml").exists();
        let parents = [
            folder.with_extension("rs"),
            folder.join("main.rs"),
            folder.join("lib.rs"),
        ];
        let mut parents = sources.iter().filter(|(path, _)| parents.contains(path));
        let is_module = parents.any(|(_, text)| text.contains(&format!("mod {stem};")));
        assert!(
            is_found_by_cargo || is_module || named.contains(path),
            "{} is no module of a crate",
            path.display()
        );
    }
    Ok(())
}

/// The files that manifests name.
fn named_by_cargo() -> Result<Vec<PathBuf>> {
    let mut named = Vec::new();
    for manifest in files(workspace::root())? {
        if manifest.ends_with("Cargo.toml") {
            let text = std::fs::read_to_string(&manifest)?;
            let places = text.split("path = \"").skip(1);
            let places = places.filter_map(|rest| rest.split('"').next());
            named.extend(places.map(|place| manifest.with_file_name(place)));
        }
    }
    Ok(named)
}

#[test]
fn nothing_is_left_to_do_in_code() -> Result<()> {
    // In two parts, so that this file does not find itself.
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("FIX", "ME"),
    ];
    for (path, text) in rust_files()? {
        let found = words.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{}", path.display());
    }
    Ok(())
}

#[test]
fn the_map_and_the_decisions_name_only_files_that_exist() -> Result<()> {
    for document in ["ARCHITECTURE.md", "DECISIONS.md"] {
        let text = std::fs::read_to_string(workspace::root().join(document))?;
        let names = text.split('`').skip(1).step_by(2);
        let names: Vec<&str> = names.filter(|name| looks_like_a_path(name)).collect();
        assert!(names.len() > 10, "{document} names {names:?}");
        for name in names {
            assert!(
                workspace::root().join(name).exists(),
                "{document} names {name}"
            );
        }
    }
    Ok(())
}

/// The map names modules without their root and ending: `store/fate` is `collector/src/store/fate.rs`.
#[test]
fn the_map_names_only_modules_that_exist() -> Result<()> {
    let text = std::fs::read_to_string(workspace::root().join("ARCHITECTURE.md"))?;
    let names = text.split('`').skip(1).step_by(2);
    let is_module = |name: &&str| {
        let mut steps = name.trim_end_matches('/').split('/');
        let is_word = |step: &str| {
            !step.is_empty() && step.bytes().all(|c| c == b'_' || c.is_ascii_lowercase())
        };
        name.trim_end_matches('/').contains('/') && steps.all(is_word) && !top_level(name)
    };
    let names: Vec<&str> = names.filter(is_module).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let files = ["collector/src", "core/src"].map(|root| {
            let file = format!("{root}/{}.rs", name.trim_end_matches('/'));
            workspace::root().join(file)
        });
        let exists = files
            .iter()
            .any(|file| file.exists() || file.with_extension("").is_dir());
        assert!(exists, "ARCHITECTURE.md names {name}");
    }
    Ok(())
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() -> Result<()> {
    let homes = [
        concat!("/ho", "me/"),
        concat!("/Use", "rs/"),
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
    ];
    for path in files(workspace::root())? {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let found = homes.iter().find(|home| text.contains(**home));
        assert_eq!(found, None, "{}", path.display());
    }
    Ok(())
}

/// A table whose header is not its first row, or that has none, is no table when it is rendered.
#[test]
fn every_table_of_a_document_is_one_when_rendered() -> Result<()> {
    let mut tables = 0;
    for path in files(workspace::root())? {
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        for table in tables_of(&text) {
            let shown = format!("{}: {}", path.display(), table[0]);
            let widths: Vec<usize> = table.iter().map(|row| cells(row)).collect();
            assert!(table.len() > 2, "{shown}: has no rows");
            assert!(
                is_separator(table[1]),
                "{shown}: has no line below its header"
            );
            assert!(
                !table[2..].iter().any(|row| is_separator(row)),
                "{shown}: has two headers"
            );
            for (row, width) in table.iter().zip(&widths) {
                assert_eq!(*width, widths[0], "{shown}: cells of {row}");
            }
            tables += 1;
        }
    }
    assert!(tables > 20, "{tables} tables found");
    Ok(())
}

/// What only one file of a crate may do, or one for each of two things, so that the rules about it can be seen to hold.
#[test]
fn dangerous_things_have_one_place() -> Result<()> {
    const PLACES: [(&str, &str, &[&str]); 6] = [
        ("plugin/src", "unsafe {", &["host.rs", "memory.rs"]),
        ("plugin/src", "hostcalls::", &["root.rs"]),
        ("plugin/src", "RefCell", &["shared.rs"]),
        ("core/src", "std::time", &[]),
        ("core/src", "RefCell", &[]),
        ("core/src", "thread_local!", &[]),
    ];
    for (folder, word, places) in PLACES {
        for path in files(&workspace::root().join(folder))? {
            let text = std::fs::read_to_string(&path)?;
            let code = text.lines().filter(|line| !is_blank_or_comment(line));
            let found = code.filter(|line| line.contains(word)).count() > 0;
            let allowed = places.iter().any(|place| path.ends_with(place));
            assert!(!found || allowed, "{word} in {}", path.display());
        }
    }
    Ok(())
}

/// The tables outside of code blocks, each as its lines.
fn tables_of(text: &str) -> Vec<Vec<&str>> {
    let mut tables: Vec<Vec<&str>> = Vec::new();
    let (mut is_code, mut is_table) = (false, false);
    for line in text.lines().map(str::trim) {
        is_code ^= line.starts_with("```");
        let is_row = !is_code && line.starts_with('|');
        match (is_row, is_table, tables.last_mut()) {
            (true, true, Some(table)) => table.push(line),
            (true, ..) => tables.push(vec![line]),
            _ => {}
        }
        is_table = is_row;
    }
    tables
}

/// How many cells a row has. A bar within one is escaped, even within code.
fn cells(row: &str) -> usize {
    let row = row.replace("\\|", "");
    row.trim_matches('|').split('|').count()
}

fn is_separator(row: &str) -> bool {
    let mut dashes = row.trim_matches('|').split('|');
    dashes.all(|cell| {
        let cell = cell.trim().trim_matches(':');
        !cell.is_empty() && cell.bytes().all(|byte| byte == b'-')
    })
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with("//")
}

/// Paths of this repository in prose: with a slash, without blanks, placeholders or a scheme, and
/// not beginning with one, as HTTP paths do.
fn looks_like_a_path(text: &str) -> bool {
    text.contains('/')
        && !text.starts_with('/')
        && !text.contains("//")
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        && top_level(text)
}

/// Media types and the like have slashes too; a path begins with something that is here.
fn top_level(text: &str) -> bool {
    const FOLDERS: [&str; 9] = [
        "bench",
        "core",
        "plugin",
        "collector",
        "host-test",
        "tests",
        "examples",
        "envoy",
        ".cargo",
    ];
    text.split('/')
        .next()
        .is_some_and(|first| FOLDERS.contains(&first))
}

fn rust_files() -> Result<Vec<(PathBuf, String)>> {
    let paths = files(workspace::root())?.into_iter();
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths
        .map(|path| Ok((path.clone(), std::fs::read_to_string(path)?)))
        .collect()
}

/// Every file of the project, without what was built, what git ignores and what git keeps.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let built = workspace::target()?;
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .filter_entry(move |entry| entry.path() != built && entry.file_name() != ".git")
        .build();
    let mut found = Vec::new();
    for entry in walk {
        let path = entry?.into_path();
        if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}
