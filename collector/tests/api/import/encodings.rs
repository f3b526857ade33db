//! Logs that are not UTF-8: what can be read is, and what cannot is named, never passed over.

use super::{OTHER, file, gzip, import, import_content, line};
use crate::import::Imported;
use crate::program::{Folder, Program, audit_layer};
use crate::sample::event_with;
use serde_json::{Value, json};

fn letter(id: &str) -> String {
    let texts = json!({"prompt_content": "Grüße, \u{60a8}\u{597d} \u{1f600} \u{a0a}"});
    line(&event_with(id, texts)).replace('\n', "\r\n")
}

/// As `>` of PowerShell writes it, but for the mark of the order of bytes.
fn little(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn big(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn marked(text: &str) -> String {
    format!("\u{feff}{text}")
}

#[tokio::test]
async fn logs_in_utf_16_are_read_in_both_orders_and_without_a_mark() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = |id: &str| OTHER.repeat(2000) + &letter(id);
    let compressed = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&little(&marked(&log("d")))).unwrap();
        encoder.finish().unwrap()
    };
    let paths = [
        file(&folder, "little.log", little(&marked(&log("a")))),
        file(&folder, "big.log", big(&marked(&log("b")))),
        file(&folder, "unmarked.log", little(&log("c"))),
        file(&folder, "compressed.log.gz", compressed),
        file(&folder, "unmarked-big.log", big(&log("e"))),
        file(&folder, "utf-8.log", marked(&letter("f"))),
        file(
            &folder,
            "json.log",
            marked(&json!({"log": letter("g")}).to_string()),
        ),
    ];
    let imported = Imported::of(import(&program).args(&paths)).await;
    assert_eq!(imported.stderr, "");
    assert_eq!((imported.code, imported.counts()), (Some(0), [7, 0, 0]));
    for id in ["a", "b", "c", "d", "e", "f", "g"] {
        let stored = program.get(&format!("/v1/audit/logs/{id}")).await.json();
        assert_eq!(
            stored["prompt_content"],
            "Grüße, \u{60a8}\u{597d} \u{1f600} \u{a0a}"
        );
    }
}

#[tokio::test]
async fn a_letter_in_utf_16_amid_another_encoding_is_named() {
    let mut content = OTHER.as_bytes().to_vec();
    content.extend(little(&letter("a")));
    content.extend(line(&event_with("b", json!({}))).into_bytes());
    let imported = import_content(content, &[]).await;
    imported.assert_complaint(&["envoy.log:2: ", "UTF-16"]);
    assert_eq!(imported.counts()[2], 1, "{}", imported.stderr);
}

#[tokio::test]
async fn letters_in_utf_8_behind_utf_16_are_named() {
    let mut content = little(&marked(&letter("a")));
    for id in ["b", "c"] {
        content.extend(line(&event_with(id, json!({}))).into_bytes());
    }
    let imported = import_content(content, &["a"]).await;
    imported.assert_complaint(&["envoy.log:2: ", "UTF-16", "one encoding"]);
    assert_eq!(imported.counts(), [1, 0, 1], "{}", imported.stderr);
}

#[tokio::test]
async fn what_is_no_text_is_not_taken_for_a_log_without_letters() {
    let mut noise = 1_u64;
    let binary: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        noise.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    let utf_32: Vec<u8> = marked(OTHER)
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    let zip = [b"PK\x03\x04".to_vec(), binary.clone()].concat();
    for (content, words) in [(binary, "not text"), (utf_32, "UTF-32"), (zip, "unzip -p")] {
        let imported = import_content(content, &[]).await;
        imported.assert_complaint(&["envoy.log:", words]);
        assert!(imported.stdout.contains("\"unreadable_logs\":1"), "{words}");
    }
}

#[tokio::test]
async fn text_in_another_encoding_and_holes_of_zeros_are_no_complaint() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let latin: Vec<u8> = OTHER
        .replace("all", "a\u{fc}")
        .chars()
        .map(|c| c as u8)
        .collect();
    let holes = [vec![0; 4096], OTHER.into(), vec![0; 4096]].concat();
    let colored = "\u{1b}[32minfo\u{1b}[0m\tfine\r\n".repeat(50);
    let paths = [
        file(&folder, "latin.log", latin),
        file(&folder, "holes.log", holes),
        file(&folder, "colored.log", colored),
        file(&folder, "empty.log.gz", gzip("")),
    ];
    let imported = Imported::of(import(&program).args(&paths)).await;
    assert_eq!((imported.code, imported.stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn an_import_without_a_letter_says_in_how_many_lines_it_looked() {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", OTHER.repeat(3));
    let mut command = audit_layer("import");
    let imported = Imported::of(command.arg("--dry-run").arg(&log)).await;
    assert!(
        imported.stdout.contains("in 3 lines"),
        "{}",
        imported.stdout
    );
    let mut command = audit_layer("import");
    command.args(["--dry-run", "--format", "json"]);
    let imported = Imported::of(command.arg(&log)).await;
    let summary: Value = serde_json::from_str(&imported.stdout).unwrap();
    assert_eq!(summary["lines"], 3);
}
