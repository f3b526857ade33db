//! A call on its way through more than one filter, request or gateway: what makes it one call.

use std::sync::Arc;

use super::coming::is_announced;
use super::request::RequestSide;
use super::{Exchange, ResponseSide};
use crate::api::{self, Evidence};
use crate::completion::End;
use crate::headers::Headers;
use crate::note::Note;
use crate::opening::Opening;
use crate::policy::Policy;
use crate::time::Timestamp;

impl Exchange {
    /// A call that another filter ended before its request came here; `None` if it was none to be
    /// audited. Where other services have such a path too its body could have told, so that it
    /// counts.
    pub fn unseen(
        policy: &Arc<Policy>,
        headers: Headers<'_>,
        entropy: [u8; 10],
        started: Timestamp,
    ) -> Option<Self> {
        let opening = Opening {
            is_whole: !is_announced(headers) && headers.bytes("transfer-encoding").is_none(),
            ..Opening::from(headers)
        };
        let mut exchange = Self::begin(policy, opening, entropy, started)?;
        let notes = &mut exchange.call.notes;
        match exchange.call.identity.evidence {
            // There is no answer that was fetched.
            Evidence::Answer => return None,
            Evidence::Prompt => {
                notes.insert(Note::CallUncertain);
            }
            Evidence::Enough | Evidence::Body | Evidence::PromptOrUnknown => {}
        }
        notes.insert(Note::RequestNotSeen);
        exchange.call.identity.evidence = Evidence::Enough;
        exchange.request = RequestSide::unseen();
        Some(exchange)
    }

    /// The answer of another filter to a call of which it alone knows the body.
    pub fn unseen_answer(&mut self, headers: Headers<'_>) {
        self.call.answered_by(headers);
        self.response.unseen(headers);
    }

    /// The proxy does not pass the answer on but follows its redirect: what comes from now on is
    /// another request of the same call, and its answer. `before` is what the host knew at its end.
    pub fn redirected<'a>(&mut self, opening: impl Into<Opening<'a>>, before: End) {
        let opening = opening.into();
        let End {
            upstream_attempts: attempts,
            attributes,
            ..
        } = before;
        let call = &mut self.call;
        call.notes.insert(Note::RedirectFollowed);
        call.attempts_before = call.attempts_before.saturating_add(attempts.unwrap_or(0));
        if call.attributes_before.is_empty() {
            call.attributes_before = attributes;
        }
        let capture = &call.policy.capture;
        let mut comes_again = self.request.is_coming();
        let other = api::identify(&opening, &call.policy.providers);
        // What was asked before is not fetched only because its answer is.
        if let Some(mut other) = other.filter(|other| other.evidence != Evidence::Answer) {
            if call.identity.evidence == Evidence::Enough || self.request.has_prompt() {
                other.evidence = Evidence::Enough;
            }
            let is_another = other.format.name != call.identity.format.name;
            comes_again |= is_another && !self.request.has_prompt();
            call.identity = other;
        }
        if comes_again {
            // The proxy sends the body again, so that it is read as what it is now.
            call.notes.remove(&Note::RequestUnreadable);
            self.request = RequestSide::new(call.identity.format, opening.headers, capture);
        }
        self.response = ResponseSide::new(call.identity.format, capture, &call.secrets);
        call.response_headers.clear();
        if let Some(is_incremental) = self.request.is_incremental() {
            self.response.asked(is_incremental);
        }
    }

    /// The host will not say how the call ended, but that it did.
    pub fn unlogged(&mut self) {
        self.call.notes.insert(Note::LogCallbackAbsent);
    }

    /// What the request has to say to a gateway behind this one, in the header
    /// [`HEADER`](crate::hop::HEADER); `None` if nothing.
    pub fn hop(&self) -> Option<String> {
        let gateway = &self.call.policy.gateway;
        let key = gateway.hop_key.as_ref().filter(|_| gateway.sends_hop)?;
        Some(key.header(&self.call.request_id))
    }
}
