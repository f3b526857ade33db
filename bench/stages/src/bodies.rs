//! What is asked for and what is answered, in OpenAI's form.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A request's body of so many bytes.
pub fn chat_request(model: &str, bytes: usize) -> String {
    filled(bytes, |text| request(model, text))
}

/// The same where the answer is asked for in events.
pub fn stream_request(model: &str, bytes: usize) -> String {
    filled(bytes, |text| {
        let mut body = request(model, text);
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        body
    })
}

/// An answer's body of so many bytes.
pub fn chat_answer(model: &str, bytes: usize) -> String {
    filled(bytes, |text| answer(model, text))
}

/// A body in gzip.
///
/// # Errors
/// Never in memory, which is where it is written.
pub fn compressed(body: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes())?;
    encoder.finish()
}

/// Event `number` of so many, which says when it was sent, in nanoseconds of any clock.
pub fn event(model: &str, number: usize, events: usize, sent_at: u64) -> String {
    let (choices, usage) = if number == 0 {
        (
            r#"[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]"#,
            "null",
        )
    } else if number + 2 < events {
        (
            r#"[{"index":0,"delta":{"content":" underwriting"},"logprobs":null,"finish_reason":null}]"#,
            "null",
        )
    } else if number + 2 == events {
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
    format!(
        r#"data: {{"id":"chatcmpl-BpLQ8bR3xk2vY5cJ9nTfW1uZsD7aE","object":"chat.completion.chunk","created":1738405800,"model":"{model}","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":{choices},"usage":{usage},{SENT_AT}{sent_at:0width$}"}}{}"#,
        "\n\n",
        width = SENT_AT_DIGITS,
    )
}

/// What precedes the time in an event: OpenAI pads events with this member.
pub const SENT_AT: &str = r#""obfuscation":""#;

/// Digits of the time in an event.
pub const SENT_AT_DIGITS: usize = 20;

/// The end of a stream.
pub const DONE: &str = "data: [DONE]\n\n";

/// JSON of this size, by giving `body` a text that is as long as it takes.
fn filled(size: usize, body: impl Fn(&str) -> Value) -> String {
    let rest = size.saturating_sub(body("").to_string().len());
    body(&prose(rest)).to_string()
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
        // A `usize` would be another number where addresses have 32 bits.
        let word = WORDS[usize::from(random.u8(..16))];
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
