//! The request's side of an exchange: its body until it ends, and what was read of it after that.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::charset::Charset;
use super::coming::Coming;
use super::other::is_other;
use super::settings;
use crate::api::{Format, Request};
use crate::body::Capture;
use crate::capture::CapturePolicy;
use crate::event::{Conversation, Members};
use crate::form;
use crate::headers::Headers;
use crate::identity::{self, Ids};
use crate::json::{self, Json, Odd, Oddities};
use crate::limits::{NAME_BYTES_MAX, PARAMETER_BYTES_MAX};
use crate::names::{cut, name_within};
use crate::note::Note;
use crate::policy::Policy;
use crate::prompt::conversation::conversation;
use crate::prompt::{Canonical, Kind, MessagePart, Prompt, Said};
use crate::wanted::{Found, in_document};

/// The request as far as it has come.
#[derive(Debug)]
pub(super) enum RequestSide {
    /// Its body is coming.
    Coming(Box<Coming>),
    /// Its body is no text; only its size counts.
    Unread {
        /// Bytes so far.
        bytes: u64,
    },
    /// It has ended.
    Read(Box<Asked>),
}

/// The notes of a body whose end is missing.
const CUT: [Note; 3] = [
    Note::RequestIncomplete,
    Note::RequestBodyTruncated,
    Note::RequestEncodingBroken,
];

/// What servers do not all read alike.
const ODD: [(Odd, Note); 5] = [
    (Odd::Dialect, Note::JsonDialect),
    (Odd::Duplicate, Note::MemberDuplicated),
    (Odd::Left, Note::PromptPartUnread),
    (Odd::OtherCase, Note::MemberCaseIgnored),
    (Odd::Trailing, Note::TrailingData),
];

/// What was asked, as the event carries it.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) bytes: u64,
    pub(super) has_prompt: bool,
    /// Whether all of the body was read, and is plainly no call of a model.
    pub(super) is_other: bool,
    pub(super) body_hash: Option<String>,
    pub(super) model: String,
    pub(super) parameters: Members,
    /// Who asks, as the body says.
    pub(super) ids: Ids,
    /// The members of the body that the configuration points at.
    pub(super) found: Found,
    pub(super) is_incremental: Option<bool>,
    pub(super) prompt_content: String,
    pub(super) prompt_hash: String,
    pub(super) conversation: Option<Conversation>,
}

impl RequestSide {
    pub(super) fn new(format: &Format, headers: Headers<'_>, capture: &CapturePolicy) -> Self {
        if format.unread.is_some() {
            return Self::Unread { bytes: 0 };
        }
        let limit = capture.limits.request_bytes;
        Self::Coming(Box::new(Coming::new(headers, limit)))
    }

    /// A request whose body is nothing that is asked.
    pub(super) fn none() -> Self {
        Self::Unread { bytes: 0 }
    }

    /// A request of which the headers are all that is known.
    pub(super) fn unseen() -> Self {
        Self::Read(Box::default())
    }

    /// Whether it has not ended.
    pub(super) fn is_coming(&self) -> bool {
        matches!(self, Self::Coming(_))
    }

    pub(super) fn body(&mut self, chunk: &[u8], notes: &mut BTreeSet<Note>) {
        let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        match self {
            Self::Coming(coming) => {
                coming.bytes = coming.bytes.saturating_add(size);
                coming.body(chunk, notes);
            }
            Self::Unread { bytes } => *bytes = bytes.saturating_add(size),
            Self::Read(_) => {}
        }
    }

    /// Lets go of what has come of the body, and of what comes; true if there was something to read.
    pub(super) fn forgo(&mut self) -> bool {
        match self {
            Self::Coming(coming) if !coming.is_forgone => {
                coming.forgo();
                true
            }
            _ => false,
        }
    }

    /// What was asked, if it is all known.
    pub(super) fn asked(&self) -> Option<Asked> {
        match self {
            Self::Read(asked) => Some(Asked::clone(asked)),
            Self::Unread { bytes } => Some(Asked {
                bytes: *bytes,
                ..Asked::default()
            }),
            Self::Coming(_) => None,
        }
    }

    /// Whether the body has been read, and has a prompt.
    pub(super) fn has_prompt(&self) -> bool {
        matches!(self, Self::Read(asked) if asked.has_prompt)
    }

    /// Whether the body has been read, as far as it can be, and has a prompt or may have one.
    pub(super) fn may_have_prompt(&self) -> bool {
        matches!(self, Self::Read(asked) if !asked.is_other)
    }

    /// Whether some of a body has come.
    pub(super) fn has_body(&self) -> bool {
        let bytes = match self {
            Self::Coming(coming) => coming.bytes,
            Self::Read(asked) => asked.bytes,
            Self::Unread { bytes } => *bytes,
        };
        bytes > 0
    }

    /// Lets go of what was read: only its size counts.
    pub(super) fn forget(&mut self) {
        if let Self::Read(asked) = self {
            *self = Self::Unread { bytes: asked.bytes };
        }
    }

    pub(super) fn end(&mut self, format: &Format, policy: &Policy, notes: &mut BTreeSet<Note>) {
        if let Self::Coming(coming) = self {
            let asked = read(coming, format, policy, notes);
            *self = Self::Read(Box::new(asked));
        }
    }

    /// Whether the answer's events were asked to say only what is new, if the request says it.
    pub(super) fn is_incremental(&self) -> Option<bool> {
        match self {
            Self::Read(asked) => asked.is_incremental,
            Self::Coming(_) | Self::Unread { .. } => None,
        }
    }

    /// Reads what has come, as an exchange may end before its request does.
    pub(super) fn finish(&mut self, format: &Format, policy: &Policy, notes: &mut BTreeSet<Note>) {
        if matches!(self, Self::Coming(_)) {
            notes.insert(Note::RequestIncomplete);
            self.end(format, policy, notes);
        }
    }

    /// What was asked.
    pub(super) fn take(self) -> Asked {
        match self {
            Self::Read(asked) => *asked,
            Self::Coming(_) => Asked::default(),
            Self::Unread { bytes } => Asked {
                bytes,
                ..Asked::default()
            },
        }
    }
}

fn read(
    coming: &mut Coming,
    format: &Format,
    policy: &Policy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    if coming.bytes == 0 {
        if coming.is_announced {
            notes.insert(Note::RequestIncomplete);
        }
        let is_other = !notes.contains(&Note::RequestIncomplete);
        notes.insert(Note::RequestBodyEmpty);
        return Asked {
            is_other,
            ..Asked::default()
        };
    }
    let asked = read_body(coming, format, policy, notes);
    let has_prompt_hash = !asked.prompt_hash.is_empty();
    Asked {
        bytes: coming.bytes,
        body_hash: if has_prompt_hash {
            None
        } else {
            coming.body_hash()
        },
        ..asked
    }
}

fn read_body(
    coming: &mut Coming,
    format: &Format,
    policy: &Policy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    if coming.is_forgone {
        return Asked::default();
    }
    let is_unknown = notes.contains(&Note::RequestEncodingUnsupported);
    if is_unknown || coming.decoder.is_none() {
        notes.insert(Note::RequestEncodingUnsupported);
        return Asked::default();
    }
    let ended = !CUT.iter().any(|note| notes.contains(note));
    let Coming { filter, body, .. } = coming;
    filter.finish(ended, |kept| body.push(kept));
    if !coming.body.is_whole() {
        notes.insert(Note::RequestBodyTruncated);
    }
    if coming.body.has_stubs() {
        notes.insert(Note::LongStringsSkipped);
    }
    let mut whole = !CUT.iter().any(|note| notes.contains(note));
    let (text, replaced) = match form::read(coming.body.bytes(), whole) {
        Some(form) => {
            if form.cut {
                notes.insert(Note::RequestBodyTruncated);
                whole = false;
            }
            (Cow::Owned(form.text), form.replaced)
        }
        None => json_text(&coming.body, coming.charset, whole, notes),
    };
    if replaced {
        notes.insert(Note::InvalidUnicodeReplaced);
    }
    let asked = read_text(format, &text, whole, &policy.capture, notes);
    Asked {
        // Where the end is missing, a member may be cut.
        found: match whole {
            true => in_document(&policy.wanted.body, &text, notes),
            false => Found::new(),
        },
        is_other: whole && !asked.has_prompt && is_other(coming.body.bytes(), &text),
        ..asked
    }
}

/// The text of a body in JSON.
fn json_text<'a>(
    body: &'a Capture,
    charset: Charset,
    whole: bool,
    notes: &mut BTreeSet<Note>,
) -> (Cow<'a, str>, bool) {
    let Some((wide, replaced)) = json::from_wide(body.bytes()) else {
        if !charset.is_read(body.bytes()) {
            notes.insert(Note::RequestCharsetUnknown);
        }
        return body.text(whole);
    };
    notes.insert(Note::RequestNotUtf8);
    let (text, _) = json::text(wide.as_bytes(), whole);
    (Cow::Owned(text.into_owned()), replaced)
}

fn read_text(
    format: &Format,
    text: &str,
    whole: bool,
    capture: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    let oddities = Oddities::default();
    let mut request = (format.read_request)(Json::of(text, &oddities));
    let last = (format.is_of_go && oddities.has(Odd::Duplicate))
        .then(|| json::last_of_each(text))
        .flatten();
    if let Some(last) = &last {
        request = (format.read_request)(Json::of(last, &oddities));
    }
    let is_beginning = oddities.has(Odd::TooMany);
    if is_beginning {
        notes.insert(Note::RequestBodyTruncated);
    }
    let left = settings::left(&oddities, last.as_deref().unwrap_or(text)).collect();
    let asked = match request {
        Some(request) => take(request, left, whole && !is_beginning, capture, notes),
        None => {
            notes.insert(Note::RequestUnreadable);
            Asked::default()
        }
    };
    for (odd, note) in ODD {
        if oddities.has(odd) {
            notes.insert(note);
        }
    }
    asked
}

fn take<'a>(
    request: Request<'a>,
    left: Vec<MessagePart<'a>>,
    whole: bool,
    capture: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    let note = request.prompt.is_none().then_some(Note::RequestUnreadable);
    notes.extend(request.note.or(note));
    let prompted = request.prompt.map(|prompt| {
        let prompt = with_definitions(prompt, request.definitions, left);
        prompted(&prompt, whole, capture, notes)
    });
    let mut name_cut = false;
    let mut name = |text: &str| name_within(text, NAME_BYTES_MAX, &mut name_cut).to_owned();
    let mut parameters = parameters(request.parameters, notes);
    parameters.0.extend(tools(&request.tools, notes));
    let mut ids = match request.user.as_deref() {
        Some(user) => identity::split(&name(user)),
        None => Ids::default(),
    };
    let session = request.session.as_deref();
    if let Some(session) = session.filter(|session| !session.trim().is_empty()) {
        ids.session_id = Some(name(session));
    }
    let asked = Asked {
        has_prompt: prompted.is_some(),
        model: name(request.model.as_deref().unwrap_or_default()),
        parameters,
        ids,
        is_incremental: request.is_incremental,
        ..prompted.unwrap_or_default()
    };
    if name_cut {
        notes.insert(Note::NameTruncated);
    }
    asked
}

/// What stands beside the messages and the model sees as well.
fn with_definitions<'a>(
    mut prompt: Prompt<'a>,
    definitions: Vec<(&'static str, Json<'a>)>,
    left: Vec<MessagePart<'a>>,
) -> Prompt<'a> {
    prompt.beside = definitions
        .into_iter()
        .map(|(name, value)| MessagePart::hashed_json(Kind::Other, value).typed(name))
        .chain(left)
        .collect();
    prompt
}

/// What of the prompt is recorded.
fn prompted(
    prompt: &Prompt<'_>,
    whole: bool,
    capture: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Asked {
    let canonical = prompt.canonical(capture.prompt_format);
    let is_cut = notes.contains(&Note::LongStringsSkipped) && has_cut(prompt, &canonical);
    if is_cut {
        notes.insert(Note::RequestBodyTruncated);
    }
    let whole = whole && !is_cut;
    // Of a part of a prompt there is no hash of the prompt.
    let hash = whole.then(|| {
        let mut hash = capture.hash.start();
        hash.update(canonical.text.as_bytes());
        hash.bytes()
    });
    let prompt_hash = hash.map(|hash| capture.hash.write(&hash));
    let limit = capture.limits.content_bytes;
    let bytes = cut(&canonical.text, limit).len();
    if bytes < canonical.text.len() {
        notes.insert(Note::PromptContentTruncated);
    }
    let conversation = conversation(prompt, &canonical, bytes, hash, capture, notes);
    let mut prompt_content = canonical.text;
    if bytes < prompt_content.len() {
        // What is cut off is not kept in memory either.
        prompt_content = cut(&prompt_content, bytes).to_owned();
    }
    Asked {
        prompt_hash: prompt_hash.unwrap_or_default(),
        conversation: Some(conversation),
        prompt_content,
        ..Asked::default()
    }
}

/// Whether a string that was not kept whole is a text of the prompt.
fn has_cut(prompt: &Prompt<'_>, canonical: &Canonical) -> bool {
    let parts = prompt.messages.iter().flat_map(|message| &message.parts);
    let mut texts = parts
        .chain(&prompt.beside)
        .filter_map(|part| match &part.said {
            Said::Text(text) | Said::Reference(text) => Some(&**text),
            Said::Data { .. } => None,
        });
    canonical.text.contains(json::CUT) || texts.any(|text| text.contains(json::CUT))
}

fn parameters(given: Vec<(&'static str, Json<'_>)>, notes: &mut BTreeSet<Note>) -> Members {
    let mut kept = Vec::new();
    for (name, value) in given {
        if value.get().len() > PARAMETER_BYTES_MAX || !json::is_portable(value) {
            notes.insert(Note::ParameterTooLarge);
        } else {
            kept.push((name.to_owned(), json::one_line(value)));
        }
    }
    Members(kept)
}

/// The parameter `tools`: what the model may call, by name. Descriptions and schemas stay out.
fn tools(names: &[Cow<'_, str>], notes: &mut BTreeSet<Note>) -> Option<(String, Box<RawValue>)> {
    let tools = serde_json::value::to_raw_value(names).ok()?;
    if tools.get().len() > PARAMETER_BYTES_MAX {
        notes.insert(Note::ParameterTooLarge);
        return None;
    }
    (!names.is_empty()).then(|| ("tools".to_owned(), tools))
}
