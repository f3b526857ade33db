//! An independent reading: the vendors' own Python packages read the recorded bytes, and what they
//! make of them is in the event.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::recordings::{self, Recording, native};
use audit_layer_tests::replay::Replay;
use audit_layer_tests::{python, workspace};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture::run;

/// Bytes of a piece of a stream.
const PIECE: usize = 1021;

#[test]
fn recorded_answers_of_openai_are_what_its_package_reads() -> Result<()> {
    check(&Vendor {
        script: "replayed_openai.py",
        kind: openai,
        least: 800,
    })
}

#[test]
fn recorded_answers_of_anthropic_are_what_its_package_reads() -> Result<()> {
    check(&Vendor {
        script: "replayed_anthropic.py",
        kind: |recording| (recording.api == "anthropic-messages").then_some("message"),
        least: 100,
    })
}

#[test]
fn recorded_answers_of_gemini_are_what_googles_package_reads() -> Result<()> {
    check(&Vendor {
        script: "replayed_google.py",
        kind: gemini,
        least: 50,
    })
}

#[test]
fn recorded_answers_of_bedrock_are_what_boto3_reads() -> Result<()> {
    check(&Vendor {
        script: "replayed_bedrock.py",
        kind: bedrock,
        least: 80,
    })
}

/// A vendor's package.
struct Vendor {
    script: &'static str,
    /// Which of the package's interfaces reads the answer; `None` if it is not the vendor's.
    kind: fn(&Recording) -> Option<&'static str>,
    /// How many answers must be compared, lest the test passes by comparing nothing.
    least: usize,
}

fn openai(recording: &Recording) -> Option<&'static str> {
    let (_, api) = ["openai-like-", "openai-", "azure-"]
        .iter()
        .find_map(|vendor| Some((vendor, recording.api.strip_prefix(vendor)?)))?;
    Some(match api {
        "chat-completions" => "chat",
        "completions" => "completion",
        "embeddings" => "embedding",
        "responses" => "response",
        _ => return None,
    })
}

fn gemini(recording: &Recording) -> Option<&'static str> {
    let is_content = [
        "gemini-generateContent",
        "gemini-streamGenerateContent",
        "vertex-generateContent",
        "vertex-streamGenerateContent",
    ]
    .contains(&recording.api.as_str());
    // The package asks for events; it does not read the older form, an array that comes in pieces.
    let is_array = recording.streaming.as_deref() == Some("json-array");
    (is_content && !is_array).then_some("content")
}

fn bedrock(recording: &Recording) -> Option<&'static str> {
    Some(match recording.api.as_str() {
        "bedrock-converse" | "bedrock-converse-stream" => "converse",
        "bedrock-invoke" | "bedrock-invoke-stream" => "invoke",
        _ => return None,
    })
}

fn check(vendor: &Vendor) -> Result<()> {
    let Some(recordings) = recordings::all()? else {
        return Ok(());
    };
    run(async {
        let mut tally = Tally::default();
        for reading in read(vendor, recordings).await? {
            let recording = recordings.get(reading.number).context("a number of ours")?;
            let event = native::event(recording, usize::MAX)?.context("was audited before")?;
            tally.compare(recording, &reading, &event);
        }
        println!("{}: {tally}", vendor.script);
        tally.verdict(vendor.least)
    })
}

/// What the package makes of every answer that is the vendor's and has an event.
async fn read(vendor: &Vendor, recordings: &'static [Recording]) -> Result<Vec<Reading>> {
    let replay = Replay::start(recordings, PIECE).await?;
    let mut cases = Vec::new();
    for recording in recordings {
        let Some(kind) = (vendor.kind)(recording) else {
            continue;
        };
        if native::event(recording, usize::MAX)?.is_some() {
            let stream = recording.streaming.is_some();
            cases.push(json!({ "number": recording.number, "kind": kind, "stream": stream }));
        }
    }
    let folder = workspace::scratch()?;
    let file = folder.path().join("cases.json");
    std::fs::write(&file, Value::from(cases).to_string())?;
    let file = file.to_str().context("a path that is not UTF-8")?;
    let url = format!("http://{}", replay.address());
    let printed = python::run(vendor.script, &[&url, file]).await?;
    printed
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// What a package made of an answer.
#[derive(Debug, Deserialize)]
struct Reading {
    number: usize,
    texts: Vec<String>,
    tool_calls: Vec<(Option<String>, String, Value)>,
    finish_reasons: Vec<String>,
    usage: Option<(Option<u64>, Option<u64>)>,
    /// Whether the answer reports an error.
    error: bool,
    /// Why the package cannot read what the vendor sent.
    unreadable: Option<String>,
}

/// Answers of which the event says more than the package: items that came in pieces and that the
/// last event does not repeat, and tokens of compactions and advisors, which stand beside the sums.
const SAYS_MORE: [(&str, &str); 8] = [
    (
        "vercel-ai:packages/azure/src/__fixtures__/azure-reasoning-encrypted-content.1.chunks.txt#0",
        "tool calls",
    ),
    (
        "vercel-ai:packages/openai/src/responses/__fixtures__/openai-client-tool-search.1.chunks.txt#0",
        "tool calls",
    ),
    (
        "vercel-ai:packages/openai/src/responses/__fixtures__/openai-reasoning-encrypted-content.1.chunks.txt#0",
        "tool calls",
    ),
    (
        "vercel-ai:packages/openai/src/responses/__fixtures__/openai-shell-tool.1.chunks.txt#0",
        "tool calls",
    ),
    (
        "vercel-ai:packages/anthropic/src/__fixtures__/anthropic-advisor-20250301.1.chunks.txt#0",
        "usage",
    ),
    (
        "vercel-ai:packages/anthropic/src/__fixtures__/anthropic-advisor-20260301.1.json#0",
        "usage",
    ),
    (
        "vercel-ai:packages/anthropic/src/__fixtures__/anthropic-compaction.1.chunks.txt#0",
        "usage",
    ),
    (
        "vercel-ai:packages/anthropic/src/__fixtures__/anthropic-compaction.1.json#0",
        "usage",
    ),
];

/// What was compared, and what differs.
#[derive(Default)]
struct Tally {
    compared: BTreeMap<&'static str, usize>,
    /// Reasons why the package could not read an answer, each with how many and one of them.
    unreadable: BTreeMap<String, (usize, String)>,
    differences: Vec<String>,
}

impl Tally {
    fn compare(&mut self, recording: &Recording, reading: &Reading, event: &Value) {
        if let Some(reason) = &reading.unreadable {
            let found = self.unreadable.entry(reason.clone());
            found.or_insert_with(|| (0, recording.id())).0 += 1;
            return;
        }
        self.count("answers");
        let own = &event["metadata"]["audit_layer"];
        let error = !own["completion"]["error"].is_null();
        if reading.error || error {
            self.check("errors", recording, &reading.error, &error);
            return;
        }
        self.check("texts", recording, &reading.texts(), &texts(event));
        self.check(
            "tool calls",
            recording,
            &reading.tool_calls,
            &reading.calls_of(own),
        );
        let reasons: Vec<String> = strings(&own["completion"]["finish_reasons"]);
        self.check(
            "finish reasons",
            recording,
            &reading.finish_reasons,
            &reasons,
        );
        self.check("usage", recording, &reading.usage, &usage(own));
    }

    fn check<T: PartialEq + fmt::Debug + Holds>(
        &mut self,
        what: &'static str,
        recording: &Recording,
        package: &T,
        event: &T,
    ) {
        let says_more = SAYS_MORE.contains(&(recording.id().as_str(), what));
        if says_more {
            if package == event {
                let differs = format!("{recording:?}: {what} no longer differ");
                self.differences.push(differs);
            }
            self.count("answers of which the event says more");
        } else if package != event {
            self.differences.push(format!(
                "{recording:?}: {what}\n  package {package:?}\n  event   {event:?}"
            ));
        } else if package.holds() {
            self.count(what);
        }
    }

    /// Fails where anything differs, and where too little was compared.
    fn verdict(&self, least: usize) -> Result<()> {
        ensure!(
            self.differences.is_empty(),
            "{}",
            self.differences.join("\n")
        );
        for what in [
            "answers",
            "errors",
            "texts",
            "tool calls",
            "finish reasons",
            "usage",
        ] {
            let count = self.compared.get(what).copied().unwrap_or(0);
            let least = if what == "answers" { least } else { 1 };
            ensure!(count >= least, "only {count} {what} were compared");
        }
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        *self.compared.entry(what).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "equal in {:?}", self.compared)?;
        for (reason, (count, one)) in &self.unreadable {
            write!(
                formatter,
                "\n  {count} not for the package: {reason}, as {one}"
            )?;
        }
        Ok(())
    }
}

/// Whether there is anything to compare: that two have nothing is no evidence.
trait Holds {
    fn holds(&self) -> bool;
}

impl Holds for bool {
    fn holds(&self) -> bool {
        *self
    }
}

impl<T> Holds for Option<T> {
    fn holds(&self) -> bool {
        self.is_some()
    }
}

impl<T> Holds for Vec<T> {
    fn holds(&self) -> bool {
        !self.is_empty()
    }
}

impl Reading {
    /// As an event has them: a single text even if there is none.
    fn texts(&self) -> Vec<String> {
        match &self.texts[..] {
            [] => vec![String::new()],
            texts => texts.to_vec(),
        }
    }

    /// The event's calls of tools, without arguments where the package has no value for them.
    fn calls_of(&self, own: &Value) -> Vec<(Option<String>, String, Value)> {
        let known = self
            .tool_calls
            .iter()
            .map(|(_, _, arguments)| !arguments.is_null());
        let known = known.chain(std::iter::repeat(true));
        let calls = own["response"]["tool_calls"].as_array();
        let calls = calls.into_iter().flatten().zip(known);
        calls
            .map(|(call, is_known)| {
                let id = call["id"].as_str().map(str::to_owned);
                let arguments = is_known.then(|| arguments(call));
                (id, string(&call["name"]), arguments.unwrap_or_default())
            })
            .collect()
    }
}

/// The text of every choice.
fn texts(event: &Value) -> Vec<String> {
    let choices = &event["metadata"]["audit_layer"]["response"]["choices"];
    match choices.as_array() {
        Some(choices) => choices
            .iter()
            .map(|choice| string(&choice["content"]))
            .collect(),
        None => vec![string(&event["response_content"])],
    }
}

/// The arguments of a call as a value.
fn arguments(call: &Value) -> Value {
    match call["arguments"].as_str().unwrap_or_default() {
        "" => json!({}),
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

fn usage(own: &Value) -> Option<(Option<u64>, Option<u64>)> {
    let usage = &own["usage"];
    let counts = (
        usage["input_tokens"].as_u64(),
        usage["output_tokens"].as_u64(),
    );
    (usage["source"] != "absent").then_some(counts)
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(string).collect()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
