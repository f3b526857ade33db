//! What a recorded response says of tokens, found without reading its format: every member whose
//! name speaks of tokens and whose value is a number, wherever it stands.
//!
//! It knows less than the core, and errs otherwise than the core would.

use std::io::Read as _;

use audit_layer_tests::recordings::Recording;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

/// The counts of a response, in their order.
pub(super) struct Stated(Vec<(String, u64)>);

impl Stated {
    pub(super) fn of(recording: &Recording) -> Self {
        let mut counts = Vec::new();
        for (name, value) in recording.response_headers() {
            if let (true, Ok(count)) = (is_count(&name), value.parse()) {
                counts.push((name, count));
            }
        }
        numbers(&plain(recording), &mut counts);
        Self(counts)
    }

    /// Whether there is any count.
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// The last total.
    pub(super) fn total(&self) -> Option<u64> {
        let is_total = |name: &str| {
            let name = name.to_ascii_lowercase().replace('_', "");
            ["totaltokens", "totaltokencount"].contains(&name.as_str())
        };
        let mut totals = self.0.iter().filter(|(name, _)| is_total(name));
        totals.next_back().map(|(_, total)| *total)
    }
}

/// Whether a member of this name counts tokens that were used; `max_tokens` and `budget_tokens`
/// repeat what was asked for.
fn is_count(name: &str) -> bool {
    const ENDS: [&str; 3] = ["tokens", "tokencount", "evalcount"];
    const ASKED_FOR: [&str; 2] = ["max", "budget"];
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    // Aleph Alpha's names begin so.
    (name.starts_with("numtokens") || ENDS.iter().any(|end| name.ends_with(end)))
        && !ASKED_FOR.iter().any(|start| name.starts_with(start))
        && !name.contains("ratelimit")
}

/// The response as text: decompressed, and with the text in it that Bedrock sends as base64.
fn plain(recording: &Recording) -> String {
    let mut bytes = Vec::new();
    // What is not gzip gives an error and no bytes.
    if GzDecoder::new(recording.response())
        .read_to_end(&mut bytes)
        .is_err()
        && bytes.is_empty()
    {
        bytes = recording.response().to_owned();
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let within = text.split(r#""bytes":""#).skip(1).filter_map(|rest| {
        let bytes = STANDARD.decode(rest.split('"').next()?).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    let within: Vec<String> = within.collect();
    [text, within.join("\n")].join("\n")
}

/// The numbers of members that count tokens. A name within a string cannot be taken for one, as
/// its quotes have backslashes.
fn numbers(text: &str, counts: &mut Vec<(String, u64)>) {
    let mut rest = text;
    while let Some((name, after)) = next_member(rest) {
        let value = after.trim_start();
        let digits = value
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(value.len());
        if let (true, Ok(count)) = (is_count(name), value[..digits].parse()) {
            counts.push((name.to_owned(), count));
        }
        rest = after;
    }
}

/// The next name of a member, and what follows its colon.
fn next_member(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let colon = from + text.get(from..)?.find(':')?;
        from = colon + 1;
        let before = text[..colon].trim_end();
        let Some(name) = before.strip_suffix('"') else {
            continue;
        };
        let name = name.rsplit('"').next()?;
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Some((name, &text[from..]));
        }
    }
}
