//! Whose dead letters are imported: those that a gateway wrote, by the MAC in each.

use audit_layer_core::dead_letter::EVENT;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Imported, file, import, import_to, line, line_by, logged};
use crate::program::{Folder, KEY, Program, audit_layer};
use crate::sample::{event, event_with};

/// A letter of version 1.
fn unsigned(event: &Value) -> String {
    logged(&format!(
        "audit-layer dead-letter reason=max_age event={event}"
    ))
}

/// An import that is given no key but that of the audit API.
fn without_key(program: &Program) -> Command {
    let mut import = import(program);
    import.env_remove("AUDIT_LAYER_DEAD_LETTER_KEY");
    import
}

/// Checked, forged, unchecked and withheld.
fn trust(imported: &Imported) -> [u64; 4] {
    let counts: Value = serde_json::from_str(&imported.stdout).unwrap();
    ["checked", "forged", "unchecked", "withheld"].map(|name| counts[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_letter_that_was_changed_or_written_without_the_key_is_not_imported() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let changed = line(&event("changed"))
        .replace("al_", "al-")
        .replacen("gpt", "GPT", 1);
    let good = line(&event("good"));
    let (head, _) = good.split_once(EVENT).unwrap();
    let other_event = format!("{head}{EVENT}{}\n", event("other"));
    let log = file(&folder, "envoy.log", good.clone() + &changed + &other_event);
    let imported = Imported::of(import(&program).arg(&log)).await;
    assert_eq!(imported.counts(), [1, 0, 0]);
    assert_eq!(trust(&imported), [1, 2, 0, 0]);
    imported.assert_complaint(&["envoy.log:2: the MAC", "envoy.log:3: the MAC"]);
    for id in ["changed", "other"] {
        let answer = program.get(&format!("/v1/audit/logs/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
    }
    // Not even to whoever asks for what cannot be checked.
    let again = Imported::of(import(&program).arg("--unchecked").arg(&log)).await;
    assert_eq!(again.counts(), [0, 1, 0]);
    assert_eq!(trust(&again), [1, 2, 0, 0]);
}

#[tokio::test]
async fn what_cannot_be_checked_is_not_imported_where_any_letter_is_proven() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let before = unsigned(&event("before")) + &line_by(Some("al_sk_another"), &event("another"));
    let first = file(&folder, "first.log", before);
    let content = line(&event("ours")) + &unsigned(&event("behind"));
    let second = file(&folder, "second.log", content);
    let imported = Imported::of(without_key(&program).args([first, second])).await;
    assert_eq!(imported.counts(), [1, 0, 0]);
    assert_eq!(trust(&imported), [1, 0, 3, 3]);
    imported.assert_complaint(&[
        "first.log:1: this dead letter cannot be checked because it has no MAC",
        "first.log:2: this dead letter cannot be checked because its key ",
        "second.log:2: this dead letter cannot be checked because it has no MAC",
        "it is not imported: use --unchecked to import it",
    ]);
    for id in ["before", "another", "behind"] {
        let answer = program.get(&format!("/v1/audit/logs/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
    }
}

#[tokio::test]
async fn what_is_held_back_is_counted_where_nothing_is_taken() {
    let folder = Folder::new();
    let letters = ["a", "b"].map(|id| unsigned(&event(id))).concat();
    let log = file(&folder, "envoy.log", letters);
    let mut import = import_to("http://127.0.0.1:1/v1");
    import.env_remove("AUDIT_LAYER_DEAD_LETTER_KEY");
    let imported = Imported::of(import.arg("--retry-for=0").arg(log)).await;
    assert_eq!(trust(&imported), [0, 0, 2, 0]);
    assert!(
        imported.stdout.contains("\"unsent\":2"),
        "{}",
        imported.stdout
    );
}

#[tokio::test]
async fn a_log_of_an_earlier_version_is_imported_as_it_is() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let content = unsigned(&event("a")) + &unsigned(&event("b"));
    let log = file(&folder, "envoy.log", content);
    let imported = Imported::of(without_key(&program).arg(&log)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [2, 0, 0]));
    assert_eq!(trust(&imported), [0, 0, 2, 0]);
    for words in [
        "envoy.log:1: this dead letter cannot be checked because it has no MAC",
        "envoy.log:2: ",
        "; it is imported",
    ] {
        assert!(imported.stderr.contains(words), "{}", imported.stderr);
    }
}

#[tokio::test]
async fn what_cannot_be_checked_by_a_given_key_is_imported_only_when_that_is_asked_for() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let content = unsigned(&event("old"))
        + &line_by(None, &event("keyless"))
        + &line_by(Some("al_sk_another"), &event("another"))
        + &line(&event("ours"));
    let log = file(&folder, "envoy.log", content);
    let imported = Imported::of(import(&program).arg(&log)).await;
    assert_eq!(imported.counts(), [1, 0, 0]);
    assert_eq!(trust(&imported), [1, 0, 3, 3]);
    imported.assert_complaint(&[
        "envoy.log:1: this dead letter cannot be checked because it has no MAC",
        "envoy.log:2: this dead letter cannot be checked because it has no MAC",
        "envoy.log:3: this dead letter cannot be checked because its key ",
        "--unchecked",
        "--dead-letter-key",
    ]);
    let imported = Imported::of(import(&program).arg("--unchecked").arg(&log)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [3, 1, 0]));
    assert_eq!(trust(&imported), [1, 0, 3, 0]);
}

#[tokio::test]
async fn the_key_is_that_of_the_audit_api_or_those_given() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let letters = [KEY, "before", "after"].map(|key| line_by(Some(key), &event(key)));
    let log = file(&folder, "envoy.log", letters.concat());
    for (variable, arguments, checked) in [
        // The first letter is proven, and the others are not.
        (None, &[][..], 1),
        (Some("before after"), &[], 2),
        (None, &["--dead-letter-key=before"], 1),
        (
            Some("nobody"),
            &["--dead-letter-key=after", "--dead-letter-key=before"],
            2,
        ),
    ] {
        let mut command = without_key(&program);
        command.envs(variable.map(|value| ("AUDIT_LAYER_DEAD_LETTER_KEY", value)));
        let imported = Imported::of(command.args(arguments).arg(&log)).await;
        let expected = [checked, 0, 3 - checked, 3 - checked];
        assert_eq!(trust(&imported), expected, "{variable:?} {arguments:?}");
    }
}

#[tokio::test]
async fn a_letter_that_docker_has_damaged_cannot_be_checked() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let long = event_with("long", json!({"prompt_content": "ü".repeat(20_000)}));
    let text = line(&long);
    let at = text.find("üü").unwrap() + 16_385;
    assert!(!text.is_char_boundary(at));
    let (head, tail) = text.as_bytes().split_at(at);
    let pieces = [head, tail].map(|piece| {
        let log = String::from_utf8_lossy(piece);
        format!(
            "{}\n",
            json!({"log": log, "stream": "stderr", "time": "2026-11-29T03:00:00Z"})
        )
    });
    let log = file(&folder, "id-json.log", pieces.concat());
    let imported = Imported::of(import(&program).arg(&log)).await;
    assert_eq!(trust(&imported), [0, 0, 1, 1]);
    imported.assert_complaint(&[
        "id-json.log:1: the MAC of this dead letter cannot be checked because a character was lost",
    ]);
    let imported = Imported::of(import(&program).arg("--unchecked").arg(&log)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [1, 0, 0]));
    assert!(imported.stderr.contains("U+FFFD"), "{}", imported.stderr);
}

#[tokio::test]
async fn an_empty_key_of_dead_letters_is_not_taken_for_none() {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", line(&event("a")));
    for key in ["", " ", "\n"] {
        let mut variable = audit_layer("import");
        variable.env("AUDIT_LAYER_DEAD_LETTER_KEY", key);
        let mut argument = audit_layer("import");
        argument.args(["--dead-letter-key", key]);
        let mut beside = audit_layer("import");
        beside.args(["--dead-letter-key", KEY, "--dead-letter-key", key]);
        for mut command in [variable, argument, beside] {
            let imported = Imported::of(command.arg("--dry-run").arg(&log)).await;
            imported.assert_complaint(&["dead-letter key is empty", "--dead-letter-key"]);
            assert_eq!(imported.stdout, "", "{key:?}");
        }
    }
    let mut several = audit_layer("import");
    several.env("AUDIT_LAYER_DEAD_LETTER_KEY", format!(" other  {KEY}\n"));
    several.args(["--dry-run", "--format", "json"]);
    let imported = Imported::of(several.arg(&log)).await;
    assert_eq!(trust(&imported), [1, 0, 0, 0]);
}
