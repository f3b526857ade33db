//! What is asked for and what is answered, in OpenAI's form: calls of three sizes, and streams.

use std::time::Duration;

use anyhow::Result;
use audit_layer_bench_stages as bodies;
pub use audit_layer_bench_stages::{DONE, SENT_AT, SENT_AT_DIGITS};
use bytes::Bytes;

/// One whole answer for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chat {
    /// The model that is asked for, which is how the provider knows what to answer.
    pub model: &'static str,
    /// What the table calls it.
    pub name: &'static str,
    /// The request's body, in bytes.
    pub request: usize,
    /// The answer's body before compression, in bytes.
    pub answer: usize,
    /// Whether the answer is compressed.
    pub gzip: bool,
    /// Calls a second that every gateway keeps up with, for latencies.
    pub rate: u32,
}

/// An answer in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// The model that is asked for.
    pub model: &'static str,
    /// What the table calls it.
    pub name: &'static str,
    /// Events of one answer, without the `[DONE]` behind them.
    pub events: usize,
    /// Between two events, as the provider sends them.
    pub gap: Duration,
    /// Answers at the same time.
    pub concurrent: usize,
    /// How often each client asks.
    pub rounds: usize,
}

/// Calls by the size of their requests.
pub const CHATS: [Chat; 3] = [
    Chat {
        model: "chat-1",
        name: "1 KB chat",
        request: 1 << 10,
        answer: 1 << 10,
        gzip: false,
        rate: 1000,
    },
    Chat {
        model: "chat-16",
        name: "16 KB chat",
        request: 16 << 10,
        answer: 2 << 10,
        gzip: false,
        rate: 1000,
    },
    Chat {
        model: "chat-128",
        name: "128 KB chat, gzip answer",
        request: 128 << 10,
        answer: 16 << 10,
        gzip: true,
        rate: 200,
    },
];

/// Streams by their length and number.
pub const STREAMS: [Stream; 4] = [
    Stream {
        model: "stream-50-100",
        name: "SSE, 50 events, 100 streams",
        events: 50,
        gap: Duration::from_millis(20),
        concurrent: 100,
        rounds: 5,
    },
    Stream {
        model: "stream-1000-100",
        name: "SSE, 1000 events, 100 streams",
        events: 1000,
        gap: Duration::from_millis(10),
        concurrent: 100,
        rounds: 1,
    },
    Stream {
        model: "stream-50-1000",
        name: "SSE, 50 events, 1000 streams",
        events: 50,
        gap: Duration::from_millis(100),
        concurrent: 1000,
        rounds: 1,
    },
    Stream {
        model: "stream-1000-1000",
        name: "SSE, 1000 events, 1000 streams",
        events: 1000,
        gap: Duration::from_millis(50),
        concurrent: 1000,
        rounds: 1,
    },
];

/// A stream of one event that does not end: what an open stream takes is seen in peace.
pub const ENDLESS: Stream = Stream {
    model: "stream-open",
    name: "an open stream",
    events: 1,
    gap: Duration::ZERO,
    concurrent: 1000,
    rounds: 1,
};

impl Chat {
    /// The request's body, [`request`](Self::request) bytes long.
    pub fn request_body(&self) -> Bytes {
        bodies::chat_request(self.model, self.request).into()
    }

    /// The answer's body, as it is sent.
    pub fn answer_body(&self) -> Result<Bytes> {
        let plain = bodies::chat_answer(self.model, self.answer);
        if !self.gzip {
            return Ok(plain.into());
        }
        Ok(bodies::compressed(&plain)?.into())
    }
}

impl Stream {
    /// A request's body of 1 KB.
    pub fn request_body(&self) -> Bytes {
        bodies::stream_request(self.model, 1 << 10).into()
    }

    /// Event `number`, which says when it was sent, in nanoseconds of the clock that all parts share.
    pub fn event(&self, number: usize, sent_at: u64) -> String {
        bodies::event(self.model, number, self.events, sent_at)
    }
}
