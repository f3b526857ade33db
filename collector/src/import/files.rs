//! Which files a path names: a file, those of a folder, or those of a pattern; and which of them are
//! one log that was rotated.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::limits;

/// The files that a path names. A folder is all files in it and in its folders.
pub(super) fn named(path: &Path) -> io::Result<Vec<PathBuf>> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            entries(path)?;
            below(path)
        }
        Ok(_) => return Ok(vec![path.to_owned()]),
        Err(error) => match has_wildcard(path) {
            true => matching(path),
            false => return Err(error),
        },
    };
    match found.is_empty() {
        true => Err(io::Error::new(ErrorKind::NotFound, "it contains no files")),
        false => Ok(found),
    }
}

/// The regular files below a folder, each once, however many links lead to it; and what cannot be looked
/// into, so that it is told when it is read.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut folders = vec![(folder.to_owned(), limits::LOG_FOLDERS_DEPTH_MAX)];
    while let Some((folder, depth_left)) = folders.pop() {
        let entries = match entries(&folder) {
            Ok(entries) => entries,
            Err(error) if is_nothing(&error) => continue,
            Err(_) => {
                found.push(folder);
                continue;
            }
        };
        for path in entries {
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if is_nothing(&error) => continue,
                Err(_) => {
                    found.push(path);
                    continue;
                }
            };
            let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if !seen.insert(real) {
                continue;
            }
            match (metadata.is_dir(), depth_left.checked_sub(1)) {
                (true, Some(depth_left)) => folders.push((path, depth_left)),
                // As a file it is what cannot be read.
                (true, None) => found.push(path),
                (false, _) if metadata.is_file() => found.push(path),
                (false, _) => {}
            }
        }
    }
    found.sort();
    found
}

/// Whether there is nothing: what goes away meanwhile was rotated, and what leads nowhere is no log.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn has_wildcard(path: &Path) -> bool {
    path.to_string_lossy().contains(WILDCARDS)
}

/// The files that a pattern names, whose `*` and `?` stand for characters within one name, as a shell
/// has them. What it names may be folders.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut paths = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            paths.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let name = name.to_string_lossy();
        let mut next = Vec::new();
        for path in paths {
            if !name.contains(WILDCARDS) {
                next.push(path.join(&*name));
                continue;
            }
            let folder = match path.as_os_str().is_empty() {
                true => Path::new("."),
                false => path.as_path(),
            };
            let entries = match entries(folder) {
                Ok(entries) => entries,
                Err(error) if is_nothing(&error) => continue,
                Err(_) => {
                    found.push(path);
                    continue;
                }
            };
            for entry in entries {
                let Some(own) = entry
                    .file_name()
                    .map(|own| own.to_string_lossy().into_owned())
                else {
                    continue;
                };
                let is_hidden = own.starts_with('.') && !name.starts_with('.');
                if !is_hidden && fits(name.as_bytes(), own.as_bytes()) {
                    next.push(path.join(own));
                }
            }
        }
        paths = next;
    }
    for path in paths {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => found.extend(below(&path)),
            Err(error) if is_nothing(&error) => {}
            Ok(_) | Err(_) => found.push(path),
        }
    }
    found
}

/// Whether a name is of a pattern.
fn fits(mut pattern: &[u8], mut name: &[u8]) -> bool {
    // Where the last star stood, and what it has taken so far.
    let mut last: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                last = Some((rest, name));
                pattern = rest;
            }
            (Some((one, rest)), Some((own, after))) if one == own || *one == b'?' => {
                (pattern, name) = (rest, after);
            }
            (None, None) => return true,
            _ => {
                let Some((rest, (_, after))) =
                    last.and_then(|(rest, from)| Some((rest, from.split_first()?)))
                else {
                    return false;
                };
                last = Some((rest, after));
                (pattern, name) = (rest, after);
            }
        }
    }
}

const WILDCARDS: [char; 2] = ['*', '?'];

/// The log that a file is of, and its place among the files of it, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rotation {
    pub(super) log: PathBuf,
    age: Age,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// `0.log.20261129-030000`, `envoy.log-20261129`: the end of the name says when.
    Dated(String),
    /// `envoy.log.2`: the higher the older.
    Numbered(Reverse<u64>),
    Newest,
}

impl Rotation {
    pub(super) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let (base, age) = Self::age(plain).unwrap_or((plain, Age::Newest));
        let log = path.with_file_name(base);
        let log = match log
            .parent()
            .and_then(|folder| fs::canonicalize(folder).ok())
        {
            Some(folder) => folder.join(base),
            None => log,
        };
        Self { log, age }
    }

    fn age(name: &str) -> Option<(&str, Age)> {
        let is_date = |text: &str| {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            digits >= 8
                && text
                    .bytes()
                    .all(|c| c.is_ascii_digit() || matches!(c, b'-' | b'T' | b'_'))
        };
        if let Some((base, end)) = name.rsplit_once('.').filter(|(base, _)| !base.is_empty()) {
            if is_date(end) {
                return Some((base, Age::Dated(end.to_owned())));
            }
            if let (true, Ok(number)) = (end.bytes().all(|c| c.is_ascii_digit()), end.parse()) {
                return Some((base, Age::Numbered(Reverse(number))));
            }
        }
        name.match_indices("-2").find_map(|(at, _)| {
            let (base, end) = name.split_at(at);
            let end = end.strip_prefix('-').filter(|end| is_date(end))?;
            (!base.is_empty()).then(|| (base, Age::Dated(end.to_owned())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_what_a_shell_would_name() {
        let fits = |pattern: &str, name: &str| fits(pattern.as_bytes(), name.as_bytes());
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("a*", "a"),
            ("*.log*", "0.log.1.gz"),
            ("a?c", "abc"),
            ("*a*b", "xaxbxab"),
            ("gw-*_envoy", "gw-1_x_envoy"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "a"),
            ("a", ""),
            ("?", ""),
            ("*.log", "0.log.1"),
            ("a*b", "ac"),
            ("*ab", "aba"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        let hostile = "*a".repeat(200) + "b";
        assert!(!fits(&hostile, &"a".repeat(2000)));
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_looked_into_is_among_the_files() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let (pod, circle) = (folder.join("pod"), folder.join("circle"));
        fs::create_dir_all(&pod).unwrap();
        let log = pod.join("0.log");
        fs::write(&log, "").unwrap();
        // Nobody can follow this link, not even an administrator, whom no permission holds.
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        std::os::unix::fs::symlink(folder.join("gone"), pod.join("gone.log")).unwrap();
        for (path, found) in [
            ("", vec![&circle, &log]),
            ("*", vec![&circle, &log]),
            ("*/*.log", vec![&circle, &log]),
            ("*/0.log", vec![&circle.join("0.log"), &log]),
        ] {
            let mut named = named(&folder.join(path)).unwrap();
            named.sort();
            assert_eq!(named.iter().collect::<Vec<_>>(), found, "{path}");
        }
        let deep = (0..limits::LOG_FOLDERS_DEPTH_MAX).fold(pod, |path, _| path.join("d"));
        fs::create_dir_all(deep.join("deeper")).unwrap();
        assert!(named(folder).unwrap().contains(&deep));
    }

    #[test]
    fn files_of_one_log_stand_from_the_oldest_to_the_newest() {
        for sorted in [
            vec![
                "/x/0.log.20261128-235959.gz",
                "/x/0.log.20261129-030000",
                "/x/0.log",
            ],
            vec![
                "/x/id-json.log.10.gz",
                "/x/id-json.log.2.gz",
                "/x/id-json.log.1",
                "/x/id-json.log",
            ],
            vec![
                "/x/envoy.log-20261128",
                "/x/envoy.log-20261129.gz",
                "/x/envoy.log",
            ],
        ] {
            let all: Vec<Rotation> = sorted
                .iter()
                .map(|path| Rotation::of(Path::new(path)))
                .collect();
            assert!(all.is_sorted(), "{all:?}");
            assert!(all.iter().all(|one| one.log == all[0].log), "{all:?}");
        }
        let other = |path: &str| Rotation::of(Path::new(path)).log;
        assert_ne!(other("/x/0.log"), other("/x/1.log"));
        assert_ne!(other("/x/a/0.log"), other("/x/b/0.log"));
        assert_eq!(other("/x/gw-7f9c"), Path::new("/x/gw-7f9c"));
    }
}
