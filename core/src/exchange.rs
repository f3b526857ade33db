//! One call: from the headers of its request to its audit event.

mod charset;
mod coming;
mod document;
mod encoding;
mod event;
mod forgo;
mod other;
mod passes;
mod request;
mod response;
mod said;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{self, Evidence, Identity, Path, Refusal};
use crate::caller::Caller;
use crate::completion::{self, End, Seen};
use crate::credentials::Secrets;
use crate::event::{AuditEvent, Claimed, CompletionState, Gateway, Usage, UsageSource};
use crate::headers::Headers;
use crate::hop::{self, Outer};
use crate::identity::Known;
use crate::note::Note;
use crate::opening::{Destination, Opening};
use crate::policy::Policy;
use crate::provider;
use crate::rules::Early;
use crate::time::Timestamp;
use crate::wanted::{Found, in_headers};

use self::event::event;
use self::request::RequestSide;
use self::response::{Answered, ResponseSide};

/// Why a call is refused that may not pass unrecorded.
const UNRECORDED: &str = "The audit log did not confirm the record of this request in time, \
    and this gateway passes on no answer without it. Please try again.";

/// The state machine of one call.
///
/// Ending it consumes it: one call gives at most one event. Any split of the bodies into pieces
/// gives the same event, unless one is not of its encoding: then what was decoded before the fault
/// may be more or less.
#[derive(Debug)]
pub struct Exchange {
    call: Call,
    request: RequestSide,
    response: ResponseSide,
}

/// What is known of a call beside its bodies.
#[derive(Debug, Clone)]
struct Call {
    policy: Arc<Policy>,
    identity: Identity,
    request_id: String,
    started: Timestamp,
    caller: Caller,
    /// What the caller says and is not believed.
    claimed: Claimed,
    /// What the headers say of who makes the call.
    known: Known,
    /// The headers of the request that the configuration names.
    headers: Found,
    /// Those of the response.
    response_headers: Found,
    /// Of which rules the headers fit.
    fits: Early,
    gateway: Gateway,
    /// How often the proxy tried upstreams before it followed a redirect.
    attempts_before: u64,
    /// What the host knew then of who makes the call.
    attributes_before: Vec<Option<String>>,
    secrets: Arc<Secrets>,
    notes: BTreeSet<Note>,
}

impl Exchange {
    /// Begins when a request's headers have come; `None` if the request is not one to be audited.
    ///
    /// `entropy` makes the request id unique; `now` is the start of the request.
    pub fn begin<'a>(
        policy: &Arc<Policy>,
        opening: impl Into<Opening<'a>>,
        entropy: [u8; 10],
        now: Timestamp,
    ) -> Option<Self> {
        let opening = opening.into();
        let identity = api::identify(&opening, &policy.providers)?;
        let headers = opening.headers;
        let mut notes: BTreeSet<_> = identity.notes.iter().copied().collect();
        notes.extend(identity.format.unread);
        let secrets = Arc::new(Secrets::of(headers));
        if secrets.is_cut {
            notes.insert(Note::CredentialNotSearched);
        }
        let mut gateway = gateway(headers, policy.recorder, &mut notes);
        match hop::outer(policy.gateway.hop_key.as_ref(), headers, now) {
            Outer::Silent => {}
            Outer::Unproven => {
                notes.insert(Note::HopHeaderIgnored);
            }
            Outer::Recorded(request_id) => {
                notes.insert(Note::RecordedByOuterGateway);
                gateway.outer_request_id = Some(request_id);
            }
        }
        let mut caller = Caller::read(headers, &mut notes);
        let id = uuid::Builder::from_unix_timestamp_millis(now.unix_ms(), &entropy).into_uuid();
        Some(Self {
            request: match identity.evidence {
                Evidence::Answer => RequestSide::none(),
                _ => RequestSide::new(identity.format, headers, &policy.capture),
            },
            response: ResponseSide::new(identity.format, &policy.capture, &secrets),
            call: Call {
                policy: Arc::clone(policy),
                request_id: id.to_string(),
                started: now,
                claimed: caller.disbelieve(&policy.identity.trust),
                known: Known::read(&policy.identity, headers, identity.format.name, &mut notes),
                headers: in_headers(&policy.wanted.headers, headers, &mut notes),
                response_headers: Found::new(),
                fits: Early::read(&policy.rules, headers),
                caller,
                gateway,
                attempts_before: 0,
                attributes_before: Vec::new(),
                identity,
                secrets,
                notes,
            },
        })
    }

    /// The event's `request_id`, if there will be an event as far as is known.
    pub fn request_id(&self) -> Option<&str> {
        let is_audited = match self.call.identity.evidence {
            Evidence::Enough => true,
            Evidence::Body | Evidence::PromptOrUnknown => self.request.has_body(),
            Evidence::Prompt => self.request.may_have_prompt(),
            // Only its end shows whether the answer was there already.
            Evidence::Answer => false,
        };
        is_audited.then_some(&self.call.request_id)
    }

    /// The status of the response, if its headers have come.
    pub fn status(&self) -> Option<u16> {
        self.response.status()
    }

    /// Takes the next bytes of the request's body.
    pub fn request_body(&mut self, chunk: &[u8]) {
        self.request.body(chunk, &mut self.call.notes);
    }

    /// The request ended: reads its body and lets go of it.
    pub fn request_end(&mut self) {
        let format = self.call.identity.format;
        self.request
            .end(format, &self.call.policy, &mut self.call.notes);
        if self.call.identity.evidence == Evidence::PromptOrUnknown
            && !self.request.may_have_prompt()
        {
            self.forget_format();
        }
        if let Some(is_incremental) = self.request.is_incremental() {
            self.response.asked(is_incremental);
        }
    }

    /// The body has shown that the call is not of its format, but its provider is known.
    fn forget_format(&mut self) {
        self.call.identity.format = &api::UNKNOWN;
        self.call.notes.remove(&Note::RequestUnreadable);
        self.call.notes.extend(api::UNKNOWN.unread);
        self.request.forget();
        if self.response.status().is_none() {
            let Call {
                policy, secrets, ..
            } = &self.call;
            self.response = ResponseSide::new(&api::UNKNOWN, &policy.capture, secrets);
        }
    }

    /// Takes the response's headers.
    pub fn response_head(&mut self, headers: Headers<'_>) {
        self.call.answered_by(headers);
        self.response.head(headers, &mut self.call.notes);
    }

    /// The same where the host has decoded the body and left its content-encoding in the headers.
    pub fn response_head_of_decoded(&mut self, headers: Headers<'_>) {
        self.call.answered_by(headers);
        self.response.head_of_decoded(headers);
    }

    /// Takes the next bytes of the response's body.
    pub fn response_body(&mut self, chunk: &[u8], now: Timestamp) {
        self.response
            .body(chunk, now.ms_since(self.call.started), &mut self.call.notes);
    }

    /// The response ended: all of its body has come.
    pub fn response_end(&mut self) {
        self.response.end();
    }

    /// The record of the prompt, when the request has ended and there is no answer yet; `None` if it
    /// is no call of a model, or still coming. The event of [`Self::end`] supersedes it.
    ///
    /// `end` is what the host knows already of the call, such as who makes it.
    pub fn pending(&self, end: End, now: Timestamp) -> Option<AuditEvent> {
        self.request_id()?;
        let asked = self.request.asked()?;
        let Call {
            policy,
            identity,
            secrets,
            ..
        } = &self.call;
        let nothing = ResponseSide::new(identity.format, &policy.capture, secrets).nothing();
        let duration_ms = now.ms_since(self.call.started);
        let mut call = self.call.clone();
        call.goes_to(&end);
        Some(event(
            call,
            asked,
            nothing,
            Usage::default(),
            CompletionState::Pending,
            end,
            duration_ms,
        ))
    }

    /// What to tell the client whose call may not pass unrecorded, as its provider would write it.
    pub fn refusal(&self) -> Refusal {
        api::refusal(self.call.identity.format, UNRECORDED)
    }

    /// Ends the exchange, however far it came, and gives its event; `None` if its body has shown
    /// that it was no call of a model.
    pub fn end(mut self, end: End, now: Timestamp) -> Option<AuditEvent> {
        let format = self.call.identity.format;
        self.request
            .finish(format, &self.call.policy, &mut self.call.notes);
        let is_fetch = self.call.identity.evidence == Evidence::Answer;
        if !is_fetch {
            self.request_id()?;
        }
        if self.call.identity.evidence == Evidence::Prompt && !self.request.has_prompt() {
            self.call.notes.insert(Note::CallUncertain);
        }
        let asked = self.request.take();
        let pointers = &self.call.policy.wanted.response;
        let answered = self.response.finish(pointers, &mut self.call.notes);
        if is_fetch {
            answered.answer.is_given().then_some(())?;
            self.call.notes.insert(Note::AnswerFetched);
        }
        let state = completion::state(seen(&answered), &end);
        self.call.goes_to(&end);
        self.call.gateway.source = end.source.clone();
        self.call.gateway.upstream_attempts = end
            .upstream_attempts
            .map(|attempts| attempts.saturating_add(self.call.attempts_before));
        let usage = usage(&answered, state, &mut self.call.notes);
        match state {
            CompletionState::UpstreamAbort if answered.ended => {
                self.call.notes.insert(Note::StreamUnterminated);
            }
            // The proxy's own words are not the provider's, whose format they would be noted to lack.
            CompletionState::LocalReply | CompletionState::Timeout => {
                self.call.notes.remove(&Note::ResponseUnreadable);
            }
            _ => {}
        }
        let is_due = !self.call.notes.contains(&Note::NotAGeneration);
        if is_due && state == CompletionState::Complete && answered.answer.says_nothing() {
            self.call.notes.insert(Note::AnswerEmpty);
        }
        let duration_ms = now.ms_since(self.call.started);
        Some(event(
            self.call,
            asked,
            answered,
            usage,
            state,
            end,
            duration_ms,
        ))
    }
}

impl Call {
    /// Takes the headers of the response that the configuration names.
    fn answered_by(&mut self, headers: Headers<'_>) {
        let wanted = &self.policy.wanted.response_headers;
        self.response_headers = in_headers(wanted, headers, &mut self.notes);
    }

    /// Takes over where the call went, as far as the host knows it.
    fn goes_to(&mut self, end: &End) {
        let destination = Destination {
            cluster: end.cluster.as_deref(),
            route: end.route.as_deref(),
        };
        if let Some(name) = self.served_by(destination) {
            self.identity.provider = name;
        }
        self.gateway.route = end.route.clone();
        self.gateway.cluster = end.cluster.clone();
    }

    /// Who serves the model by what the configuration says of where the call went in the end, which
    /// is not always where it was to go when its headers came.
    fn served_by(&self, destination: Destination<'_>) -> Option<String> {
        if !self.policy.asks_destination() {
            return None;
        }
        let host = provider::host(self.gateway.host.as_deref().unwrap_or_default());
        let mut own = self.policy.providers.iter();
        let own = own.find(|own| own.is_it(&host, destination));
        own.map(|own| own.name.clone())
    }
}

fn seen(answered: &Answered) -> Seen {
    Seen {
        status: answered.status,
        ended: answered.ended,
        whole: is_whole(answered),
        streamed: answered.streamed,
        failed: answered.answer.error.is_some(),
    }
}

fn is_whole(answered: &Answered) -> bool {
    let answer = &answered.answer;
    if answer.ends_with_body {
        answered.ended
    } else {
        answer.is_whole()
    }
}

fn usage(answered: &Answered, state: CompletionState, notes: &mut BTreeSet<Note>) -> Usage {
    let counts = answered.answer.usage;
    let is_whole = !answered.streamed || is_whole(answered);
    let is_final = is_whole && !answered.answer.counts_are_early;
    let source = match (counts.input, counts.output) {
        (None, None) => UsageSource::Absent,
        _ if !is_final => UsageSource::Partial,
        (Some(_), None) if !answered.answer.is_numbers => UsageSource::InputOnly,
        (None, Some(_)) => UsageSource::OutputOnly,
        _ => UsageSource::Reported,
    };
    if source == UsageSource::Absent && state == CompletionState::Complete {
        notes.insert(Note::UsageAbsent);
    }
    Usage {
        source,
        input_tokens: counts.input,
        output_tokens: counts.output,
        cache_read: counts.cache_read,
        cache_write: counts.cache_write,
        reasoning: counts.reasoning,
    }
}

fn gateway(headers: Headers<'_>, recorder: &str, notes: &mut BTreeSet<Note>) -> Gateway {
    let target = headers.bytes(":path").unwrap_or_default();
    let path = recorded_path(target, notes);
    let mut text = |name| headers.recorded(name, notes);
    Gateway {
        request_id: text("x-request-id"),
        traceparent: text("traceparent"),
        host: text(":authority"),
        path: Some(path),
        method: text(":method"),
        user_agent: text("user-agent"),
        retry_count: headers
            .str("x-stainless-retry-count")
            .and_then(|count| count.parse().ok()),
        plugin: recorder.to_owned(),
        ..Gateway::default()
    }
}

fn recorded_path(target: &[u8], notes: &mut BTreeSet<Note>) -> String {
    let mut path = target.split(|byte| matches!(byte, b'?' | b'#'));
    if path
        .next()
        .is_some_and(|path| str::from_utf8(path).is_err())
    {
        notes.insert(Note::HeaderNotUtf8);
    }
    Path::of(target).text.into_owned()
}

#[cfg(test)]
mod tests;
