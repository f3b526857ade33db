//! `audit-layer import`: dead letters out of logs, into a served collector.

mod encodings;
mod fake;
mod nodes;
mod outage;
mod stubs;
mod tls;
mod trust;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use audit_layer_core::dead_letter::{self, LetterKey};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::program::{Folder, KEY, Program, audit_layer, run};
use crate::sample::{event, event_with};
use crate::terminal::run_on_terminal;

/// A line of Envoy's log in its default format, with a dead letter of a gateway that has [`KEY`].
pub(crate) fn line(event: &Value) -> String {
    line_by(Some(KEY), event)
}

/// The same of a gateway with this key of dead letters.
pub(crate) fn line_by(key: Option<&str>, event: &Value) -> String {
    let key = key.and_then(LetterKey::new);
    logged(&dead_letter::line(
        "shutdown",
        &event.to_string(),
        key.as_ref(),
    ))
}

/// What the plugin writes, as Envoy writes it down.
pub(crate) fn logged(text: &str) -> String {
    format!(
        "[2026-11-23 17:00:00.000][123][error][wasm] [source/extensions/common/wasm/context.cc:1157] wasm log audit_layer: {text}\n"
    )
}

pub(crate) const OTHER: &str =
    "[2026-11-23 17:00:00.000][123][info][main] all clusters are initialised\n";

/// What an import came to.
pub(crate) struct Imported {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Imported {
    pub(crate) async fn of(command: &mut Command) -> Self {
        let output = run(command).await;
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
        assert!(!stderr.contains('\u{1b}'), "no colors in a pipe: {stderr}");
        Self {
            code: output.status.code(),
            stdout,
            stderr,
        }
    }

    /// New, known and broken, of an import that was told to write JSON.
    pub(crate) fn counts(&self) -> [u64; 3] {
        let counts: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr));
        ["new", "known", "broken"].map(|name| counts[name].as_u64().unwrap())
    }

    pub(crate) fn assert_complaint(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{} {}", self.stdout, self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word}: {}", self.stderr);
        }
    }
}

pub(crate) fn import_to(url: &str) -> Command {
    let mut import = import_in_words(url);
    import.args(["--format", "json"]);
    import
}

fn import_in_words(url: &str) -> Command {
    let mut import = audit_layer("import");
    import.args(["--url", url]).env("AUDIT_LAYER_API_KEY", KEY);
    import.env("AUDIT_LAYER_DEAD_LETTER_KEY", KEY);
    import
}

pub(crate) fn import(program: &Program) -> Command {
    import_to(&format!("{}/v1", program.base()))
}

pub(crate) fn file(folder: &Folder, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path(name);
    std::fs::write(&path, content).unwrap();
    path
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Imports a log of this content into a new collector, and checks that it has `ids` then.
pub(crate) async fn import_content(content: impl AsRef<[u8]>, ids: &[&str]) -> Imported {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log", content);
    let imported = Imported::of(import(&program).arg(log)).await;
    for id in ids {
        let answer = program.get(&format!("/v1/audit/logs/{id}")).await;
        assert_eq!(answer.status, 200, "{id}: {}", imported.stderr);
    }
    imported
}

#[tokio::test]
async fn new_known_and_broken_letters_are_counted_and_broken_ones_named() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("known")).await;
    let wrong = event_with("wrong", json!({"risk_level": "severe"}));
    let letters = ["new", "known", "new"].map(|id| line(&event(id))).concat();
    let log = file(
        &folder,
        "envoy.log",
        OTHER.to_owned() + &letters + OTHER + &line(&wrong),
    );

    let imported = Imported::of(import(&program).arg(&log)).await;
    assert_eq!((imported.code, imported.counts()), (Some(1), [1, 2, 1]));
    let place = format!("{}:6: not an event: risk_level: must be", log.display());
    assert_eq!(imported.stderr.lines().count(), 1, "{}", imported.stderr);
    assert!(imported.stderr.contains(&place), "{}", imported.stderr);

    let again = Imported::of(import(&program).arg(&log)).await;
    assert_eq!((again.code, again.counts()), (Some(1), [0, 3, 1]));
    let stored = program.get("/v1/audit/logs/new").await.json();
    assert_eq!(stored["prompt_content"], event("new")["prompt_content"]);
}

#[tokio::test]
async fn a_log_without_broken_letters_is_a_success_in_plain_words() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log", line(&event("a")));
    let mut command = import_in_words(&format!("{}/v1", program.base()));
    let imported = Imported::of(command.arg(log)).await;
    assert_eq!(imported.code, Some(0));
    let summary = "1 dead letter: 1 new, 0 known, 0 broken; 1 checked, 0 forged, 0 unchecked\n";
    assert_eq!(imported.stdout, summary);
    assert_eq!(imported.stderr, "");
}

#[tokio::test]
async fn standard_input_is_read_when_it_is_named_and_when_nothing_is() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log", line(&event("a")));
    for (arguments, counts) in [(&["-"][..], [1, 0, 0]), (&[], [0, 1, 0])] {
        let mut command = import(&program);
        command.args(arguments).stdin(File::open(&log).unwrap());
        assert_eq!(Imported::of(&mut command).await.counts(), counts);
    }
}

#[tokio::test]
async fn a_log_without_letters_is_a_success() {
    for content in ["", "\n", OTHER] {
        let imported = import_content(content, &[]).await;
        assert_eq!((imported.code, imported.counts()), (Some(0), [0, 0, 0]));
    }
}

#[tokio::test]
async fn compressed_logs_are_read_whatever_their_name() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    // Two members, as of a log that was appended to.
    let appended = [gzip(&line(&event("a"))), gzip(&line(&event("b")))].concat();
    let paths = [
        file(&folder, "envoy.log.1.gz", appended),
        file(&folder, "envoy.log.2", gzip(&line(&event("c")))),
        file(&folder, "plain.gz", line(&event("d"))),
    ];
    let imported = Imported::of(import(&program).args(&paths)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [4, 0, 0]));
}

#[tokio::test]
async fn a_log_that_breaks_off_does_not_keep_the_others_from_being_read() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let whole = gzip(&(line(&event("a")) + &OTHER.repeat(2000)));
    let paths = [
        file(&folder, "cut.gz", &whole[..whole.len() - 20]),
        file(&folder, "b.log", line(&event("b"))),
    ];
    let imported = Imported::of(import(&program).args(&paths)).await;
    assert_eq!(imported.counts(), [2, 0, 0]);
    imported.assert_complaint(&["cut.gz:", "cannot read past this point"]);
    assert!(imported.stdout.contains("\"unreadable_logs\":1"));
}

#[tokio::test]
async fn json_log_lines_and_interleaved_other_lines_are_understood() {
    let message = format!("wasm log audit_layer: {}", line(&event("a")).trim_end());
    let envoy = json!({"level": "error", "message": message}).to_string();
    let container = json!({"log": line(&event("b")), "stream": "stderr"}).to_string();
    let content = [
        OTHER.trim_end(),
        &envoy,
        "",
        "{\"message\":\"other\"}",
        &container,
    ]
    .join("\n");
    let imported = import_content(content, &["a", "b"]).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [2, 0, 0]));
}

#[tokio::test]
async fn crlf_colors_and_suffixes_are_passed_over() {
    let [a, b, c] = ["a", "b", "c"].map(|id| line(&event(id)).trim_end().to_owned());
    let content = format!("{a}\r\n\u{1b}[31m{b}\u{1b}[0m\r\n{c} (thread 7)\r\n");
    let imported = import_content(content, &["a", "b", "c"]).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [3, 0, 0]));
}

#[tokio::test]
async fn a_truncated_last_line_is_broken_and_the_others_are_not() {
    let [a, b] = ["a", "b"].map(|id| line(&event(id)));
    let imported = import_content(a + &b[..b.len() - 20], &["a"]).await;
    assert_eq!(imported.counts(), [1, 0, 1]);
    imported.assert_complaint(&["envoy.log:2: the event is incomplete"]);
}

#[tokio::test]
async fn an_event_of_five_mebibytes_is_imported_from_text_and_from_json() {
    let content = "\"prompt\" ".repeat(5 * 1024 * 1024 / 9 + 1);
    let [a, b] = ["a", "b"].map(|id| event_with(id, json!({"prompt_content": content})));
    let in_json = json!({"message": line(&b)}).to_string();
    let imported = import_content(line(&a) + &in_json + "\n" + &line(&event("c")), &["c"]).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [3, 0, 0]));
}

#[tokio::test]
async fn a_dry_run_counts_and_needs_neither_a_key_nor_a_collector() {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", line(&event("a")) + &line(&json!({})));
    let mut command = audit_layer("import");
    command.args(["--dry-run", "--unchecked"]);
    let imported = Imported::of(command.arg(&log)).await;
    assert_eq!(
        imported.stdout,
        "2 dead letters: 1 to send, 1 broken; nothing was sent; 0 checked, 0 forged, 1 unchecked\n"
    );
    imported.assert_complaint(&["envoy.log:2: not an event: request_id: missing"]);
    std::fs::write(&log, line(&event("a"))).unwrap();
    let mut command = audit_layer("import");
    command.args(["--dry-run", "--unchecked"]);
    let imported = Imported::of(command.arg(&log)).await;
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
}

#[tokio::test]
async fn of_many_broken_letters_twenty_are_shown() {
    let imported = import_content(line(&json!({})).repeat(50), &[]).await;
    assert_eq!(imported.counts(), [0, 0, 50]);
    assert_eq!(imported.stderr.lines().count(), 21);
    imported.assert_complaint(&[":20: ", "and 30 more"]);
}

#[tokio::test]
async fn what_cannot_be_begun_is_explained_before_anything_is_sent() {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", line(&event("a")));
    let missing = folder.path("missing.log");
    let complain = async |arguments: &[&Path], words: &[&str]| {
        let mut command = import_to("http://127.0.0.1:1/v1");
        let imported = Imported::of(command.args(arguments)).await;
        assert_eq!(imported.stdout, "");
        imported.assert_complaint(words);
    };
    complain(&[&log, &missing], &["missing.log", "No such file"]).await;
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    complain(&[&empty], &["empty", "no file"]).await;
    complain(&[&folder.path("*.nothing")], &["*.nothing", "no file"]).await;
    for url in [
        "ftp://x",
        "http://",
        "http://user:secret@host/v1",
        "https://host/v1?a",
    ] {
        let imported = Imported::of(import_to(url).arg(&log)).await;
        imported.assert_complaint(&["address of the audit API"]);
        assert!(!imported.stderr.contains("secret"), "{}", imported.stderr);
    }
    let mut command = import_to("http://127.0.0.1:1/v1");
    let imported = Imported::of(command.env_remove("AUDIT_LAYER_API_KEY").arg(&log)).await;
    imported.assert_complaint(&["AUDIT_LAYER_API_KEY"]);
}

#[tokio::test]
async fn help_shows_an_example_and_not_the_key() {
    let mut command = import_to("http://127.0.0.1:1/v1");
    let imported = Imported::of(command.arg("--help")).await;
    let example = "kubectl logs deploy/gateway | audit-layer import -";
    assert!(imported.stdout.contains(example), "{}", imported.stdout);
}

#[tokio::test]
async fn on_a_terminal_progress_is_shown_and_problems_are_red_without_no_color() {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", line(&json!({})) + OTHER);
    for (no_color, is_red) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let mut command = audit_layer("import");
        command.arg("--dry-run").arg(&log).env_remove("NO_COLOR");
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        let (status, shown) = run_on_terminal(command).await;
        assert_eq!(status.code(), Some(1));
        assert_eq!(shown.contains("\u{1b}[31m"), is_red, "{shown:?}");
        assert!(shown.contains(" B read, 1 dead letter"), "{shown:?}");
    }
}
