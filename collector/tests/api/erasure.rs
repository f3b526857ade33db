//! `audit-layer erase`

use std::process::Output;

use serde_json::{Value, json};

use crate::program::{Folder, Program, audit_layer, run};
use crate::query::pages;
use crate::sample::event_with;

pub(crate) const SECRET: &str = "My account is 4711-0815-blue";

/// What nothing else has: the microseconds of a time can be 4711, too.
const ACCOUNT: &str = "4711-0815";

/// An event of a user who wrote the secret wherever one can.
pub(crate) fn event_of(user: &str, organization: &str, id: &str, seq: i64) -> Value {
    let audit_layer =
        json!({"writer": {"id": "w", "seq": seq}, "completion": {"state": "complete"}});
    event_with(
        id,
        json!({
            "user_id": user,
            "organization_id": organization,
            "prompt_content": SECRET,
            "response_content": format!("I see: {SECRET}"),
            "reasoning": SECRET,
            "model_parameters": {"stop": SECRET},
            "compliance_tags": ["SOC2"],
            "metadata": {"note": SECRET, "audit_layer": audit_layer},
        }),
    )
}

pub(crate) async fn erase(folder: &Folder, arguments: &[&str]) -> Output {
    let mut erase = audit_layer("erase");
    erase
        .args(["--reason", "request 12"])
        .args(arguments)
        .arg("--database");
    run(erase.arg(folder.database())).await
}

pub(crate) const ANN: [&str; 5] = ["--organization", "one", "--user", "ann", "--yes"];

pub(crate) fn said(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

async fn start_with_events(folder: &Folder) -> Program {
    let program = Program::start_in(folder).await;
    for (number, (user, organization, id)) in [
        ("ann", "one", "a1"),
        ("ann", "one", "a2"),
        ("bob", "one", "b"),
        ("ann", "two", "other"),
    ]
    .into_iter()
    .enumerate()
    {
        let seq = i64::try_from(number).unwrap() + 1;
        program.record(&event_of(user, organization, id, seq)).await;
    }
    program
}

#[tokio::test]
async fn the_end_of_a_call_does_not_bring_back_what_was_erased_meanwhile() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let event_of_call = |state: &str| {
        let mut event = event_of("ann", "one", "a", 1);
        event["metadata"]["audit_layer"]["completion"]["state"] = json!(state);
        event
    };
    program.record(&event_of_call("pending")).await;
    assert!(erase(&folder, &ANN).await.status.success());
    let erased = program.get("/v1/audit/logs/a").await.json();
    let end = program.record(&event_of_call("complete")).await;
    assert_eq!(end["status"], "stored");

    let stored = program.get("/v1/audit/logs/a").await;
    assert!(!stored.text.contains(ACCOUNT), "{}", stored.text);
    let stored = stored.json();
    let at = &stored["erasure"]["erased_at"];
    assert_eq!(*at, erased["erasure"]["erased_at"]);
    for (filter, found) in [("text=4711", 0), ("completion_state=complete", 1)] {
        let page = program.get(&format!("/v1/audit/logs?{filter}")).await;
        assert_eq!(
            page.json()["data"].as_array().unwrap().len(),
            found,
            "{filter}"
        );
    }
    program.stop().await;
}

#[tokio::test]
async fn content_goes_and_a_tombstone_stays() {
    let folder = Folder::new();
    let program = start_with_events(&folder).await;
    let completeness = program.get("/v1/audit/completeness").await.text;
    let before = program.get("/v1/audit/logs/a1").await.json();
    let output = erase(&folder, &ANN).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        said(&output).contains("erased the content of 2 events"),
        "{}",
        said(&output)
    );

    let answer = program.get("/v1/audit/logs/a1").await;
    assert!(!answer.text.contains(ACCOUNT), "{}", answer.text);
    let after = answer.json();
    for name in [
        "id",
        "received_at",
        "timestamp",
        "user_id",
        "compliance_tags",
    ] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(
        (&after["prompt_content"], &after["reasoning"]),
        (&json!(""), &Value::Null)
    );
    assert_eq!(
        after["metadata"]["audit_layer"]["writer"],
        json!({"id": "w", "seq": 1})
    );
    assert_eq!(after["prompt_hash"], "");
    assert!(after["erasure"].get("event_hash").is_none(), "{after}");

    assert_eq!(pages(&program, "text=4711").await, ["other", "b"]);
    assert_eq!(pages(&program, "user_id=ann").await, ["other", "a2", "a1"]);
    assert_eq!(
        pages(&program, "compliance_tag=SOC2").await,
        ["other", "b", "a2", "a1"]
    );
    assert_eq!(
        program.get("/v1/audit/completeness").await.text,
        completeness
    );
    for format in ["ndjson", "csv"] {
        let export = program
            .get(&format!("/v1/audit/logs?format={format}&user_id=ann"))
            .await;
        // Of the other organization alone: prompt, answer, reasoning, parameters, metadata.
        let secrets = export.text.matches(ACCOUNT).count();
        assert_eq!(secrets, 5, "{}", export.text);
    }
}

#[tokio::test]
async fn what_was_erased_does_not_come_back() {
    let folder = Folder::new();
    let program = start_with_events(&folder).await;
    erase(&folder, &ANN).await;
    let again = program.record(&event_of("ann", "one", "a1", 1)).await;
    assert_eq!(again["status"], "duplicate");
    assert_eq!(
        program.get("/v1/audit/logs/a1").await.json()["prompt_content"],
        ""
    );

    let erased_at = program.get("/v1/audit/logs/a1").await.json()["erasure"].clone();
    let output = erase(&folder, &ANN).await;
    assert!(
        said(&output).contains("there was nothing to erase"),
        "{}",
        said(&output)
    );
    let output = erase(&folder, &ANN[..4]).await;
    assert_eq!(
        said(&output),
        "audit-layer: the content of 2 events has already been erased\n\
         audit-layer: nothing would be erased\n"
    );
    assert_eq!(
        program.get("/v1/audit/logs/a1").await.json()["erasure"],
        erased_at
    );
}

#[tokio::test]
async fn what_is_held_is_not_erased() {
    let folder = Folder::new();
    let program = start_with_events(&folder).await;
    let mut hold = audit_layer("holds");
    hold.args(["create", "--organization", "two", "--reason", "case"]);
    let output = run(hold.arg("--database").arg(folder.database())).await;
    assert!(output.status.success(), "{output:?}");

    let held =
        "audit-layer: 1 event is held and stays as it is: `audit-layer holds list` shows why\n";
    let everywhere = ["--all-organizations", "--user", "ann"];
    let output = erase(&folder, &everywhere).await;
    assert_eq!(output.status.code(), Some(1));
    let asked = "the content of 2 events would be permanently erased: run again with --yes";
    assert_eq!(said(&output), format!("{held}audit-layer: {asked}\n"));
    let output = erase(&folder, &["--organization", "two", "--user", "ann"]).await;
    let nothing = "audit-layer: nothing would be erased\n";
    assert_eq!(said(&output), format!("{held}{nothing}"));

    let output = erase(&folder, &[everywhere.as_slice(), &["--yes"]].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("erased the content of 2 events"),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains(held), "{}", said(&output));
    assert_eq!(pages(&program, "text=4711").await, ["other", "b"]);
}

#[tokio::test]
async fn without_a_yes_the_events_are_only_counted() {
    let folder = Folder::new();
    let program = start_with_events(&folder).await;
    let output = erase(&folder, &["--all-organizations", "--user", "ann"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("3 events would be permanently erased"),
        "{}",
        said(&output)
    );
    assert_eq!(pages(&program, "text=4711").await.len(), 4);
    for arguments in [["--user", "ann"].as_slice(), &["--organization", "one"]] {
        assert_eq!(erase(&folder, arguments).await.status.code(), Some(2));
    }
    let output = erase(&folder, &["--all-organizations", "--user", "", "--yes"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_user_without_events_is_taken_for_a_mistake_and_nothing_is_erased() {
    let folder = Folder::new();
    let _program = start_with_events(&folder).await;
    for (organization, user) in [("one", "amm"), ("three", "ann")] {
        for yes in [[].as_slice(), &["--yes"]] {
            let whose = ["--organization", organization, "--user", user];
            let output = erase(&folder, &[whose.as_slice(), yes].concat()).await;
            assert_eq!(output.status.code(), Some(1));
            let expected = format!(
                "audit-layer: no events of user {user:?} in organization \
                 {organization:?}: check the user and the organization\n"
            );
            assert_eq!(said(&output), expected);
        }
    }
    let mut history = audit_layer("history");
    history.args(["--action", "erased", "--database"]);
    let output = run(history.arg(folder.database())).await;
    assert_eq!(output.stdout, b"no matching entries\n");
}

#[tokio::test]
async fn a_reason_has_to_be_given() {
    let folder = Folder::new();
    let mut erase = audit_layer("erase");
    erase.args([
        "--all-organizations",
        "--user",
        "ann",
        "--reason",
        "",
        "--database",
    ]);
    let output = run(erase.arg(folder.database())).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[tokio::test]
async fn more_than_one_step_is_erased_while_events_come_in() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let lines: String = (1..=105)
        .map(|seq| format!("{}\n", event_of("ann", "one", &seq.to_string(), seq)))
        .collect();
    program.post("/v1/audit/log/batch", lines).await;
    let bob = event_of("bob", "one", "bob", 106);
    let (output, recorded) = tokio::join!(erase(&folder, &ANN), program.record(&bob));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(recorded["status"], "stored");
    assert!(said(&output).contains("105 events"), "{}", said(&output));
    assert_eq!(pages(&program, "text=4711").await, ["bob"]);
}
