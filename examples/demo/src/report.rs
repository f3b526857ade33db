//! Calls and events as a person reads them.

use anstream::println;
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::calls::Exchange;

/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What needs attention.
pub(crate) const BAD: Style = AnsiColor::Yellow.on_default().bold();
/// What is wrong with the demo itself.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What can be skipped.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What to read first.
pub(crate) const TITLE: Style = Style::new().bold();
/// What can be copied.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();

/// What was asked and what came.
pub(crate) fn call(number: usize, exchange: &Exchange) {
    let Exchange {
        title,
        status,
        took,
        pieces,
        ..
    } = exchange;
    let style = if *status == 200 { GOOD } else { BAD };
    let pieces = if *pieces > 1 {
        format!(", {pieces} pieces")
    } else {
        String::new()
    };
    println!();
    println!(
        "{TITLE}{number}  {title}{TITLE:#}  {style}{status}{style:#} {DIM}{} ms{pieces}{DIM:#}",
        took.as_millis(),
    );
    line("asked", exchange.question);
    line("answered", &exchange.answer);
}

/// A call that somebody else made, as far as its event tells.
pub(crate) fn visitor(event: &Value) {
    let audit_layer = &event["metadata"]["audit_layer"];
    let gateway = &audit_layer["gateway"];
    let (method, path) = (text(&gateway["method"]), text(&gateway["path"]));
    let status = &audit_layer["completion"]["http_status"];
    let client = shortened(text(&gateway["user_agent"]));
    println!();
    println!(
        "{TITLE}{method} {}{TITLE:#}  {status} {DIM}{client}{DIM:#}",
        shortened(path)
    );
}

/// The event recorded for a call.
pub(crate) fn event(event: &Value) {
    let audit_layer = &event["metadata"]["audit_layer"];
    let state = text(&audit_layer["completion"]["state"]);
    let style = if state == "complete" { GOOD } else { BAD };
    let id = text(&event["request_id"]);
    println!("   {DIM}{:<9}{DIM:#} {style}{state}{style:#} {id}", "event");
    fact(
        "when",
        &format!("{}, {} ms", text(&event["timestamp"]), event["duration_ms"]),
    );
    fact("who", &who(event));
    fact("decision", &decision(event));
    fact("model", &model(event));
    let source = text(&audit_layer["usage"]["source"]);
    let (input, output) = (&event["prompt_tokens"], &event["response_tokens"]);
    fact("tokens", &format!("{input} in, {output} out ({source})"));
    fact("prompt", text(&event["prompt_content"]));
    fact("", text(&event["prompt_hash"]));
    fact("response", text(&event["response_content"]));
    observations(audit_layer);
}

/// What an auditor reads of a sealed event.
pub(crate) fn opened(event: &Value) {
    println!("   {DIM}{:<9}{DIM:#} with the auditor's key", "opened");
    fact("prompt", text(&event["prompt_content"]));
    fact("response", text(&event["response_content"]));
}

/// What is worth a line only when it is there.
fn observations(audit_layer: &Value) {
    let completion = &audit_layer["completion"];
    for call in elements(&audit_layer["response"]["tool_calls"]) {
        fact(
            "tool",
            &format!("{} {}", text(&call["name"]), text(&call["arguments"])),
        );
    }
    if completion["state"] != "complete" {
        let details = text(&completion["details"]);
        fact(
            "details",
            &format!("{details} {}", list(&completion["flags"])),
        );
    }
    let error = &completion["error"];
    if !error.is_null() {
        fact(
            "error",
            &format!("{}: {}", text(&error["type"]), text(&error["message"])),
        );
    }
    let capture = &audit_layer["capture"];
    if !elements(&capture["rules"]).is_empty() {
        fact("rules", &list(&capture["rules"]));
    }
    let recipients = elements(&audit_layer["sealed"]["recipients"]).iter();
    let recipients: Vec<_> = recipients.map(|key| text(&key["key_id"])).collect();
    if !recipients.is_empty() {
        fact("sealed", &format!("for the key {}", recipients.join(", ")));
    }
    if let Some(kinds) = capture["redacted"].as_object() {
        let kinds = kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        fact("redacted", &kinds.collect::<Vec<_>>().join(", "));
    }
    if !elements(&audit_layer["capture"]["notes"]).is_empty() {
        fact("notes", &list(&audit_layer["capture"]["notes"]));
    }
}

fn who(event: &Value) -> String {
    format!(
        "{}  session {}",
        text(&event["user_id"]),
        text(&event["session_id"])
    )
}

fn decision(event: &Value) -> String {
    let kind = text(&event["decision_type"]);
    format!(
        "{kind}  tags {}  risk {}",
        list(&event["compliance_tags"]),
        text(&event["risk_level"])
    )
}

fn model(event: &Value) -> String {
    let asked = format!(
        "{} {}",
        text(&event["model_provider"]),
        text(&event["model_name"])
    );
    let response = &event["metadata"]["audit_layer"]["response"];
    match response["model"].as_str() {
        Some(answered) if event["model_name"] != answered => {
            format!("{asked}, answered by {answered}")
        }
        _ => asked,
    }
}

fn line(name: &str, value: &str) {
    println!("   {DIM}{name:<9}{DIM:#} {}", shortened(value));
}

fn fact(name: &str, value: &str) {
    println!("             {DIM}{name:<9}{DIM:#} {}", shortened(value));
}

/// One line that fits a screen, whatever came; control characters must not reach the terminal.
fn shortened(value: &str) -> String {
    let clean = |c: char| {
        if c == '\n' {
            '⏎'
        } else if c.is_control() {
            '·'
        } else {
            c
        }
    };
    let mut short: String = value.chars().map(clean).take(WIDTH_MAX).collect();
    if value.chars().nth(WIDTH_MAX).is_some() {
        short.push('…');
    }
    short
}

/// What is missing and what is empty look the same to a reader.
fn text(value: &Value) -> &str {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .unwrap_or("–")
}

fn list(value: &Value) -> String {
    let texts: Vec<&str> = elements(value).iter().map(text).collect();
    if texts.is_empty() {
        "–".to_owned()
    } else {
        texts.join(", ")
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

const WIDTH_MAX: usize = 96;
