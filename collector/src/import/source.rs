//! Where a log is read from: a file or standard input, compressed or not.

use std::cell::Cell;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

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
    /// anything is sent.
    ///
    /// # Errors
    /// There is no such file, or it is a folder.
    pub fn parse(path: PathBuf) -> Result<Self, SourceError> {
        if path.as_os_str() == "-" {
            return Ok(Self::StandardInput);
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Err(SourceError::Folder { path }),
            Ok(_) => Ok(Self::File(Rc::new(path))),
            Err(source) => Err(SourceError::File { path, source }),
        }
    }

    /// The log's text. Whether it is compressed is told by its first bytes, because a pipe has no
    /// name, and a name can be wrong.
    pub(super) fn open(&self, meter: &Meter) -> io::Result<Box<dyn BufRead>> {
        let input: Box<dyn Read> = match self {
            Self::File(path) => Box::new(File::open(path.as_path())?),
            Self::StandardInput => Box::new(io::stdin().lock()),
        };
        let input = Metered {
            input,
            meter: meter.clone(),
        };
        let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
        Ok(match input.fill_buf()?.starts_with(&GZIP) {
            // Of many members, because logs are compressed piece by piece and appended.
            true => Box::new(BufReader::with_capacity(
                BUFFER_BYTES,
                MultiGzDecoder::new(input),
            )),
            false => Box::new(input),
        })
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

/// Why a log cannot be imported from.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The file is not there or not to be seen.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder has no lines.
    #[error("{} is a folder: name the files in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
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

const BUFFER_BYTES: usize = 64 * 1024;
