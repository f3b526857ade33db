//! What a content level forbids is nowhere: not in the event, not in the proxy's log at its most talkative, and not
//! in its statistics.

use anyhow::{Context, Result};
use audit_layer_core::sealing::{self, PrivateKey};
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::sample_llm::script::Script;
use audit_layer_tests::stack::{Options, Stack};
use serde_json::{Value, json};

use crate::call::{Call, OPENAI};
use crate::fixture::run;

/// Words of prompt and answer, and something sensitive.
const WORDS: &str = "canary-words";
const EMAIL: &str = "canary.person@example.com";

/// Each level, and what it forbids.
const LEVELS: [(&str, &[&str]); 4] = [
    ("redacted", &[EMAIL]),
    ("sealed", &[EMAIL, WORDS]),
    ("hash", &[EMAIL, WORDS]),
    ("none", &[EMAIL, WORDS]),
];

#[test]
fn what_a_level_forbids_is_in_no_event_no_log_and_no_statistic() -> Result<()> {
    run(async {
        let stack = Stack::start(&Options {
            change: levels_by_header,
            ..Options::default()
        })
        .await?;
        stack.envoy.command("logging?level=trace").await?;
        for (level, forbidden) in LEVELS {
            for script in answers() {
                let said = format!("{WORDS} {EMAIL}");
                let body = json!({
                    "model": "m", "stop": [said],
                    "messages": [{"role": "user", "content": said}],
                });
                let name = stack.sample.script(script);
                let call = Call::new(OPENAI, body.to_string())
                    .header("x-level", level)
                    .scripted(&name);
                let event = call.through(&stack).await?.event(&stack).await?;
                assert_eq!(
                    event["metadata"]["audit_layer"]["capture"]["content"],
                    level
                );
                let rules = &event["metadata"]["audit_layer"]["capture"]["rules"];
                assert_eq!(rules, &json!([level]));
                for word in forbidden {
                    assert!(!event.to_string().contains(word), "{level}: {event}");
                }
                let opened = sealing::open(&event.to_string(), &[key()?])?;
                assert_eq!(opened.is_some(), level == "sealed", "{event}");
                if let Some(opened) = opened {
                    assert!(opened.event.contains(WORDS) && opened.event.contains(EMAIL));
                }
            }
        }
        // On no level is either in the log: events are delivered, and nothing else has content.
        let statistics = stack.envoy.prometheus().await?;
        let log = stack.envoy.log_text();
        assert!(
            log.contains("[trace]"),
            "the log is not at its most talkative"
        );
        for word in [EMAIL, WORDS] {
            assert!(!statistics.contains(word), "{word}");
            let line = log.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{word}");
        }
        Ok(())
    })
}

/// An auditor's private key.
fn key() -> Result<PrivateKey> {
    let key = PrivateKey::generate(|bytes| {
        bytes.fill(1);
        true
    });
    key.context("no key")
}

/// A rule for each level, by a header.
fn levels_by_header(configuration: &mut Configuration) -> Result<()> {
    let public_key = key()?.public_key().to_string();
    configuration.plugin(|plugin| {
        let rules = LEVELS.map(|(level, _)| {
            json!({"name": level, "match": {"header": {"x-level": level}}, "content": level})
        });
        plugin["capture"] = json!({"content": "none", "hash_key": "k"});
        plugin["rules"] = json!(rules);
        plugin["seal"] = json!({"recipients": [{"public_key": public_key}]});
    })?;
    Ok(())
}

/// An answer, a stream in which the words are split, and an error.
fn answers() -> [Script; 3] {
    let said = format!("{WORDS} {EMAIL}");
    let message = json!({
        "content": said, "refusal": said, "reasoning_content": said,
        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": json!({"to": said}).to_string()}}],
    });
    let plain = json!({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]});
    let pieces = said.as_bytes().chunks(5).map(|piece| {
        let piece = String::from_utf8_lossy(piece);
        let event: Value = json!({"choices": [{"index": 0, "delta": {"content": piece}}]});
        format!("data: {event}\n\n").into()
    });
    let error = json!({"error": {"type": "invalid_request_error", "message": said}});
    [
        Script::plain(200, "application/json", plain.to_string()),
        Script::streamed("text/event-stream", pieces.collect()),
        Script::plain(400, "application/json", error.to_string()),
    ]
}
