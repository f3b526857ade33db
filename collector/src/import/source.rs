//! Where a log is read from: a file or standard input, compressed or not.

use std::cell::Cell;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use crate::import::files::{self, Rotation};
use crate::import::text;

/// A log to import from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file or whatever can be opened by a path.
    File(Rc<PathBuf>),
    /// What is piped in.
    StandardInput,
}

impl Source {
    /// A path, or `-` for standard input. It has to exist, so that a mistyped name is told before
    /// anything is sent. A folder is all files below it, and a name with `*` or `?` those that it fits.
    ///
    /// # Errors
    /// There is no such file.
    pub fn parse(path: PathBuf) -> Result<Vec<Self>, SourceError> {
        if path.as_os_str() == "-" {
            return Ok(vec![Self::StandardInput]);
        }
        match files::named(&path) {
            Ok(files) => Ok(files.into_iter().map(Self::file).collect()),
            Err(source) => Err(SourceError { path, source }),
        }
    }

    fn file(path: PathBuf) -> Self {
        Self::File(Rc::new(path))
    }

    /// The log's text. Whether it is compressed is told by its first bytes, because a pipe has no
    /// name, and a name can be wrong; so is what it is written in.
    pub(super) fn open(&self, meter: &Meter) -> io::Result<Box<dyn BufRead>> {
        let input: Box<dyn Read> = match self {
            Self::File(path) => Box::new(File::open(path.as_path())?),
            Self::StandardInput => Box::new(io::stdin().lock()),
        };
        let input = Metered {
            input,
            meter: meter.clone(),
        };
        let (begin, input) = text::peek(BufReader::with_capacity(BUFFER_BYTES, input))?;
        let mut others = OTHERS.into_iter();
        if let Some((_, program)) = others.find(|(magic, _)| begin.starts_with(magic)) {
            let hint = format!("it is compressed: run `{program} FILE | audit-layer import -`");
            return Err(io::Error::new(io::ErrorKind::InvalidData, hint));
        }
        match begin.starts_with(&GZIP) {
            // Of many members, because logs are compressed piece by piece and appended.
            true => {
                let plain = MultiGzDecoder::new(input);
                text::in_utf_8(BufReader::with_capacity(BUFFER_BYTES, plain))
            }
            false => text::in_utf_8(input),
        }
    }

    fn bytes(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                let metadata = fs::metadata(path.as_path()).ok()?;
                metadata.is_file().then_some(metadata.len())
            }
            Self::StandardInput => None,
        }
    }
}

/// The size of all sources, if each has one.
pub(super) fn bytes_of(sources: &[Source]) -> Option<u64> {
    sources.iter().map(Source::bytes).sum()
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::StandardInput => f.write_str("standard input"),
        }
    }
}

/// The file is not there or not to be seen.
#[derive(Debug, Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct SourceError {
    path: PathBuf,
    source: io::Error,
}

/// The name of a log, if it has one, and its files.
type Log = (Option<PathBuf>, Vec<(Rotation, Source)>);

/// The logs that these are, each with its files from the oldest to the newest: a line may begin in one
/// and end in the next.
pub(super) fn logs_of(sources: &[Source]) -> Vec<Vec<Source>> {
    let mut logs: Vec<Log> = Vec::new();
    for source in sources {
        let path = match source {
            Source::File(path) => path.as_path(),
            Source::StandardInput => Path::new(""),
        };
        let rotation = Rotation::of(path);
        let log = matches!(source, Source::File(_)).then(|| rotation.log.clone());
        let known = logs
            .iter_mut()
            .find(|(own, _)| own.is_some() && *own == log);
        let one = (rotation, source.clone());
        match known {
            Some((_, files)) => files.push(one),
            None => logs.push((log, vec![one])),
        }
    }
    let logs = logs.into_iter().map(|(_, mut files)| {
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        files.into_iter().map(|(_, source)| source).collect()
    });
    logs.collect()
}

/// Counts the bytes that were read from all sources.
#[derive(Debug, Default, Clone)]
pub(super) struct Meter(Rc<Cell<u64>>);

impl Meter {
    pub(super) fn bytes(&self) -> u64 {
        self.0.get()
    }
}

struct Metered<R> {
    input: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read(buffer)?;
        let Meter(total) = &self.meter;
        total.set(
            total
                .get()
                .saturating_add(u64::try_from(bytes).unwrap_or(0)),
        );
        Ok(bytes)
    }
}

/// What a gzip member begins with (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Other ways to compress logs, and what undoes them: lines would be looked for in them in vain.
const OTHERS: [(&[u8], &str); 6] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstdcat"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xzcat"),
    (b"BZh", "bzcat"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4cat"),
    (&[0x1f, 0x9d], "zcat"),
    (b"PK\x03\x04", "unzip -p"),
];

const BUFFER_BYTES: usize = 64 * 1024;
