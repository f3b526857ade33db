//! The calls that the stages work on.

use std::sync::Arc;

use anyhow::{Context, Result};
use audit_layer_core::completion::{Cause, End};
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bodies;

/// One of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// 1 KB asked, 1 KB answered.
    Chat1,
    /// 16 KB asked, 2 KB answered.
    Chat16,
    /// 128 KB asked, 16 KB answered in gzip.
    Chat128,
    /// 1 KB asked, 50 events answered.
    Stream50,
    /// 1 KB asked, 1000 events answered.
    Stream1000,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Chat1,
        Self::Chat16,
        Self::Chat128,
        Self::Stream50,
        Self::Stream1000,
    ];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat1 => "1 KB chat",
            Self::Chat16 => "16 KB chat",
            Self::Chat128 => "128 KB chat, gzip answer",
            Self::Stream50 => "SSE, 50 events",
            Self::Stream1000 => "SSE, 1000 events",
        }
    }

    /// The call itself.
    pub(crate) fn call(self) -> Result<Call> {
        Ok(match self {
            Self::Chat1 => Call::plain(1 << 10, 1 << 10),
            Self::Chat16 => Call::plain(16 << 10, 2 << 10),
            Self::Chat128 => Call::plain(128 << 10, 16 << 10).compressed()?,
            Self::Stream50 => Call::streamed(50),
            Self::Stream1000 => Call::streamed(1000),
        })
    }
}

/// One call, as a proxy sees it pass.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) request: String,
    /// The answer's body before compression.
    pub(crate) answer: String,
    /// The answer's body as it comes.
    pub(crate) pieces: Vec<Vec<u8>>,
    request_head: Vec<(Vec<u8>, Vec<u8>)>,
    answer_head: Vec<(Vec<u8>, Vec<u8>)>,
}

const MODEL: &str = "chat";

impl Call {
    fn plain(request: usize, answer: usize) -> Self {
        let answer = bodies::chat_answer(MODEL, answer);
        Self {
            request: bodies::chat_request(MODEL, request),
            pieces: vec![answer.clone().into_bytes()],
            answer,
            request_head: request_head(),
            answer_head: head(&[(":status", "200"), ("content-type", "application/json")]),
        }
    }

    fn compressed(mut self) -> Result<Self> {
        self.pieces = vec![bodies::compressed(&self.answer)?];
        self.answer_head
            .extend(head(&[("content-encoding", "gzip")]));
        Ok(self)
    }

    fn streamed(events: usize) -> Self {
        let pieces = (0..events).map(|number| bodies::event(MODEL, number, events, 0));
        let pieces: Vec<_> = pieces.chain([bodies::DONE.to_owned()]).collect();
        Self {
            request: bodies::stream_request(MODEL, 1 << 10),
            answer: pieces.concat(),
            pieces: pieces.into_iter().map(String::into_bytes).collect(),
            request_head: request_head(),
            answer_head: head(&[(":status", "200"), ("content-type", "text/event-stream")]),
        }
    }

    /// Bytes of both bodies, before compression.
    pub(crate) fn bytes(&self) -> usize {
        self.request.len() + self.answer.len()
    }

    /// Whether the answer comes compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.pieces.iter().map(Vec::len).sum::<usize>() != self.answer.len()
    }

    /// Follows it from its head to its event.
    pub(crate) fn follow(&self, policy: &Arc<Policy>) -> Option<AuditEvent> {
        let headers = Headers(&self.request_head);
        let mut exchange = Exchange::begin(policy, headers, [7; 10], now())?;
        exchange.request_body(self.request.as_bytes());
        exchange.request_end();
        exchange.response_head(Headers(&self.answer_head));
        for piece in &self.pieces {
            exchange.response_body(piece, now());
        }
        exchange.response_end();
        let end = End {
            cause: Cause::Finished,
            http_status: Some(200),
            ..End::default()
        };
        exchange.end(end, now())
    }
}

/// Any time, always the same.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_ms(1_738_405_800_000)
}

/// The configuration of a gateway that sends batches.
pub(crate) fn policy() -> Result<Arc<Policy>> {
    let configuration = serde_json::json!({
        "organization_id": "org_measured",
        "audit_api": {"url": "http://audit/v1"},
        "delivery": {"batch": {"path": "/audit/log/batch"}},
    });
    let bytes = configuration.to_string().into_bytes();
    let read = Policy::read(&bytes, &|_| None, &Host::default());
    Ok(Arc::new(read.context("the configuration")?))
}

fn request_head() -> Vec<(Vec<u8>, Vec<u8>)> {
    head(&[
        (":authority", "api.openai.com"),
        (":path", "/v1/chat/completions"),
        (":method", "POST"),
        (":scheme", "http"),
        ("content-type", "application/json"),
        (
            "authorization",
            "Bearer sk-proj-0123456789abcdefghijklmnopqrstuv",
        ),
        ("user-agent", "OpenAI/Python 2.8.1"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "c5b4d2a0-7a52-4b55-9f6e-0d6f2c8d1b11"),
    ])
}

fn head(pairs: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}
