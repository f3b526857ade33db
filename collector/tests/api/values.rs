//! Which values events have, and what comes near a filter that finds nothing.

use std::process::Output;

use serde_json::{Value, json};

use crate::keys::key_of;
use crate::program::{Folder, Program, audit_layer, run};
use crate::sample::event_with;

async fn record(program: &Program) {
    for (id, model, user, organization) in [
        ("1", "gpt-4o", "alice", "org_1"),
        ("2", "gpt-4o", "bob", "org_1"),
        ("3", "claude", "alice", "org_1"),
        ("4", "secret-model", "eve", "org_2"),
    ] {
        let audit_layer =
            json!({"completion": {"state": "complete"}, "capture": {"api": "openai.chat"}});
        let event = event_with(
            id,
            json!({
                "model_name": model, "user_id": user, "organization_id": organization,
                "compliance_tags": ["SOC2", id, "SOC2"], "metadata": {"audit_layer": audit_layer},
            }),
        );
        program.record(&event).await;
    }
}

/// Starts with a key that reaches one organization.
async fn start() -> (Folder, Program, Program) {
    let folder = Folder::new();
    let admin = Program::start_in(&folder).await;
    record(&admin).await;
    admin.stop().await;
    let key = key_of(&folder, "read", "org_1").await;
    let own = Program::start_with(&folder, &[]).await.with_key(&key);
    let other = Program::start().await;
    record(&other).await;
    (folder, own, other)
}

#[tokio::test]
async fn values_are_listed_with_how_many_events_have_them() {
    let (_folder, own, all) = start().await;
    let answer = own.get("/v1/audit/values").await.json();
    assert_eq!(answer["counted_events"], 3);
    assert_eq!(answer["is_all"], true);
    let value = |value: &str, events: u64| json!({"value": value, "events": events});
    assert_eq!(
        answer["data"]["model_name"],
        json!([value("gpt-4o", 2), value("claude", 1)])
    );
    assert_eq!(
        answer["data"]["user_id"],
        json!([value("alice", 2), value("bob", 1)])
    );
    assert_eq!(
        answer["data"]["completion_state"],
        json!([value("complete", 3)])
    );
    assert_eq!(
        answer["data"]["capture_api"],
        json!([value("openai.chat", 3)])
    );
    assert_eq!(answer["data"]["compliance_tag"][0], value("SOC2", 3));
    assert!(!answer.to_string().contains("secret-model"));

    let answer = all
        .get("/v1/audit/values?field=user_id&limit=1&model_name=gpt-4o")
        .await
        .json();
    assert_eq!(answer["data"], json!({"user_id": [value("alice", 1)]}));
    let answer = all
        .get("/v1/audit/values?start_date=2030-01-01")
        .await
        .json();
    assert_eq!(
        (&answer["counted_events"], &answer["data"]["user_id"]),
        (&json!(0), &json!([]))
    );
    for (query, name) in [
        ("field=prompt_content", "field"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
    ] {
        let answer = all.get(&format!("/v1/audit/values?{query}")).await;
        assert_eq!(answer.error(400, "invalid_parameter")["field"], name);
    }
    own.get("/v1/audit/values?organization_id=org_2")
        .await
        .error(403, "wrong_organization");
}

#[tokio::test]
async fn a_filter_that_finds_nothing_says_what_comes_near() {
    let (_folder, own, _) = start().await;
    let near = async |query: &str| -> Value {
        let answer = own.get(&format!("/v1/audit/logs?{query}")).await.json();
        assert_eq!(answer["data"], json!([]), "{query}");
        answer["near"].clone()
    };
    let filter = |found: &Value, number: usize| found["filters"][number].clone();
    let found = near("model_name=gpt4o").await;
    assert_eq!(
        (&found["counted_events"], &found["is_all"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(
        filter(&found, 0),
        json!({
            "parameter": "model_name", "value": "gpt4o", "events": 0,
            "near": [{"value": "gpt-4o", "events": 2}], "elsewhere": [],
        })
    );
    let found = near("model_name=alice&user_id=ALICE").await;
    assert_eq!(
        filter(&found, 0)["elsewhere"],
        json!([{"parameter": "user_id", "events": 2}])
    );
    assert_eq!(
        filter(&found, 1)["near"],
        json!([{"value": "alice", "events": 2}])
    );
    // Each of them has events, and both together have none.
    let found = near("model_name=claude&user_id=bob").await;
    assert_eq!(
        [&filter(&found, 0)["events"], &filter(&found, 1)["events"]],
        [1, 1]
    );
    assert_eq!(
        near("user_id=alice&start_date=2030-01-01").await["counted_events"],
        0
    );
    // Of a search each word is told by itself, and words in quotes together.
    let found = near("text=loan+%22score+credit%22+zebra+applicati\u{f3}n").await;
    assert_eq!(
        found["words"],
        json!([
            {"text": "loan", "is_found": true},
            {"text": "score credit", "is_found": false},
            {"text": "zebra", "is_found": false},
            {"text": "application", "is_found": true},
        ])
    );
    assert_eq!(
        near("text=loan&start_date=2030-01-01").await["words"],
        json!([{"text": "loan", "is_found": false}])
    );
    // What the key does not reach is not told, whether it asks for its own organization or not.
    for query in [
        "model_name=secret-mode",
        "model_name=secret-mode&organization_id=org_1",
    ] {
        let found = near(query).await;
        assert!(!found.to_string().contains("secret-model"), "{found}");
        assert_eq!(found["counted_events"], 3);
    }
    let answer = own.get("/v1/audit/logs?user_id=alice").await.json();
    assert!(answer.get("near").is_none());
}

async fn listed(folder: &Folder, arguments: &[&str]) -> Output {
    let mut values = audit_layer("values");
    values.args(arguments).arg("--database");
    run(values.arg(folder.database())).await
}

#[tokio::test]
async fn the_command_counts_as_the_api_does_and_is_recorded() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record(&program).await;
    let of = ["user_id", "--organization", "org_1"];
    let output = listed(&folder, &[&of[..], &["--format", "json"]].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let answer = program
        .get("/v1/audit/values?field=user_id&organization_id=org_1")
        .await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim_end(), answer.text);

    let output = listed(&folder, &of).await;
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = "  events  user_id\n       2  alice\n       1  bob\nof 3 events\n";
    assert_eq!(printed, expected);
    let history = program.get("/v1/audit/history?action=values_listed").await;
    let [last, _, first] = history.json()["data"]
        .as_array()
        .unwrap()
        .clone()
        .try_into()
        .unwrap();
    for look in [last, first] {
        assert!(look["os_user"].is_string());
        assert_eq!(look["organization_id"], "org_1");
        assert_eq!(
            (&look["items"], &look["query"]["field"]),
            (&json!(2), &json!("user_id"))
        );
        assert_eq!(look["ids"], json!(["user_id=alice", "user_id=bob"]));
    }
}

#[tokio::test]
async fn the_command_takes_a_period_and_a_limit_and_says_what_is_wrong() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for (id, day, model) in [("1", 1, "one\u{1b}[31m"), ("2", 2, "two"), ("3", 3, "two")] {
        let timestamp = format!("2025-02-0{day}T10:30:00Z");
        let members = json!({"timestamp": timestamp, "model_name": model});
        program.record(&event_with(id, members)).await;
    }
    let values = async |arguments: &[&str]| {
        let arguments = [&["model_name"], arguments].concat();
        let output = listed(&folder, &arguments).await;
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let lines = printed.lines().map(|line| line.trim().to_owned());
        lines.collect::<Vec<_>>()
    };
    let one = "1  one\\u{1b}[31m";
    assert_eq!(
        values(&[]).await,
        ["events  model_name", "2  two", one, "of 3 events"]
    );
    assert_eq!(
        values(&["--limit", "1"]).await,
        ["events  model_name", "2  two", "of 3 events"]
    );
    for period in [
        ["--from", "2025-02-01", "--to", "2025-02-02"],
        [
            "--from",
            "2025-02-01T10:30:00Z",
            "--to",
            "2025-02-02T10:30:00Z",
        ],
    ] {
        assert_eq!(
            values(&period).await,
            ["events  model_name", one, "1  two", "of 2 events"]
        );
    }
    let none = ["--from", "2025-03-01"];
    assert_eq!(values(&none).await, ["no value of model_name of 0 events"]);

    for (arguments, said) in [
        (&["prompt_content"][..], "possible values"),
        (&["model_name", "--limit", "0"], "from 1 to 1000"),
        (
            &["model_name", "--from", "2025-02-02", "--to", "2025-02-01"],
            "--to is before --from",
        ),
        (&["model_name", "--to", "tomorrow"], "must be a day"),
    ] {
        let output = listed(&folder, arguments).await;
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
    }
}
