//! The body of a request while it is coming.

use std::collections::BTreeSet;

use super::charset::Charset;
use super::encoding::encoding;
use crate::body::Capture;
use crate::decode::{DecodeError, Decoder};
use crate::digest::{Digest, HashForm};
use crate::form;
use crate::headers::Headers;
use crate::note::Note;

/// A body that is coming: as it was sent for the hash, and decoded to be read.
#[derive(Debug)]
pub(super) struct Coming {
    pub(super) bytes: u64,
    /// Whether the headers say that there are some.
    pub(super) is_announced: bool,
    /// Of the bytes as sent; begun when they can no longer be hashed at the end.
    pub(super) digest: Option<Digest>,
    pub(super) decoder: Option<Decoder>,
    pub(super) filter: form::Filter,
    pub(super) body: Capture,
    /// That of the content-type.
    pub(super) charset: Charset,
    /// Whether there was no memory to read it: only its size and hash count.
    pub(super) is_forgone: bool,
}

impl Coming {
    /// A body of a request with these headers, of which at most `limit` bytes are kept.
    pub(super) fn new(headers: Headers<'_>, limit: usize) -> Self {
        let (encoding, decoder) = encoding(headers);
        Self {
            bytes: 0,
            is_announced: is_announced(headers),
            digest: encoding.is_some().then(|| HashForm::Sha256.start()),
            decoder,
            filter: form::Filter::default(),
            body: Capture::new(limit),
            charset: Charset::of(headers),
            is_forgone: false,
        }
    }

    pub(super) fn body(&mut self, chunk: &[u8], notes: &mut BTreeSet<Note>) {
        self.hash(chunk);
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        let decoded = decoder.decode(chunk, |piece| {
            self.filter.push(piece, |kept| self.body.push(kept));
        });
        let note = match decoded {
            Err(DecodeError::Unknown | DecodeError::Window) => {
                Some(Note::RequestEncodingUnsupported)
            }
            Err(_) => Some(Note::RequestEncodingBroken),
            Ok(()) => decoder.is_plain().then_some(Note::EncodingNotApplied),
        };
        notes.extend(note);
    }

    /// Lets go of what has come: only size and hash count from now on.
    pub(super) fn forgo(&mut self) {
        self.is_forgone = true;
        self.begin_digest();
        self.decoder = None;
        self.filter = form::Filter::default();
        self.body = Capture::new(0);
    }

    fn begin_digest(&mut self) {
        if self.digest.is_none() {
            let mut digest = HashForm::Sha256.start();
            digest.update(self.body.bytes());
            self.digest = Some(digest);
        }
    }

    /// While the body is kept whole it need not be hashed: most prompts have a hash of their own.
    fn hash(&mut self, chunk: &[u8]) {
        // What is kept of a form is not what was sent.
        let may_be_form = self.body.seen() == 0 && chunk.starts_with(b"-");
        let must_begin =
            may_be_form || self.body.is_as_sent() && !self.body.has_room_for(chunk.len());
        if must_begin {
            self.begin_digest();
        }
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
    }

    /// SHA-256 of the body as it was sent; unknown if the host refused the memory to keep it.
    pub(super) fn body_hash(&self) -> Option<String> {
        match &self.digest {
            Some(digest) => Some(digest.clone().finish()),
            None if self.body.is_as_sent() => Some(HashForm::Sha256.hash(self.body.bytes())),
            None => None,
        }
    }
}

/// Whether a request's headers say that its body is not empty.
pub(super) fn is_announced(headers: Headers<'_>) -> bool {
    let length = headers.str("content-length").unwrap_or_default();
    length.trim().parse().is_ok_and(|length: u64| length > 0)
}
