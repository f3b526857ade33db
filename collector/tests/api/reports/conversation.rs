//! The prompt of a report on one event, turn by turn.

use serde_json::{Value, json};

use super::{call, decision, erase, report, sha256};
use crate::program::{Folder, Program};

const PROMPT: &str = "Du bist kurz – 简短.\nWie ist das Wetter?\n[image_url \
    sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff]\n12 °C";

/// What stands in a prompt at these words.
fn words(text: &str) -> Value {
    let at = PROMPT.find(text).unwrap();
    json!({"at": at, "bytes": text.len()})
}

fn part(message: u64, role: &str, kind: &str, more: Value) -> Value {
    let mut part = json!({"message": message, "role": role, "kind": kind});
    let Value::Object(more) = more else {
        panic!("members are an object")
    };
    part.as_object_mut().unwrap().extend(more);
    part
}

fn parts() -> Value {
    json!([
        part(0, "system", "text", words("Du bist kurz – 简短.")),
        part(1, "user", "text", words("Wie ist das Wetter?")),
        part(
            1,
            "user",
            "media",
            json!({"type": "image/png", "bytes": 6_000_000, "hash": sha256("png")})
        ),
        part(
            2,
            "assistant",
            "reasoning",
            json!({"text": "I need the weather."})
        ),
        part(
            2,
            "assistant",
            "tool_call",
            json!({"id": "call_7", "name": "weather", "arguments": "{\"city\":\"Bonn\"}"})
        ),
        part(
            3,
            "tool",
            "tool_result",
            json!({"id": "call_7", "at": PROMPT.find("12 °C"), "bytes": 6})
        ),
        part(
            4,
            "user",
            "media",
            json!({"type": "application/pdf", "reference": "file-abc"})
        ),
    ])
}

/// An event with this prompt.
fn with_prompt(id: &str, prompt: Value) -> Value {
    let mut event = call(
        id,
        1,
        json!({"prompt_content": PROMPT, "prompt_hash": sha256(PROMPT)}),
    );
    event["metadata"]["audit_layer"]["prompt"] = prompt;
    event
}

async fn program_with(prompt: Value) -> Program {
    let program = Program::start().await;
    program.record(&with_prompt("r", prompt)).await;
    program
}

#[tokio::test]
async fn every_format_tells_the_conversation_turn_by_turn() {
    let program = program_with(json!({"hash": sha256("all"), "parts": parts()})).await;
    for format in ["pdf", "html", "csv"] {
        let document = report(&program, decision("r", format)).await;
        let text = match format {
            "pdf" => document.words(),
            _ => document.text().to_owned(),
        };
        for expected in [
            "Turn 1: system",
            "Turn 2: user",
            "Turn 3: assistant",
            "Turn 4: tool",
            "Turn 5: user",
            "Wie ist das Wetter?",
            "12 °C",
            "I need the weather.",
            "Tool call",
            "Tool result",
            "Reasoning",
            "call_7",
            "weather",
            "Bonn",
            "image/png",
            &sha256("png"),
            "file-abc",
            "unknown: only its hash is recorded",
            "unknown: the prompt only references it",
            "1 part is recorded only as a hash.",
            "1 part is only referenced; the data is elsewhere.",
        ] {
            assert!(text.contains(expected), "{expected} in {format}: {text}");
        }
        // The turns have all of it, so that it does not stand there twice.
        assert_eq!(text.matches("Wie ist das Wetter?").count(), 1, "{format}");
        assert!(!text.contains("who said what"), "{format}");
    }
    let first = report(&program, decision("r", "pdf")).await.pages()[0].clone();
    let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        first.contains("Note: Part of the prompt is missing from this record."),
        "{first}"
    );
}

#[tokio::test]
async fn csv_has_a_row_for_each_fact_of_a_part() {
    let program = program_with(json!({"hash": sha256("all"), "parts": parts()})).await;
    let csv = report(&program, decision("r", "csv")).await;
    let mut rows = csv::Reader::from_reader(csv.bytes.as_slice());
    let rows: Vec<Vec<String>> = rows
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    for row in [
        [
            "Prompt",
            "1",
            "Turn 1: system / Text",
            "text",
            "Du bist kurz – 简短.",
        ],
        ["Prompt", "3", "Turn 2: user / Media", "Type", "image/png"],
        [
            "Prompt",
            "3",
            "Turn 2: user / Media",
            "Size, in bytes",
            "6000000",
        ],
        [
            "Prompt",
            "3",
            "Turn 2: user / Media",
            "Content",
            "unknown: only its hash is recorded",
        ],
        [
            "Prompt",
            "5",
            "Turn 3: assistant / Tool call",
            "Tool",
            "weather",
        ],
        [
            "Prompt",
            "5",
            "Turn 3: assistant / Tool call",
            "text",
            "{\"city\":\"Bonn\"}",
        ],
        [
            "Prompt",
            "6",
            "Turn 4: tool / Tool result",
            "Call",
            "call_7",
        ],
        ["Prompt", "6", "Turn 4: tool / Tool result", "text", "12 °C"],
    ] {
        assert!(
            rows.contains(&row.map(str::to_owned).to_vec()),
            "{row:?}: {rows:#?}"
        );
    }
}

#[tokio::test]
async fn json_has_the_texts_of_the_parts_and_what_cannot_be_read() {
    let program = program_with(json!({"hash": sha256("all"), "parts": parts()})).await;
    let data = report(&program, decision("r", "json")).await.json()["data"].clone();
    let conversation = &data["conversation"];
    assert_eq!(conversation["hash"], sha256("all"));
    assert_eq!(
        [&conversation["parts"], &conversation["left_out_parts"]],
        [7, 0]
    );
    assert_eq!(
        conversation["unreadable"],
        json!({"only_hash": 1, "elsewhere": 1, "cut": 0, "not_found": 0})
    );
    let turns = conversation["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 5);
    assert_eq!(turns[0]["role"], "system");
    let first = &turns[0]["parts"][0];
    assert_eq!(
        [&first["content"], &first["text"]],
        ["whole", "Du bist kurz – 简短."]
    );
    let image = &turns[1]["parts"][1];
    assert_eq!(image["content"], "only_hash");
    assert_eq!([&image["number"], &image["bytes"]], [3, 6_000_000]);
    assert_eq!(turns[2]["parts"][1]["text"], "{\"city\":\"Bonn\"}");
}

#[tokio::test]
async fn a_prompt_that_was_not_read_whole_is_not_shown_as_whole() {
    let text =
        |at: u64, bytes: u64| json!([{"role": "user", "kind": "text", "at": at, "bytes": bytes}]);
    let all = PROMPT.len() as u64;
    for (prompt, said) in [
        (
            json!({"hash": "", "parts": text(0, all)}),
            "The prompt was not read completely; parts may be missing.",
        ),
        (
            json!({"parts": text(0, all)}),
            "The prompt was not read completely; parts may be missing.",
        ),
        (
            json!({"hash": sha256("x"), "parts": text(0, all + 1)}),
            "1 part is cut off by a limit.",
        ),
        (
            json!({"hash": sha256("x"), "parts": text(all + 1, 1)}),
            "1 part is cut off by a limit.",
        ),
        (
            json!({"hash": sha256("x"), "parts": text(14, 3)}),
            "1 part is not found in the record.",
        ),
        (
            json!({"hash": sha256("x"), "parts": [{"role": "user", "kind": "text", "bytes": 9, "hash": sha256("y")}]}),
            "1 part is recorded only as a hash.",
        ),
    ] {
        let program = program_with(prompt.clone()).await;
        let html = report(&program, decision("r", "html")).await;
        let note = format!("Part of the prompt is missing from this record. {said}");
        assert!(html.text().contains(&note), "{prompt}: {}", html.text());
        assert!(
            html.text().contains("Wie ist das Wetter?"),
            "{prompt}: {}",
            html.text()
        );
    }
}

#[tokio::test]
async fn what_is_of_another_form_breaks_no_report_and_the_prompt_is_shown() {
    let is_odd = |prompt: &Value| {
        prompt["parts"]
            .as_array()
            .is_some_and(|parts| !parts.is_empty())
    };
    let many = |count: usize, part: &Value| Value::Array(vec![part.clone(); count]);
    for (prompt, said) in [
        (Value::Null, "The gateway read no prompt."),
        (json!("text"), "does not have the expected form"),
        (json!(7), "does not have the expected form"),
        (json!([]), "does not have the expected form"),
        (json!({}), "does not have the expected form"),
        (
            json!({"hash": "x", "parts": {"0": 1}}),
            "does not have the expected form",
        ),
        (
            json!({"hash": {"a": [1]}, "parts": []}),
            "parts may be missing",
        ),
        (
            json!({"hash": "x", "parts": []}),
            "contains more than these turns",
        ),
        (
            json!({"hash": "x", "parts": [1, null, "a", [], [[]], {}, true]}),
            "recorded as",
        ),
        (
            json!({"hash": "x", "parts": [{"role": {"a": 1}, "kind": [], "at": "x", "bytes": -1, "hash": 3, "type": {}, "x": {"toString": 1}}]}),
            "toString",
        ),
        (
            json!({"hash": "x", "parts": many(20_000, &json!({"at": 0, "bytes": 70}))}),
            "more parts; see the event in the JSON report",
        ),
        (
            json!({"hash": "x", "parts": many(6000, &json!(0))}),
            "And 1000 more parts",
        ),
    ] {
        // Typesetting takes a second each.
        let on_paper = is_odd(&prompt).then_some("pdf");
        let program = program_with(prompt).await;
        for format in ["html", "csv", "json"].into_iter().chain(on_paper) {
            let document = report(&program, decision("r", format)).await;
            match format {
                "html" => {
                    assert!(
                        document.text().contains(said),
                        "{said}: {}",
                        document.text()
                    );
                    assert!(document.text().contains("Wie ist das Wetter?"), "{said}");
                }
                "json" => assert!(document.bytes.len() < 64 << 20),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn what_the_provider_adds_to_a_prompt_is_said_to_be_missing() {
    let program = Program::start().await;
    let mut event = with_prompt(
        "r",
        json!({"hash": sha256("x"), "parts": [{"kind": "text", "text": "a"}]}),
    );
    event["metadata"]["audit_layer"]["capture"]["notes"] = json!(["prompt_continued"]);
    program.record(&event).await;
    let html = report(&program, decision("r", "html")).await;
    let said = "Part of the prompt is missing from this record. The provider adds stored content to the prompt";
    assert!(html.text().contains(said), "{}", html.text());
}

#[tokio::test]
async fn a_text_that_is_in_no_turn_is_shown_all_the_same() {
    let mut fewer = parts();
    fewer.as_array_mut().unwrap().remove(1);
    let program = program_with(json!({"hash": sha256("x"), "parts": fewer})).await;
    let html = report(&program, decision("r", "html")).await;
    for said in [
        "which contains more than these turns",
        "Wie ist das Wetter?",
    ] {
        assert!(html.text().contains(said), "{said}: {}", html.text());
    }
}

#[tokio::test]
async fn an_event_that_does_not_tell_its_turns_shows_the_prompt_as_it_is() {
    let program = Program::start().await;
    program.record(&call("r", 1, json!({}))).await;
    let html = report(&program, decision("r", "html")).await;
    for said in ["does not record who said what", "score 680"] {
        assert!(html.text().contains(said), "{said}: {}", html.text());
    }
    let data = report(&program, decision("r", "json")).await.json()["data"].clone();
    assert_eq!(data["conversation"], Value::Null);
}

#[tokio::test]
async fn nothing_of_a_conversation_stays_when_its_content_is_erased() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let prompt = json!({"hash": sha256("all"), "parts": parts()});
    program.record(&with_prompt("r", prompt)).await;
    assert!(erase(&folder).await.status.success());
    let words = report(&program, decision("r", "pdf")).await.words();
    assert!(
        words.contains("The prompt, if any, was erased on request."),
        "{words}"
    );
    for gone in ["Turn 1", "weather", "Bonn", "who said what", &sha256("all")] {
        assert!(!words.contains(gone), "{gone}: {words}");
    }
    let stored = program.get("/v1/audit/logs/r").await.text;
    assert!(!stored.contains("Bonn"), "{stored}");
}

#[tokio::test]
async fn a_long_conversation_leaves_room_for_the_answer_on_paper() {
    let turns = (0..3000).map(|turn| {
        part(
            turn,
            if turn % 2 == 0 { "user" } else { "assistant" },
            "text",
            json!({"text": format!("turn {turn} says this")}),
        )
    });
    let program =
        program_with(json!({"hash": sha256("x"), "parts": turns.collect::<Vec<_>>()})).await;
    let words = report(&program, decision("r", "pdf")).await.words();
    for said in [
        "turn 0 says this",
        "parts of the prompt are left out here;",
        "Send it to a reviewer.",
    ] {
        assert!(words.contains(said), "{said}");
    }
    assert!(!words.contains("turn 2999 says this"));
    let html = report(&program, decision("r", "html")).await;
    assert!(html.text().contains("turn 2999 says this"));
}
