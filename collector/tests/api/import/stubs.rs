//! Dead letters of a log that is to have no content, beside the whole events.

use audit_layer_core::dead_letter::{self, LetterKey};
use serde_json::{Value, json};

use super::{Imported, file, import, logged};
use crate::program::{Folder, KEY, Program};
use crate::whole::{stub_of, whole};

async fn imported(program: &Program, folder: &Folder, event: &str) -> [u64; 3] {
    let letter = dead_letter::line("shutdown", event, LetterKey::new(KEY).as_ref());
    let log = file(folder, "envoy.log", logged(&letter));
    Imported::of(import(program).arg(log)).await.counts()
}

async fn prompt(program: &Program, id: &str) -> Value {
    let answer = program.get(&format!("/v1/audit/logs/{id}")).await;
    answer.json()["prompt_content"].clone()
}

#[tokio::test]
async fn of_a_call_that_is_recorded_whole_it_says_nothing_new() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let event = whole("a", "Hello");
    program.record(&event).await;
    assert_eq!(
        imported(&program, &folder, &stub_of(&event)).await,
        [0, 1, 0]
    );
    assert_eq!(prompt(&program, "a").await, "Hello");
}

#[tokio::test]
async fn the_whole_event_takes_its_place() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let event = whole("a", "Hello");
    for counts in [[1, 0, 0], [0, 1, 0]] {
        assert_eq!(imported(&program, &folder, &stub_of(&event)).await, counts);
    }
    let kept = program.get("/v1/audit/logs/a").await.json();
    let capture = &kept["metadata"]["audit_layer"]["capture"];
    assert_eq!(
        (&kept["prompt_content"], &capture["content"]),
        (&json!(""), &json!("not_logged"))
    );
    program.record(&event).await;
    assert_eq!(prompt(&program, "a").await, "Hello");
    assert_eq!(
        imported(&program, &folder, &stub_of(&event)).await,
        [0, 1, 0]
    );
    assert_eq!(prompt(&program, "a").await, "Hello");
}

#[tokio::test]
async fn one_that_contradicts_what_is_recorded_is_kept_beside_it() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&whole("a", "Hello")).await;
    let other = stub_of(&whole("a", "Goodbye"));
    let [new, known, broken] = imported(&program, &folder, &other).await;
    assert_eq!((known, broken), (0, 0), "{new}");
}

#[tokio::test]
async fn the_text_of_a_prompt_that_was_recorded_before_stays() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut begun = whole("a", "Hello");
    begun["metadata"]["audit_layer"]["completion"]["state"] = json!("pending");
    begun["response_content"] = json!("");
    program.record(&begun).await;
    let end = stub_of(&whole("a", "Hello"));
    assert_eq!(imported(&program, &folder, &end).await, [0, 1, 0]);
    assert_eq!(prompt(&program, "a").await, "Hello");
}
