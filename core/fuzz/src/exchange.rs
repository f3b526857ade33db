//! Whole calls: however their bodies are cut, the event is the same, is JSON, and is within the
//! policy's limits.
//!
//! An input is [`CONTROLS`] bytes, and a call as text: lines of request headers, of response
//! headers, the request's body and the response's, with [`SEPARATOR`] between each two.

use std::sync::Arc;

use audit_layer_core::completion::{Cause, End};
use audit_layer_core::digest::HashForm;
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::host::Host;
use audit_layer_core::json;
use audit_layer_core::note::Note;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use serde_json::Value;

use crate::{cuts, event, pick};

/// Bytes at the beginning of an input: policy, which ends pass and for which bodies there is no
/// memory, how it ends, and the cuts' seed.
pub const CONTROLS: usize = 4;

/// What stands between the parts of a call.
pub const SEPARATOR: &[u8] = b"\n####\n";

/// What follows `"capture": {`; among them limits that are small enough for inputs to reach them.
const POLICIES: [&str; 4] = [
    r#""content":"full""#,
    r#""content":"hash","hash":"bare""#,
    r#""limits":{"request_bytes":1024,"response_bytes":1024,"content_bytes":1024}"#,
    r#""hash":"hmac-sha256","hash_key":"k","prompt_format":"roles""#,
];

/// Why exchanges end.
const CAUSES: [Cause; 8] = [
    Cause::Finished,
    Cause::CallerLeft,
    Cause::ConnectionBroke,
    Cause::Stopped,
    Cause::TimedOut,
    Cause::ConnectionFailed,
    Cause::Redirected,
    Cause::Refused,
];

pub(crate) type Header = (Vec<u8>, Vec<u8>);

struct Call<'a> {
    policy: Arc<Policy>,
    ends: u8,
    end: End,
    request_head: Vec<Header>,
    response_head: Vec<Header>,
    request: &'a [u8],
    response: &'a [u8],
}

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let Some(([policy, ends, flags, seed], text)) = input.split_first_chunk::<CONTROLS>() else {
        return;
    };
    let call = Call::read([*policy, *ends, *flags], text);
    let whole = call.events(&[call.request], &[call.response]);
    let capture = &call.policy.capture;
    whole.iter().for_each(|it| event::check(it, capture));
    if let [pending, ended] = &*whole {
        assert_eq!(asked(pending), asked(ended));
    }
    whole.iter().for_each(|it| call.is_of_its_bytes(it));
    let expected: Vec<_> = whole.iter().map(delivered).collect();
    for text in &expected {
        serde_json::from_str::<Value>(text).expect("an event is JSON that every reader can take");
    }
    if whole.iter().any(Call::has_broken_encoding) {
        return;
    }
    let [request, response] = [call.request, call.response].map(|body| cuts::pieces(*seed, body));
    let cut = call.events(&request, &response);
    assert_eq!(cut.iter().map(delivered).collect::<Vec<_>>(), expected);
}

/// What an event says of the prompt.
fn asked(event: &AuditEvent) -> [String; 3] {
    let prompt = format!("{:?}", event.metadata.audit_layer.prompt);
    [
        event.prompt_hash.clone(),
        event.prompt_content.clone(),
        prompt,
    ]
}

/// The event as it is delivered.
fn delivered(event: &AuditEvent) -> String {
    let written = json::written(event, 0).expect("an event can be written");
    assert_eq!(Some(&written), serde_json::to_string(event).ok().as_ref());
    written
}

impl<'a> Call<'a> {
    fn read([policy, ends, flags]: [u8; 3], text: &'a [u8]) -> Self {
        let (request_head, rest) = split(text);
        let (response_head, rest) = split(rest);
        let (request, response) = split(rest);
        Self {
            policy: self::policy(policy),
            ends,
            end: End {
                cause: pick(&CAUSES, flags >> 4),
                is_local: flags & 2 != 0,
                http_status: (flags & 4 != 0).then_some(503),
                ..End::default()
            },
            request_head: headers(request_head).collect(),
            response_head: headers(response_head).collect(),
            request,
            response,
        }
    }

    /// Size and hash of the body are those of what was sent, whatever became of it.
    fn is_of_its_bytes(&self, event: &AuditEvent) {
        let capture = &event.metadata.audit_layer.capture;
        let sent = u64::try_from(self.request.len()).ok();
        assert_eq!(Some(capture.request_bytes), sent);
        let hash = HashForm::Sha256.hash(self.request);
        assert!(capture.request_hash.as_ref().is_none_or(|it| *it == hash));
    }

    /// Whether a decoder kept back what it had of a piece before a fault, so that the event depends on
    /// the pieces.
    fn has_broken_encoding(event: &AuditEvent) -> bool {
        let notes = &event.metadata.audit_layer.capture.notes;
        notes.contains(&Note::RequestEncodingBroken)
            || notes.contains(&Note::ResponseEncodingBroken)
    }

    /// The events of the call with its bodies in these pieces: when the request has come, and at
    /// the end.
    fn events(&self, request: &[&[u8]], response: &[&[u8]]) -> Vec<AuditEvent> {
        let at = |ms: u64| Timestamp::from_unix_ms(1_738_405_800_000 + ms);
        let head = Headers(&self.request_head);
        let Some(mut exchange) = Exchange::begin(&self.policy, head, [7; 10], at(0)) else {
            return Vec::new();
        };
        for piece in request {
            exchange.request_body(piece);
        }
        if self.ends & 8 != 0 {
            exchange.forgo_request();
        }
        if self.ends & 1 == 0 {
            exchange.request_end();
        }
        let pending = exchange.pending(End::default(), at(20));
        if self.ends & 2 == 0 {
            exchange.response_head(Headers(&self.response_head));
        }
        for piece in response {
            exchange.response_body(piece, at(30));
        }
        if self.ends & 16 != 0 {
            exchange.forgo_response();
        }
        if self.ends & 4 == 0 {
            exchange.response_end();
        }
        let end = exchange.end(self.end.clone(), at(250));
        pending.into_iter().chain(end).collect()
    }
}

/// Each policy is read once: reading one takes as long as a small call.
fn policy(number: u8) -> Arc<Policy> {
    thread_local! {
        static READ: [Arc<Policy>; POLICIES.len()] = POLICIES.map(read_policy);
    }
    READ.with(|policies| Arc::clone(&policies[usize::from(number) % POLICIES.len()]))
}

fn read_policy(capture: &str) -> Arc<Policy> {
    let json = format!(
        r#"{{"audit_api":{{"cluster":"audit"}},"capture":{{{capture}}},
        "providers":[{{"host":"own.example","name":"own","format":"openai.chat_completions"}}]}}"#
    );
    let policy = Policy::read(json.as_bytes(), &|_| None, &Host::default())
        .expect("a configuration of ours");
    Arc::new(policy)
}

/// What stands before and behind the first separator.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let at = text
        .windows(SEPARATOR.len())
        .position(|window| window == SEPARATOR);
    match at {
        Some(at) => (&text[..at], &text[at + SEPARATOR.len()..]),
        None => (text, &[]),
    }
}

/// Lines of `name: value`.
pub(crate) fn headers(lines: &[u8]) -> impl Iterator<Item = Header> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| {
        // A pseudo-header begins with a colon.
        let at = line.iter().skip(1).position(|byte| *byte == b':')? + 1;
        Some((line[..at].to_vec(), line[at + 1..].trim_ascii().to_vec()))
    })
}
