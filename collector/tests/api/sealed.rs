//! The commands `sealing-key` and `open`: an auditor's keys, and events that are sealed for them.

use std::process::Output;

use serde_json::{Value, json};

use crate::program::{Folder, Program, audit_layer, run};

const SECRET: &str = "the merger is on Friday";

/// Makes an auditor's keys, and gives what belongs in the configuration.
async fn keys(folder: &Folder, file: &str) -> Value {
    let output = run(audit_layer("sealing-key").arg(folder.path(file))).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The event of a call that asks for a secret, sealed as a configuration says.
async fn event(folder: &Folder, seal: &Value) -> Value {
    let plugin = json!({
        "audit_api": {"cluster": "audit"}, "organization_id": "org_test", "seal": seal,
        "capture": {"content": "sealed", "hash_key": "k"},
    });
    let asked = json!({"model": "m", "messages": [{"role": "user", "content": SECRET}]});
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\nHost: api.openai.com\nx-audit-user-id: ann\n\n{asked}"
    );
    let answer = json!({"choices": [{"finish_reason": "stop", "message": {"content": SECRET}}]});
    let files = [
        ("plugin.json", plugin.to_string()),
        ("request.http", request),
        ("response.http", format!("HTTP/1.1 200 OK\n\n{answer}")),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path(name), text).unwrap();
    }
    let mut command = audit_layer("explain");
    let command = command
        .args(["--format", "json"])
        .arg(folder.path("plugin.json"));
    let command = command.arg("--request").arg(folder.path("request.http"));
    let output = run(command.arg("--response").arg(folder.path("response.http"))).await;
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let event = said[0]["event"].clone();
    assert!(!event.to_string().contains(SECRET));
    event
}

/// The lines that `open` prints, and what it says.
async fn open(
    folder: &Folder,
    keys: &[&str],
    events: impl AsRef<[u8]>,
) -> (Vec<String>, String, Output) {
    let file = folder.path("events");
    std::fs::write(&file, events).unwrap();
    let mut command = audit_layer("open");
    for key in keys {
        command.arg("--key").arg(folder.path(key));
    }
    let output = run(command.arg(file)).await;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (stdout.lines().map(str::to_owned).collect(), said, output)
}

#[tokio::test]
async fn an_auditor_opens_what_the_collector_cannot_read() {
    let folder = Folder::new();
    let printed = keys(&folder, "auditor.pem").await;
    let sealed = event(&folder, &printed["seal"]).await;
    let program = Program::start_in(&folder).await;
    program.record(&sealed).await;
    let id = sealed["request_id"].as_str().unwrap();
    let one = program.get(&format!("/v1/audit/logs/{id}")).await.text;
    let page = program.get("/v1/audit/logs").await.text;
    let export = program.get("/v1/audit/logs?format=ndjson").await.text;
    for stored in [one, page, export] {
        assert!(!stored.contains(SECRET), "{stored}");
        let (events, said, output) = open(&folder, &["auditor.pem"], &stored).await;
        assert!(output.status.success(), "{said}");
        let [event] = events.as_slice() else {
            panic!("{events:?}");
        };
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event["prompt_content"], SECRET);
        assert_eq!(event["response_content"], SECRET);
        assert_eq!(event["user_id"], "ann");
        assert!(
            event["recorded_by"].is_object(),
            "what the collector says stays: {event}"
        );
        assert!(
            said.contains("1 event opened, 0 of them changed; 0 not sealed, 0 not opened"),
            "{said}"
        );
    }
    program.stop().await;
}

#[tokio::test]
async fn what_does_not_open_is_told_and_nothing_good_is_lost() {
    let folder = Folder::new();
    let own = keys(&folder, "own.pem").await;
    let others = keys(&folder, "other.pem").await;
    let good = event(&folder, &own["seal"]).await;
    let mut changed = good.clone();
    changed["user_id"] = json!("mallory");
    let other = event(&folder, &others["seal"]).await;
    let mut damaged = good.clone();
    damaged["request_id"] = json!("another");
    let plain = json!({"request_id": "r", "metadata": {"audit_layer": {"completion": {"state": "complete"}}}});
    let lines = [
        good.to_string(),
        changed.to_string(),
        other.to_string(),
        damaged.to_string(),
        plain.to_string(),
    ];
    let text = lines.join("\n") + "\n\n{broken\n";
    let (events, said, output) = open(&folder, &["own.pem"], &text).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(events.len(), 6);
    assert!(events[0].contains(SECRET) && events[1].contains(SECRET));
    assert_eq!(
        &events[2..],
        [
            other.to_string(),
            damaged.to_string(),
            plain.to_string(),
            "{broken".to_owned()
        ]
    );
    let name = others["seal"]["recipients"][0]["key_id"].as_str().unwrap();
    for words in [
        "line 2 was changed after it was sealed: user_id".to_owned(),
        format!("line 3 is sealed for other keys: {name}"),
        "line 4 is damaged, or was changed".to_owned(),
        "line 7 is no event".to_owned(),
        "2 events opened, 1 of them changed; 1 not sealed, 3 not opened".to_owned(),
    ] {
        assert!(said.contains(&words), "{words} in {said}");
    }
    for (pointer, value, path) in [
        ("/metadata/case", json!("8"), "metadata"),
        ("/prompt_content", json!("forged"), "prompt_content"),
        ("/model_parameters/seed", json!(1), "model_parameters.seed"),
        (
            "/metadata/audit_layer/prompt/parts",
            json!([]),
            "metadata.audit_layer.prompt.parts",
        ),
        (
            "/metadata/audit_layer/prompt/parts/0/role",
            json!("tool"),
            "metadata.audit_layer.prompt.parts.*.role",
        ),
        (
            "/metadata/audit_layer/decision",
            json!({"x": 1}),
            "metadata.audit_layer.decision",
        ),
        (
            "/metadata/audit_layer/gateway/path",
            json!("/other"),
            "metadata.audit_layer.gateway",
        ),
        ("/stranger", json!(true), "stranger"),
    ] {
        let mut changed = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap();
        parent
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value);
        let (_, said, output) = open(&folder, &["own.pem"], &changed.to_string()).await;
        assert!(!output.status.success(), "{pointer}");
        assert!(
            said.contains(&format!("after it was sealed: {path}")),
            "{pointer}: {said}"
        );
    }
    let (events, said, output) = open(
        &folder,
        &["own.pem", "other.pem"],
        &json!([good, other]).to_string(),
    )
    .await;
    assert!(output.status.success(), "{said}");
    assert!(events.iter().all(|event| event.contains(SECRET)));
}

#[tokio::test]
async fn a_key_is_never_overwritten_and_one_of_openssl_is_taken() {
    let folder = Folder::new();
    let printed = keys(&folder, "auditor.pem").await;
    assert_eq!(printed["capture"]["content"], "sealed");
    let text = std::fs::read_to_string(folder.path("auditor.pem")).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path("auditor.pem"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let output = run(audit_layer("sealing-key").arg(folder.path("auditor.pem"))).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("cannot write the private key"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.path("auditor.pem")).unwrap(),
        text
    );
    let mut command = audit_layer("sealing-key");
    let output = run(command
        .args(["--existing", "--key-id", "a"])
        .arg(folder.path("auditor.pem")))
    .await;
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    let recipient = |printed: &Value| printed["seal"]["recipients"][0].clone();
    assert_eq!(
        recipient(&again)["public_key"],
        recipient(&printed)["public_key"]
    );
    assert_eq!(recipient(&again)["key_id"], "a");
    // As OpenSSL writes it.
    let openssl = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIDgOlY7cJ+VGpkWUGxoSX5/E3q7sbwOSb6giNdDTZTdR\n-----END PRIVATE KEY-----\n";
    std::fs::write(folder.path("openssl.pem"), openssl).unwrap();
    let mut command = audit_layer("sealing-key");
    let output = run(command.arg("--existing").arg(folder.path("openssl.pem"))).await;
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        recipient(&printed)["public_key"],
        "ffvljgjHDBm/j+LZddLN+xo1v2hIBj6QcjF+aPKymHk="
    );
    let sealed = event(&folder, &printed["seal"]).await;
    let (events, said, _) = open(&folder, &["openssl.pem"], &sealed.to_string()).await;
    assert!(events[0].contains(SECRET), "{said}");
    std::fs::write(folder.path("no.pem"), "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAffvljgjHDBm/j+LZddLN+xo1v2hIBj6QcjF+aPKymHk=\n-----END PUBLIC KEY-----\n").unwrap();
    let (_, said, output) = open(&folder, &["no.pem"], "{}").await;
    assert!(
        !output.status.success() && said.contains("is a public key, which opens nothing"),
        "{said}"
    );
}

#[tokio::test]
async fn events_are_read_however_they_are_laid_out() {
    let folder = Folder::new();
    let own = keys(&folder, "own.pem").await;
    let good = event(&folder, &own["seal"]).await;
    let line = good.to_string();
    let not_text = [line.as_bytes(), b"\n{\xff}\n", line.as_bytes()].concat();
    for (events, opened, is_good) in [
        (format!("{good:#}\n{good:#}\n").into_bytes(), 2, true),
        (
            format!("\u{feff}{line}\r\n\r\n{line}").into_bytes(),
            2,
            true,
        ),
        (format!("\u{feff}{good:#}").into_bytes(), 1, true),
        (
            json!({"data": [good, good], "next_cursor": null})
                .to_string()
                .into_bytes(),
            2,
            true,
        ),
        (not_text, 2, false),
        (Vec::new(), 0, false),
    ] {
        let (printed, said, output) = open(&folder, &["own.pem"], &events).await;
        let count = printed
            .iter()
            .filter(|event| event.contains(SECRET))
            .count();
        assert_eq!(count, opened, "{said}");
        assert_eq!(output.status.success(), is_good, "{said}");
    }
}
