//! A JSON text that comes in pieces, kept up to a limit; where it does not fit, without its long
//! strings.

use std::borrow::Cow;
use std::mem;

use super::escape;
use super::stub::{self, MARK, Stub, substituted};
use super::text::{kept_text, text};
use super::unicode;
use crate::find;
use crate::limits::{LONG_STRING_BYTES, LONG_STRING_KEPT_BYTES};
use crate::media;

/// Keeps a text up to a limit.
///
/// If the text is longer, its strings are looked at, from the first one on. One that is longer than
/// [`LONG_STRING_BYTES`] and base64 is hashed on its way, and only its beginning is kept. Another
/// one may take half of the room that is left, so that what stands behind it is kept as well. What
/// is kept does not depend on the pieces. A text that is no JSON, or not UTF-8, is cut.
#[derive(Debug)]
pub struct Kept {
    out: Out,
    limit: usize,
    /// Once more came than fits.
    filter: Option<Box<Filter>>,
    is_cut: bool,
}

impl Kept {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            out: Out::default(),
            limit,
            filter: None,
            is_cut: false,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, piece: &[u8]) {
        if self.is_cut || piece.is_empty() {
            return;
        }
        if self.filter.is_none() {
            let room = self.limit.saturating_sub(self.out.len);
            if piece.len() <= room {
                self.is_cut = !self.out.write(piece);
                return;
            }
            if !begins_json(self.bytes(), piece) {
                self.out.write(piece.get(..room).unwrap_or(piece));
                self.is_cut = true;
                return;
            }
            self.begin();
        }
        self.filter(piece);
    }

    /// What was kept. Strings of which only a beginning was kept have a stub behind it.
    pub fn bytes(&self) -> &[u8] {
        self.out.from(0)
    }

    /// What was kept as text: mended, and closed where its end is missing.
    ///
    /// The second value says whether something that is not Unicode was replaced.
    pub fn text(&self, whole: bool) -> (Cow<'_, str>, bool) {
        match self.filter {
            Some(_) => kept_text(self.bytes(), whole && !self.is_cut),
            None => text(self.bytes(), whole && !self.is_cut),
        }
    }

    /// Whether so many more bytes would be kept as they are.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        bytes <= self.limit.saturating_sub(self.out.len)
    }

    /// Whether these are all bytes that came, as they came.
    pub fn is_as_sent(&self) -> bool {
        self.filter.is_none() && !self.is_cut
    }

    /// Whether something was lost other than the rest of long strings.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether there are strings of which only a beginning was kept.
    pub fn has_stubs(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.has_stubs)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.out.bytes.capacity()
    }

    /// Begins anew, with the memory that there is.
    pub fn clear(&mut self) {
        self.out.bytes.clear();
        self.out.len = 0;
        (self.filter, self.is_cut) = (None, false);
    }

    /// Looks at what was kept so far. It becomes no longer, so that it can stay where it is.
    fn begin(&mut self) {
        self.filter = Some(Box::new(Filter::new(self.limit)));
        let end = mem::take(&mut self.out.len);
        let mut block = [0; 4 << 10];
        let mut at = 0;
        while at < end {
            let size = block.len().min(end.saturating_sub(at));
            let from = self.out.bytes.get(at..).and_then(|rest| rest.get(..size));
            if let Some((from, to)) = from.zip(block.get_mut(..size)) {
                to.copy_from_slice(from);
            }
            self.filter(block.get(..size).unwrap_or_default());
            at = at.saturating_add(size);
        }
        self.out.bytes.truncate(self.out.len);
    }

    fn filter(&mut self, piece: &[u8]) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        let marked = find::any([MARK], piece).map(|_| substituted(piece));
        let piece = marked.as_deref().unwrap_or(piece);
        self.is_cut |= !filter.push(piece, &mut self.out);
    }
}

/// Whether a text of which these two pieces are the beginning may be JSON in UTF-8.
fn begins_json(kept: &[u8], piece: &[u8]) -> bool {
    let mut first = kept.iter().chain(piece).copied();
    let head: Vec<u8> = first.by_ref().take(4).collect();
    let text = head.into_iter().chain(first);
    let mut text =
        text.skip_while(|byte| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte));
    let head: Vec<u8> = kept.iter().chain(piece).copied().take(4).collect();
    !unicode::is_wide(&head) && matches!(text.next(), Some(b'{' | b'[' | b'/'))
}

/// What is kept. While it is looked at, what follows `len` is still to be looked at.
#[derive(Debug, Default)]
struct Out {
    bytes: Vec<u8>,
    len: usize,
}

impl Out {
    /// Whether there was memory for it: a host that refuses memory must cost content, never the
    /// traffic.
    fn write(&mut self, piece: &[u8]) -> bool {
        let end = self.len.saturating_add(piece.len());
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(piece);
        } else {
            self.bytes.truncate(self.len);
            if self.bytes.try_reserve(piece.len()).is_err() {
                return false;
            }
            self.bytes.extend_from_slice(piece);
        }
        self.len = end;
        true
    }

    fn from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.len).unwrap_or_default()
    }
}

/// Finds the strings in a text.
#[derive(Debug)]
struct Filter {
    limit: usize,
    place: Place,
    /// The string in which the next byte stands, if it does.
    text: Text,
    has_stubs: bool,
    is_full: bool,
}

/// Where in the text the next byte stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Between strings.
    Between,
    /// There, behind a slash.
    Slash,
    /// In a comment that ends with its line.
    Line,
    /// In another comment.
    Comment,
    /// In such a comment, behind a star.
    Star,
    /// In a string.
    Text,
}

impl Filter {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            place: Place::Between,
            text: Text::new(0, 0, limit),
            has_stubs: false,
            is_full: false,
        }
    }

    /// Takes the next bytes; false once there is no room for any more.
    fn push(&mut self, piece: &[u8], out: &mut Out) -> bool {
        let mut rest = piece;
        while !rest.is_empty() && !self.is_full {
            let (end, next) = match self.place {
                Place::Text => {
                    rest = self.string(rest, out);
                    continue;
                }
                Place::Between => to(find::any([b'"', b'\'', b'/'], rest), rest, Place::Between),
                Place::Slash => match rest.first() {
                    Some(b'/') => (1, Place::Line),
                    Some(b'*') => (1, Place::Comment),
                    _ => (0, Place::Between),
                },
                Place::Line => to(find::any([b'\n', b'\r'], rest), rest, Place::Line),
                Place::Comment => to(find::any([b'*'], rest), rest, Place::Comment),
                Place::Star => match rest.first() {
                    Some(b'/') => (1, Place::Between),
                    Some(b'*') => (1, Place::Star),
                    _ => (0, Place::Comment),
                },
            };
            let (piece, after) = rest.split_at(end.min(rest.len()));
            self.write(piece, out);
            rest = after;
            self.place = match (next, piece.last()) {
                (Place::Between, Some(quote @ (b'"' | b'\''))) => {
                    self.text = Text::new(*quote, out.len, self.limit);
                    Place::Text
                }
                (next, _) => next,
            };
        }
        !self.is_full
    }

    /// Takes what came of a string up to a backslash, what stands behind that, or the end.
    fn string<'a>(&mut self, rest: &'a [u8], out: &mut Out) -> &'a [u8] {
        let text = &mut self.text;
        let (end, is_end) = if mem::take(&mut text.after_backslash) {
            (1, false)
        } else {
            match find::any([text.quote, b'\\'], rest) {
                Some(at) => {
                    let is_end = rest.get(at) == Some(&text.quote);
                    text.after_backslash = !is_end;
                    (at.saturating_add(usize::from(!is_end)), is_end)
                }
                None => (rest.len(), false),
            }
        };
        let (piece, after) = rest.split_at(end.min(rest.len()));
        self.keep(piece, out);
        if !is_end {
            return after;
        }
        self.place = Place::Between;
        let (quote, after) = after.split_at(after.len().min(1));
        let size = self.text.size;
        let rest = self.text.rest.take();
        let stub = rest.map(|rest| rest.stub(size)).unwrap_or_default();
        self.has_stubs |= !stub.is_empty();
        // Half a stub could not be read.
        self.write(&[stub.as_bytes(), quote].concat(), out);
        after
    }

    /// Keeps what came of a string, as far as may be.
    fn keep(&mut self, piece: &[u8], out: &mut Out) {
        let mut piece = piece;
        while !piece.is_empty() && !self.is_full {
            let text = &mut self.text;
            if let Some(rest) = &mut text.rest {
                text.size = text.size.saturating_add(piece.len());
                rest.push(piece);
                return;
            }
            let room = text.next_stop(self.limit).saturating_sub(text.size);
            if room == 0 {
                text.stop(out);
                continue;
            }
            let (kept, after) = piece.split_at(room.min(piece.len()));
            text.size = text.size.saturating_add(kept.len());
            self.write(kept, out);
            piece = after;
        }
    }

    fn write(&mut self, piece: &[u8], out: &mut Out) {
        let room = self.limit.saturating_sub(out.len);
        let is_stub = piece.first() == Some(&MARK);
        let fits = piece.get(..room).unwrap_or(piece);
        let fits = if is_stub && fits.len() < piece.len() {
            &[]
        } else {
            fits
        };
        let is_written = out.write(fits);
        self.is_full |= !is_written || fits.len() < piece.len();
    }
}

/// A string as far as it came.
#[derive(Debug)]
struct Text {
    quote: u8,
    /// Where it begins in what is kept.
    start: usize,
    /// How much of it came, escapes as they are written.
    size: usize,
    /// How much of it may be kept, with its stub.
    size_max: usize,
    /// Once it was found to be no base64.
    is_words: bool,
    after_backslash: bool,
    /// Once no more of it is kept.
    rest: Option<Box<Rest>>,
}

/// Bytes of a stub: numbers, a hash and a type.
const STUB_BYTES_MAX: usize = 256;

/// Bytes that are left to what is no long string, and the size of long strings, where the limit is
/// small.
fn share(limit: usize, bytes: usize) -> usize {
    bytes.min(limit >> 3)
}

impl Text {
    fn new(quote: u8, start: usize, limit: usize) -> Self {
        let room = limit.saturating_sub(start);
        let half = room.saturating_sub(share(limit, LONG_STRING_BYTES)) >> 1;
        Self {
            quote,
            start,
            size: 0,
            size_max: half.max(STUB_BYTES_MAX << 1),
            is_words: false,
            after_backslash: false,
            rest: None,
        }
    }

    /// The size at which it is to be decided whether more is kept.
    fn next_stop(&self, limit: usize) -> usize {
        if self.is_words {
            return self.size_max;
        }
        let long = share(limit, LONG_STRING_BYTES).max(STUB_BYTES_MAX << 1);
        long.min(self.size_max)
    }

    /// Decides whether more is kept, now that there is more.
    fn stop(&mut self, out: &mut Out) {
        let inside = out.from(self.start);
        let mut rest = Rest::default();
        rest.push(inside);
        let is_base64 = !self.is_words && rest.media.is_base64();
        self.is_words = true;
        if !is_base64 && self.size < self.size_max {
            return;
        }
        let kept = self.size.saturating_sub(STUB_BYTES_MAX);
        let kept = if is_base64 {
            kept.min(LONG_STRING_KEPT_BYTES)
        } else {
            kept
        };
        out.len = self
            .start
            .saturating_add(escape::whole_within(inside, kept));
        self.rest = Some(Box::new(rest));
    }
}

/// A string of which no more is kept.
#[derive(Debug, Default)]
struct Rest {
    media: media::Reader,
    /// The beginning of an escape.
    escape: Vec<u8>,
}

impl Rest {
    fn push(&mut self, piece: &[u8]) {
        let media = &mut self.media;
        if self.escape.is_empty() {
            self.escape = escape::decode(piece, false, |text| media.push(text)).to_vec();
        } else {
            self.escape.extend_from_slice(piece);
            let piece = mem::take(&mut self.escape);
            self.escape = escape::decode(&piece, false, |text| media.push(text)).to_vec();
        }
    }

    fn stub(mut self, written: usize) -> String {
        let media = &mut self.media;
        escape::decode(&self.escape, true, |text| media.push(text));
        stub::write(&Stub {
            is_file: false,
            media: self.media.finish(),
            written: u64::try_from(written).unwrap_or(u64::MAX),
        })
    }
}

/// Up to and with what was found, and in which place that is; all of it, and in the same place, if
/// nothing was.
fn to(found: Option<usize>, rest: &[u8], same: Place) -> (usize, Place) {
    let Some(at) = found else {
        return (rest.len(), same);
    };
    let place = match rest.get(at) {
        Some(b'/') => Place::Slash,
        Some(b'*') => Place::Star,
        _ => Place::Between,
    };
    (at.saturating_add(1), place)
}
