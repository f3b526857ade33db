//! What is asked for and what is answered, in OpenAI's form: calls of three sizes, and streams.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

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
    /// Calls a second that every contestant keeps up with, for latencies.
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
        rate: 600,
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
        filled(self.request, |text| request(self.model, text))
    }

    /// The answer's body, as it is sent.
    pub fn answer_body(&self) -> Result<Bytes> {
        let plain = filled(self.answer, |text| answer(self.model, text));
        if !self.gzip {
            return Ok(plain);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&plain)?;
        Ok(encoder.finish()?.into())
    }
}

impl Stream {
    /// A request's body of 1 KB.
    pub fn request_body(&self) -> Bytes {
        filled(1 << 10, |text| {
            let mut body = request(self.model, text);
            body["stream"] = json!(true);
            body["stream_options"] = json!({"include_usage": true});
            body
        })
    }

    /// Event `number`, which says when it was sent, in nanoseconds of the clock that all parts share.
    pub fn event(&self, number: usize, sent_at: u64) -> String {
        let (choices, usage) = if number == 0 {
            (
                r#"[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]"#,
                "null",
            )
        } else if number + 2 < self.events {
            (
                r#"[{"index":0,"delta":{"content":" underwriting"},"logprobs":null,"finish_reason":null}]"#,
                "null",
            )
        } else if number + 2 == self.events {
            (
                r#"[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#,
                "null",
            )
        } else {
            (
                "[]",
                r#"{"prompt_tokens":250,"completion_tokens":90,"total_tokens":340}"#,
            )
        };
        let model = self.model;
        format!(
            r#"data: {{"id":"chatcmpl-BpLQ8bR3xk2vY5cJ9nTfW1uZsD7aE","object":"chat.completion.chunk","created":1738405800,"model":"{model}","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":{choices},"usage":{usage},{SENT_AT}{sent_at:0width$}"}}{}"#,
            "\n\n",
            width = SENT_AT_DIGITS,
        )
    }
}

/// What precedes the time in an event: OpenAI pads events with this member.
pub const SENT_AT: &str = r#""obfuscation":""#;

/// Digits of the time in an event.
pub const SENT_AT_DIGITS: usize = 20;

/// The end of a stream.
pub const DONE: &str = "data: [DONE]\n\n";

/// JSON of this size, by giving `body` a text that is as long as it takes.
fn filled(size: usize, body: impl Fn(&str) -> Value) -> Bytes {
    let rest = size.saturating_sub(body("").to_string().len());
    body(&prose(rest)).to_string().into()
}

fn request(model: &str, text: &str) -> Value {
    json!({
        "model": model,
        "messages": [
            {"role": "system", "content": "You are a loan underwriting assistant. Answer with a decision and its reasons."},
            {"role": "user", "content": text},
        ],
        "temperature": 0.3,
        "max_tokens": 500,
        "user": "analyst-17",
    })
}

fn answer(model: &str, text: &str) -> Value {
    json!({
        "id": "chatcmpl-BpLQ8bR3xk2vY5cJ9nTfW1uZsD7aE",
        "object": "chat.completion",
        "created": 1_738_405_800,
        "model": model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null, "annotations": []},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 250,
            "completion_tokens": 90,
            "total_tokens": 340,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
    })
}

/// Text that takes so many bytes in JSON: words in an order that does not repeat, and a line end, which
/// JSON escapes, about every 80 bytes, as in prose.
fn prose(bytes: usize) -> String {
    const WORDS: [&str; 16] = [
        "credit",
        "income",
        "debt",
        "ratio",
        "applicant",
        "history",
        "payment",
        "score",
        "the",
        "of",
        "with",
        "account",
        "monthly",
        "employment",
        "verified",
        "collateral",
    ];
    let mut text = String::with_capacity(bytes);
    let mut size = 0;
    let mut random = fastrand::Rng::with_seed(1);
    while size < bytes {
        let word = WORDS[random.usize(..WORDS.len())];
        let (space, width) = match random.u8(..11) {
            0 => ('\n', 2),
            _ => (' ', 1),
        };
        if size + word.len() + width > bytes {
            break;
        }
        text.push_str(word);
        text.push(space);
        size += word.len() + width;
    }
    text.extend(std::iter::repeat_n('.', bytes - size));
    text
}
