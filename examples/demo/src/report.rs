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

/// The event recorded for a call.
pub(crate) fn event(event: &Value) {
    let audit_layer = &event["metadata"]["audit_layer"];
    let state = text(&audit_layer["completion"]["state"]);
    let style = if state == "complete" { GOOD } else { BAD };
    println!(
        "   {DIM}{:<9}{DIM:#} {style}{state}{style:#} {}",
        "event",
        text(&event["request_id"])
    );
    fact(
        "when",
        &format!("{}, {} ms", text(&event["timestamp"]), event["duration_ms"]),
    );
    let session = text(&event["session_id"]);
    fact(
        "who",
        &format!("{}  session {session}", text(&event["user_id"])),
    );
    fact("decision", &decision(event));
    fact("model", &model(event));
    let source = text(&audit_layer["usage"]["source"]);
    let (input, output) = (&event["prompt_tokens"], &event["response_tokens"]);
    fact("tokens", &format!("{input} in, {output} out ({source})"));
    fact("prompt", &content(&event["prompt_content"]));
    fact("", text(&event["prompt_hash"]));
    fact("response", &content(&event["response_content"]));
    let details = text(&audit_layer["completion"]["details"]);
    if state != "complete" {
        fact(
            "details",
            &format!("{details} {}", list(&audit_layer["completion"]["flags"])),
        );
    }
    if let Some(message) = audit_layer["completion"]["error"]["message"].as_str() {
        let kind = text(&audit_layer["completion"]["error"]["type"]);
        fact("error", &format!("{kind}: {message}"));
    }
    let notes = list(&audit_layer["capture"]["notes"]);
    if !notes.is_empty() {
        fact("notes", &notes);
    }
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
    println!("             {DIM}{name:<9}{DIM:#} {value}");
}

fn content(value: &Value) -> String {
    match text(value) {
        "" => "(empty)".to_owned(),
        text => shortened(text),
    }
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

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("–")
}

fn list(value: &Value) -> String {
    let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
    elements
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

const WIDTH_MAX: usize = 96;
