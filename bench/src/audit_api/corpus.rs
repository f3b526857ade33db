//! Events as a gateway sends them, as many as one wants, each of its own.
//!
//! A prompt of a kilobyte, an answer of half of one, and the gateway's metadata: 3 KB together. Words
//! are as frequent as in a language: the second half as frequent as the first, and so on.

use std::fmt::Write;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};

/// Events in a batch, all of one worker of a gateway.
pub const BATCH: u64 = 100;

/// Users, each of whom makes calls.
pub const USERS: u64 = 5_000;

/// Calls in a session.
pub const SESSION: u64 = 20;

/// Microseconds between two calls: two million are a month and a half.
const GAP_MICROS: u64 = 2_000_000;

/// 2025-02-01T00:00:00Z.
const START_MICROS: i64 = 1_738_368_000_000_000;

const VOCABULARY: u64 = 50_000;

/// Each as frequent as another.
pub const DECISIONS: [&str; 4] = ["loan_underwriting", "support", "triage", "screening"];
/// Each as frequent as another.
pub const OUTCOMES: [&str; 3] = ["approved", "denied", "referred"];
/// Provider and model, each as frequent as another.
pub const MODELS: [(&str, &str); 4] = [
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-4-turbo"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-flash"),
];

/// A batch of [`BATCH`] events, the first of which has this number.
pub fn batch(first: u64) -> Bytes {
    let mut body = String::new();
    for number in first..first + BATCH {
        event(&mut body, number);
        body.push('\n');
    }
    body.into()
}

/// Appends the event of this number. The same number gives the same event.
fn event(body: &mut String, number: u64) {
    let mut dice = Dice(number);
    let (user, session) = (user(number), session(number));
    let (provider, model) = MODELS[dice.below(4)];
    let (decision, outcome) = (DECISIONS[dice.below(4)], OUTCOMES[dice.below(3)]);
    let (hash, time) = (prompt_hash(number), timestamp(number));
    let risk = ["low", "low", "low", "medium", "high"][dice.below(5)];
    let tag = ["FCRA", "HIPAA", "GDPR"][dice.below(3)];
    let state = if number.is_multiple_of(50) {
        "upstream_error"
    } else {
        "complete"
    };
    // A gateway's worker sends batches of its own.
    let batch = number / BATCH;
    let (writer, seq) = (batch % 4, batch / 4 * BATCH + number % BATCH + 1);
    write!(
        body,
        r#"{{"request_id":"{}","timestamp":"{time}","duration_ms":{},"user_id":"{user}","session_id":"{session}","organization_id":"org_bench","prompt_hash":"{hash}","prompt_content":""#,
        request_id(number),
        dice.below(4000),
    )
    .unwrap_or_default();
    text(body, &mut dice, 160);
    body.push_str(r#"","prompt_tokens":210,"response_content":""#);
    text(body, &mut dice, 80);
    write!(
        body,
        r#"","response_tokens":104,"model_provider":"{provider}","model_name":"{model}","model_parameters":{{"temperature":0.3}},"decision_type":"{decision}","decision_outcome":"{outcome}","compliance_tags":["SOC2","{tag}"],"risk_level":"{risk}","metadata":{{"audit_layer":{{"schema":"audit-layer/1","writer":{{"id":"bench{writer}","seq":{seq}}},"completion":{{"state":"{state}","http_status":200,"finish_reasons":["stop"],"flags":[],"details":"via_upstream"}},"usage":{{"source":"reported","input_tokens":210,"output_tokens":104,"cache_read":64,"reasoning":8}},"timing":{{"first_byte_ms":320}},"response":{{"id":"chatcmpl-{number}","model":"{model}","hash":"{hash}","tool_calls":[]}},"capture":{{"api":"openai.chat_completions","streamed":false,"request_bytes":1301,"response_bytes":980,"content":"full","truncated":false,"notes":[]}},"gateway":{{"host":"api.openai.com","method":"POST","path":"/v1/chat/completions","route":"llm","cluster":"openai","plugin":"audit-layer/0.1.0"}}}}}}}}"#
    )
    .unwrap_or_default();
}

fn text(body: &mut String, dice: &mut Dice, words: u64) {
    for number in 0..words {
        if number > 0 {
            body.push(' ');
        }
        word(body, dice.rank());
    }
}

/// Appends the word of this rank: letters that are nothing but its number, so that none is another.
pub fn word(body: &mut String, rank: u64) {
    let mut rest = rank + 26;
    while rest > 0 {
        body.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
    }
    body.push_str("en");
}

/// A word that stands in about one of a thousand events.
pub fn rare_word(dice: &mut Dice) -> String {
    let mut text = String::new();
    word(&mut text, VOCABULARY / 2 + dice.roll() % (VOCABULARY / 2));
    text
}

/// Who made the call of this number.
pub fn user(number: u64) -> String {
    format!("user_{}", Dice(number / SESSION).roll() % USERS)
}

/// The session of the call of this number.
pub fn session(number: u64) -> String {
    format!("session_{:016x}", Dice(number / SESSION + 7).roll())
}

/// The request_id of the call of this number.
pub fn request_id(number: u64) -> String {
    format!("0194c10f-6840-7000-8000-{number:012x}")
}

/// The prompt's hash of the call of this number.
pub fn prompt_hash(number: u64) -> String {
    let mut dice = Dice(number ^ 0xabcd_ef01);
    let mut hash = String::from("sha256:");
    for _ in 0..4 {
        write!(hash, "{:016x}", dice.roll()).unwrap_or_default();
    }
    hash
}

/// RFC 3339, with microseconds.
pub fn timestamp(number: u64) -> String {
    let micros = number * GAP_MICROS + Dice(number).roll() % GAP_MICROS;
    let time = DateTime::from_timestamp_micros(START_MICROS + micros.cast_signed());
    time.unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Numbers that look random and are the same in every run: SplitMix64.
/// <https://prng.di.unimi.it/splitmix64.c>
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> usize {
        (self.roll() % end) as usize
    }

    /// The rank of a word: each doubling of it is as frequent as the one before.
    fn rank(&mut self) -> u64 {
        let share = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        (VOCABULARY as f64).powf(share) as u64
    }
}
