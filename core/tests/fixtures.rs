//! Every format on exchanges written by hand: `core/fixtures/<format>/<case>.http` and the event
//! that is expected of it, `<case>.json`. `UPDATE_FIXTURES=1` writes the events anew.

#[path = "fixtures/canaries.rs"]
mod canaries;
#[path = "fixtures/conversation.rs"]
mod conversation;
#[path = "fixtures/http.rs"]
mod http;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use audit_layer_core::api::FORMATS;
use serde_json::Value;

use self::http::Fixture;

/// What each format is shown to do.
const CASES: [&str; 5] = ["error", "plain", "streamed", "tool_call", "truncated"];

/// What a format does not have at all.
const LACKS: &[(&str, &[&str])] = &[
    ("aleph_alpha.complete", &["tool_call"]),
    ("replicate.predictions", &["streamed", "tool_call"]),
    ("anthropic.complete", &["tool_call"]),
    ("batch", &["streamed", "tool_call", "truncated"]),
    ("bedrock.agentcore", &["tool_call"]),
    // Without results there is no event.
    ("batch.results", &["error"]),
    (
        "bedrock.invoke_bidirectional",
        &["error", "streamed", "tool_call", "truncated"],
    ),
    ("bedrock.invoke_flow", &["tool_call"]),
    ("bedrock.retrieve", &["streamed", "tool_call"]),
    ("bedrock.retrieve_and_generate", &["tool_call"]),
    ("cohere.embed", &["streamed", "tool_call"]),
    ("cohere.generate", &["tool_call"]),
    ("cohere.rerank", &["streamed", "tool_call"]),
    ("dashscope.decisions", &["streamed", "tool_call"]),
    ("dashscope.embed", &["streamed", "tool_call"]),
    ("dashscope.rerank", &["streamed", "tool_call"]),
    ("google.decisions", &["streamed", "tool_call"]),
    ("google.embed_content", &["streamed", "tool_call"]),
    ("google.predict", &["streamed", "tool_call"]),
    ("grpc", &["error", "streamed", "tool_call", "truncated"]),
    ("llama_cpp.completion", &["tool_call"]),
    ("ollama.embed", &["streamed", "tool_call"]),
    ("openai.decisions", &["streamed", "tool_call"]),
    ("google.operations", &["streamed", "tool_call"]),
    ("mistral.ocr", &["streamed", "tool_call"]),
    ("openai.videos", &["streamed", "tool_call"]),
    ("voyage.embed", &["streamed", "tool_call"]),
    ("openai.embeddings", &["streamed", "tool_call"]),
    ("openai.images", &["tool_call"]),
    ("openai.moderations", &["streamed", "tool_call"]),
    ("openai.speech", &["tool_call"]),
    ("openai.threads", &["streamed", "tool_call"]),
    ("openai.transcriptions", &["tool_call"]),
    ("stability.images", &["streamed", "tool_call"]),
    ("tgi.generate", &["tool_call"]),
    ("token_count", &["streamed", "tool_call", "truncated"]),
    ("unknown", &["error", "streamed", "tool_call", "truncated"]),
    ("watsonx.text_generation", &["tool_call"]),
    ("webrtc", &["error", "streamed", "tool_call", "truncated"]),
    (
        "websocket",
        &["error", "streamed", "tool_call", "truncated"],
    ),
];

#[test]
fn each_exchange_gives_its_event_however_it_is_cut() {
    let mut wrong = Vec::new();
    for path in fixtures() {
        let fixture = Fixture::read(&path);
        let event = fixture.event(usize::MAX);
        for piece in [1, 7] {
            assert_eq!(
                fixture.event(piece),
                event,
                "{} in pieces of {piece}",
                path.display()
            );
        }
        let golden = path.with_extension("json");
        let text = format!("{:#}\n", without_nulls(event));
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if expected != text {
            eprintln!("{}:\n{text}", path.display());
            wrong.push(path);
        }
    }
    assert!(
        wrong.is_empty(),
        "other events than expected: {wrong:?}; where they are right, run with UPDATE_FIXTURES=1"
    );
}

#[test]
fn each_format_has_its_cases() {
    for format in FORMATS {
        let folder = folder().join(format.name);
        let (_, lacks) = LACKS
            .iter()
            .find(|(name, _)| *name == format.name)
            .copied()
            .unwrap_or_default();
        for case in CASES.into_iter().filter(|case| !lacks.contains(case)) {
            let path = folder.join(case).with_extension("http");
            assert!(path.exists(), "{} is missing", path.display());
            let event: Value =
                serde_json::from_str(&fs::read_to_string(path.with_extension("json")).unwrap())
                    .unwrap();
            let read_as = &event["metadata"]["audit_layer"]["capture"]["api"];
            assert_eq!(read_as, format.name, "{}", path.display());
        }
    }
}

#[test]
fn no_event_and_no_folder_stands_alone() {
    let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name).collect();
    for folder in entries(&folder()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(names.contains(name), "{name} is no format");
        for path in entries(&folder) {
            assert!(path.with_extension("http").exists(), "{}", path.display());
        }
    }
}

/// What an event says, without the members that say nothing.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        value => value,
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures() -> Vec<PathBuf> {
    let files = entries(&folder()).into_iter().flat_map(|it| entries(&it));
    files
        .filter(|path| path.extension().is_some_and(|it| it == "http"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
