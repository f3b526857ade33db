//! The request's side of an exchange: its body until it ends, and what was read of it after that.

use std::collections::BTreeSet;

use super::{carried, encoding};
use crate::answer::cut;
use crate::api::{Api, Request};
use crate::body::Capture;
use crate::digest::{Digest, HashForm};
use crate::event::{ContentPolicy, Members};
use crate::headers::Headers;
use crate::json::{self, Json};
use crate::limits::{NAME_BYTES_MAX, PARAMETER_BYTES_MAX};
use crate::note::Note;
use crate::policy::{CapturePolicy, Policy};

/// The request as far as it has come.
#[derive(Debug)]
pub(super) enum RequestSide {
    /// Its body is coming.
    Coming {
        body: Capture,
        digest: Digest,
        encoded: bool,
    },
    /// It has ended.
    Read(Asked),
}

/// What was asked, as the event carries it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) bytes: u64,
    pub(super) body_hash: Option<String>,
    pub(super) model: String,
    pub(super) parameters: Members,
    pub(super) user: Option<String>,
    pub(super) prompt_content: String,
    pub(super) prompt_hash: String,
}

impl RequestSide {
    pub(super) fn new(headers: Headers<'_>, capture: &CapturePolicy) -> Self {
        Self::Coming {
            body: Capture::new(capture.limits.request_bytes),
            digest: HashForm::Sha256.start(),
            encoded: encoding(headers).is_some(),
        }
    }

    pub(super) fn body(&mut self, chunk: &[u8]) {
        if let Self::Coming { body, digest, .. } = self {
            body.push(chunk);
            digest.update(chunk);
        }
    }

    pub(super) fn end(&mut self, api: Api, policy: &Policy, notes: &mut BTreeSet<Note>) {
        if let Self::Coming {
            body,
            digest,
            encoded,
        } = self
        {
            let hash = digest.clone().finish();
            let asked = read(body, hash, *encoded, api, policy, notes);
            *self = Self::Read(asked);
        }
    }

    /// What was asked; an exchange may end before its request does.
    pub(super) fn finish(
        &mut self,
        api: Api,
        policy: &Policy,
        notes: &mut BTreeSet<Note>,
    ) -> Asked {
        if matches!(self, Self::Coming { .. }) {
            notes.insert(Note::RequestIncomplete);
            self.end(api, policy, notes);
        }
        match self {
            Self::Read(asked) => std::mem::take(asked),
            Self::Coming { .. } => Asked::default(),
        }
    }
}

fn read(
    body: &Capture,
    hash: String,
    encoded: bool,
    api: Api,
    policy: &Policy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    let asked = Asked {
        bytes: body.seen(),
        ..Asked::default()
    };
    if body.seen() == 0 {
        notes.insert(Note::RequestBodyEmpty);
        return asked;
    }
    let asked = Asked {
        body_hash: Some(hash),
        ..asked
    };
    if encoded {
        notes.insert(Note::RequestEncodingUnsupported);
        return asked;
    }
    if !body.is_whole() {
        notes.insert(Note::RequestBodyTruncated);
    }
    let whole = body.is_whole() && !notes.contains(&Note::RequestIncomplete);
    let (text, replaced) = json::text(body.bytes(), whole);
    if replaced {
        notes.insert(Note::InvalidUnicodeReplaced);
    }
    match api.read_request(&text) {
        Some(request) => take(asked, request, whole, &policy.capture, notes),
        None => {
            notes.insert(Note::RequestUnreadable);
            asked
        }
    }
}

fn take(
    asked: Asked,
    request: Request<'_>,
    whole: bool,
    capture: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    let prompt = request
        .prompt
        .map(|prompt| prompt.canonical(capture.prompt_format));
    if prompt.is_none() {
        notes.insert(Note::RequestUnreadable);
    }
    // Of a part of a prompt there is no hash of the prompt.
    let hashed = prompt.as_ref().filter(|_| whole);
    let prompt_hash = hashed
        .map(|text| capture.hash.hash(text.as_bytes()))
        .unwrap_or_default();
    let prompt = prompt.unwrap_or_default();
    if capture.content == ContentPolicy::Full && prompt.len() > capture.limits.content_bytes {
        notes.insert(Note::PromptContentTruncated);
    }
    Asked {
        model: cut(&request.model.unwrap_or_default(), NAME_BYTES_MAX).to_owned(),
        parameters: parameters(request.parameters, capture.content, notes),
        user: request
            .user
            .map(|user| cut(&user, NAME_BYTES_MAX).to_owned()),
        prompt_hash,
        prompt_content: carried(prompt, capture.content, capture.limits.content_bytes),
        ..asked
    }
}

fn parameters(
    given: Vec<(&'static str, Json<'_>)>,
    content: ContentPolicy,
    notes: &mut BTreeSet<Note>,
) -> Members {
    let mut kept = Vec::new();
    for (name, value) in given {
        if value.get().len() > PARAMETER_BYTES_MAX {
            notes.insert(Note::ParameterTooLarge);
        } else if content == ContentPolicy::Full || is_number_or_word(name, value) {
            kept.push((name.to_owned(), value.to_owned()));
        }
    }
    Members(kept)
}

/// Whether a parameter holds no free text: stop sequences and schemas do.
fn is_number_or_word(name: &str, value: Json<'_>) -> bool {
    !name.starts_with("stop") && !value.get().starts_with(['{', '['])
}
