//! Forms on their way: files are hashed as they come, and only their hashes are kept.
//!
//! Sound and images are larger than any body that is read, and may stand before the texts.

use std::mem;

use memchr::memmem;

use super::{is_file, split_head};
use crate::digest::{Digest, HashForm};
use crate::find;
use crate::limits::{FORM_BOUNDARY_BYTES_MAX, FORM_HEAD_BYTES_MAX};

/// Passes a body on, and in a form the hash of each file in its place.
///
/// Holds at most the headers of one part, and otherwise no more than a delimiter.
#[derive(Debug, Default)]
pub struct Filter {
    state: State,
    /// What came and is not decided.
    held: Vec<u8>,
    /// The line feed, the hyphens and the boundary before each part.
    delimiter: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    /// In the first line, which may be a boundary.
    #[default]
    First,
    /// No form: all of it passes.
    Other,
    /// In the headers of a part, from the end of its delimiter.
    Head,
    /// In a text, which passes.
    Text,
    /// In a file, which is hashed.
    File(File),
}

impl Filter {
    /// Takes the next bytes and hands over what is to be kept of them.
    pub fn push(&mut self, chunk: &[u8], mut keep: impl FnMut(&[u8])) {
        // Nearly all bodies are JSON, and need not be held for it.
        let is_start = matches!(self.state, State::First) && self.held.is_empty();
        if is_start && chunk.first().is_some_and(|first| *first != b'-') {
            self.state = State::Other;
        }
        if matches!(self.state, State::Other) {
            keep(chunk);
            return;
        }
        self.held.extend_from_slice(chunk);
        let mut held = mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while let Some(after) = self.step(rest, &mut keep) {
            rest = after;
        }
        let taken = held.len().saturating_sub(rest.len());
        held.drain(..taken);
        self.held = held;
    }

    /// The body ended: hands over what is left. A file that no delimiter ended gets its hash only
    /// if the body is `whole`.
    pub fn finish(&mut self, whole: bool, mut keep: impl FnMut(&[u8])) {
        let held = mem::take(&mut self.held);
        match mem::take(&mut self.state) {
            State::File(file) if whole => file.keep(&held, &mut keep),
            State::File(_) => {}
            _ => keep(&held),
        }
        self.state = State::Other;
    }

    /// Takes the beginning of what came; `None` if more must come to tell what it is.
    fn step<'a>(&mut self, rest: &'a [u8], keep: &mut impl FnMut(&[u8])) -> Option<&'a [u8]> {
        match &mut self.state {
            State::First => self.step_first(rest, keep),
            State::Other if rest.is_empty() => None,
            State::Other => {
                keep(rest);
                rest.get(rest.len()..)
            }
            State::Head => self.step_head(rest, keep),
            State::Text | State::File(_) => self.step_content(rest, keep),
        }
    }

    fn step_first<'a>(&mut self, rest: &'a [u8], keep: &mut impl FnMut(&[u8])) -> Option<&'a [u8]> {
        // Two hyphens, the boundary and what may follow it in its line.
        const LINE_BYTES_MAX: usize = FORM_BOUNDARY_BYTES_MAX + 8;
        let hyphens = rest.get(..2).unwrap_or(rest);
        let end = find::any([b'\n'], rest);
        let may_be = b"--".starts_with(hyphens) && end.unwrap_or(rest.len()) <= LINE_BYTES_MAX;
        let Some(end) = end.filter(|_| may_be) else {
            if may_be {
                return None;
            }
            self.state = State::Other;
            return Some(rest);
        };
        let (line, after) = rest.split_at_checked(end)?;
        self.delimiter = [b"\n", line.trim_ascii_end()].concat();
        self.state = State::Head;
        keep(line);
        Some(after)
    }

    fn step_head<'a>(&mut self, rest: &'a [u8], keep: &mut impl FnMut(&[u8])) -> Option<&'a [u8]> {
        let window = rest.get(..FORM_HEAD_BYTES_MAX).unwrap_or(rest);
        let Some((headers, content)) = split_head(window) else {
            if rest.len() >= FORM_HEAD_BYTES_MAX {
                // Without its name nothing of the part is kept.
                keep(b"\n");
                self.state = State::File(File::default());
                return Some(rest);
            }
            return None;
        };
        let head = window.len().saturating_sub(content.len());
        let (head, content) = rest.split_at_checked(head)?;
        keep(head);
        self.state = if is_file(&String::from_utf8_lossy(headers)) {
            State::File(File::default())
        } else {
            State::Text
        };
        Some(content)
    }

    fn step_content<'a>(
        &mut self,
        rest: &'a [u8],
        keep: &mut impl FnMut(&[u8]),
    ) -> Option<&'a [u8]> {
        if let Some(end) = memmem::find(rest, &self.delimiter) {
            let (content, after) = rest.split_at_checked(end)?;
            let file = mem::replace(&mut self.state, State::Head);
            match file {
                State::File(file) => {
                    let without_return = content.strip_suffix(b"\r");
                    file.keep(without_return.unwrap_or(content), keep);
                    keep(without_return.map_or(b"", |_| b"\r"));
                }
                _ => keep(content),
            }
            let (delimiter, after) = after.split_at_checked(self.delimiter.len())?;
            keep(delimiter);
            return Some(after);
        }
        // A return and the beginning of a delimiter may stand at the end.
        let taken = rest
            .len()
            .saturating_sub(self.delimiter.len().saturating_add(1));
        let (content, after) = rest.split_at_checked(taken)?;
        match &mut self.state {
            State::File(file) => file.update(content),
            _ => keep(content),
        }
        (!content.is_empty()).then_some(after)
    }
}

/// A file as far as it came.
#[derive(Debug)]
struct File {
    bytes: u64,
    digest: Digest,
}

impl Default for File {
    fn default() -> Self {
        Self {
            bytes: 0,
            digest: HashForm::Sha256.start(),
        }
    }
}

impl File {
    fn update(&mut self, content: &[u8]) {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        self.digest.update(content);
    }

    /// Hands over what stands for the file: its size and its hash.
    fn keep(mut self, last: &[u8], keep: &mut impl FnMut(&[u8])) {
        self.update(last);
        keep(format!("{} {}", self.bytes, self.digest.finish()).as_bytes());
    }
}

/// What was handed over for a file.
pub(super) fn file(kept: &[u8]) -> Option<(u64, &str)> {
    let (bytes, hash) = str::from_utf8(kept).ok()?.split_once(' ')?;
    Some((bytes.parse().ok()?, hash))
}
