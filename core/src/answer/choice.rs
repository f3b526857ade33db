//! One choice of an answer: its text, its refusal and its reasoning, as they come in pieces.

use std::sync::Arc;

use crate::credentials::{CleanDigest, Secrets};
use crate::digest::HashForm;

/// One choice as far as it has been read.
#[derive(Debug)]
pub struct Choice {
    /// The provider's number.
    pub index: u64,
    /// The text.
    pub content: Gathered,
    /// The refusal in place of a text.
    pub refusal: Gathered,
    /// The reasoning before the text, up to the limit.
    pub reasoning: String,
    /// Why the choice ended.
    pub finish_reason: Option<String>,
    reasoning_bytes: u64,
}

/// Which text of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The text.
    Content,
    /// The refusal in place of a text.
    Refusal,
    /// The reasoning before the text.
    Reasoning,
}

/// A text that came in pieces: its beginning, and a hash of all of it.
#[derive(Debug)]
pub struct Gathered {
    /// The beginning, up to the limit, with whatever credentials are in it.
    pub text: String,
    /// The size of all of it.
    pub bytes: u64,
    digest: CleanDigest,
}

impl Choice {
    pub(super) fn new(index: u64, hash: &HashForm, secrets: &Arc<Secrets>) -> Self {
        Self {
            index,
            content: Gathered::new(hash, secrets),
            refusal: Gathered::new(hash, secrets),
            reasoning: String::new(),
            finish_reason: None,
            reasoning_bytes: 0,
        }
    }

    /// What the choice says: its text, or else its refusal.
    pub fn said(&self) -> &Gathered {
        if self.content.is_empty() {
            &self.refusal
        } else {
            &self.content
        }
    }

    /// What is kept of a part, and the size of all of it.
    pub(super) fn part(&self, part: Part) -> (&str, u64) {
        match part {
            Part::Content => (&self.content.text, self.content.bytes),
            Part::Refusal => (&self.refusal.text, self.refusal.bytes),
            Part::Reasoning => (&self.reasoning, self.reasoning_bytes),
        }
    }

    /// Takes a piece of a part, of which the limit leaves `kept`.
    pub(super) fn append(&mut self, part: Part, kept: &str, piece: &str) {
        match part {
            Part::Content => self.content.append(kept, piece),
            Part::Refusal => self.refusal.append(kept, piece),
            Part::Reasoning => {
                self.reasoning.push_str(kept);
                self.reasoning_bytes = self.reasoning_bytes.saturating_add(size(piece));
            }
        }
    }
}

impl Gathered {
    pub(super) fn new(hash: &HashForm, secrets: &Arc<Secrets>) -> Self {
        Self {
            text: String::new(),
            bytes: 0,
            digest: CleanDigest::new(hash, secrets),
        }
    }

    /// Whether nothing has come, not even what the limit cut.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub(super) fn append(&mut self, kept: &str, piece: &str) {
        self.text.push_str(kept);
        self.bytes = self.bytes.saturating_add(size(piece));
        self.digest.update(piece);
    }

    /// Hash of all pieces, kept or not, without credentials; and whether there were any.
    pub fn hash(&self) -> (String, bool) {
        self.digest.finish()
    }
}

fn size(piece: &str) -> u64 {
    u64::try_from(piece.len()).unwrap_or(u64::MAX)
}
