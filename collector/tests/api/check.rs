//! The commands `check` and `explain`: what they say of configurations and of saved calls.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::program::{Folder, audit_layer, run};

const REFUSALS: &str = include_str!("../../../core/tests/data/refusals.json");

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../envoy")
        .join(name)
}

/// What `check --format json` says of files, and whether it is satisfied.
async fn check(arguments: &[&str]) -> (Vec<Value>, bool) {
    let mut command = audit_layer("check");
    let output = run(command.args(["--format", "json"]).args(arguments)).await;
    let said = serde_json::from_slice(&output.stdout);
    (
        said.unwrap_or_else(|_| panic!("{output:?}")),
        output.status.success(),
    )
}

fn written(folder: &Folder, name: &str, text: &str) -> String {
    let path = folder.path(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn shipped_configurations_are_accepted_with_their_values_and_warnings() {
    for name in ["envoy.yaml", "own-model.yaml", "openai-anthropic-vllm.yaml"] {
        let path = shipped(name);
        let (said, is_satisfied) = check(&[path.to_str().unwrap()]).await;
        assert!(is_satisfied, "{said:?}");
        let [one] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!(one["effective"]["audit_api"]["cluster"], "audit_api");
        assert_eq!(
            one["effective"]["delivery"]["batch"]["path"],
            "/audit/log/batch"
        );
        let warnings = one["warnings"].to_string();
        for word in [
            "capture.content is full",
            "identity.trust",
            "identity.user_id",
        ] {
            assert!(warnings.contains(word), "{warnings}");
        }
        assert!(!warnings.contains("is no cluster"), "{warnings}");
    }
    let path = shipped("envoy.yaml");
    let (_, is_satisfied) = check(&["--strict", path.to_str().unwrap()]).await;
    assert!(!is_satisfied);
}

#[tokio::test]
async fn a_mistake_is_refused_in_the_gateways_words() {
    let folder = Folder::new();
    let list: Vec<(Map<String, Value>, String)> = serde_json::from_str(REFUSALS).unwrap();
    let mut files = Vec::new();
    for (number, (members, _)) in list.iter().enumerate() {
        let mut config = json!({"audit_api": {"cluster": "audit"}});
        config.as_object_mut().unwrap().extend(members.clone());
        files.push(written(
            &folder,
            &format!("{number}.json"),
            &config.to_string(),
        ));
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (said, is_satisfied) = check(&files).await;
    assert!(!is_satisfied);
    assert_eq!(said.len(), list.len());
    for (said, (_, refusal)) in said.iter().zip(&list) {
        let refused = said["refused"].as_str().unwrap_or_default();
        assert!(refused.starts_with(refusal.as_str()), "{said}\n{refusal}");
    }
}

#[tokio::test]
async fn every_kind_of_file_is_understood() {
    let folder = Folder::new();
    let istio = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: audit, namespace: istio-system}
spec:
  url: oci://registry.example/audit-layer
  vmConfig:
    env:
      - {name: AUDIT_LAYER_API_KEY, valueFrom: HOST}
      - {name: AUDIT_LAYER_HASH_KEY, value: secret}
  pluginConfig:
    audit_api: {cluster: "outbound|8080||audit.audit.svc.cluster.local"}
    capture: {content: hash}
"#;
    let gateway = r#"
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: audit}
spec:
  wasm:
    - name: audit
      code: {type: Image, image: {url: registry.example/audit-layer}}
      config: {audit_api: {cluster: audit}, capture: {content: none}}
"#;
    let istio = written(&folder, "istio.yaml", istio);
    let gateway = written(&folder, "gateway.yaml", gateway);
    let (said, is_satisfied) = check(&[&istio, &gateway]).await;
    assert!(!is_satisfied, "the second has no key: {said:?}");
    assert!(
        said[0]["place"]
            .as_str()
            .unwrap()
            .ends_with("WasmPlugin audit")
    );
    assert_eq!(said[0]["effective"]["capture"]["hash"], "hmac-sha256");
    assert_eq!(said[0]["effective"]["audit_api"]["api_key"], "(set)");
    assert!(!said[0].to_string().contains("secret"));
    assert!(
        said[1]["refused"]
            .as_str()
            .unwrap()
            .starts_with("capture.hash_key: required")
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_none_of_the_others_from_being_judged() {
    let folder = Folder::new();
    let broken = written(&folder, "broken.yaml", "a: [1\n");
    let text = std::fs::read_to_string(shipped("own-model.yaml")).unwrap();
    let marked = written(&folder, "marked.yaml", &format!("\u{feff}{text}"));
    let (said, is_satisfied) = check(&["/nowhere", &broken, &marked]).await;
    assert!(!is_satisfied);
    assert_eq!(said.len(), 1);
    assert!(said[0]["effective"].is_object(), "{said:?}");
}

#[tokio::test]
async fn a_missing_variable_is_told_in_the_words_of_the_file() {
    let folder = Folder::new();
    let istio = r#"
kind: WasmPlugin
metadata: {name: audit}
spec: {pluginConfig: {audit_api: {cluster: audit, api_key: {env: NOWHERE}}}}
"#;
    // An entry whose code is patched in elsewhere.
    let gateway = r#"
kind: EnvoyExtensionPolicy
spec: {wasm: [{name: audit, config: {audit_api: {cluster: audit, api_key: {env: NOWHERE}}}}]}
"#;
    for (text, words) in [
        (istio, "list it under vmConfig.env, with valueFrom: HOST"),
        (gateway, "list it under env.hostKeys"),
    ] {
        let (said, _) = check(&[&written(&folder, "gateway.yaml", text)]).await;
        let refused = said[0]["refused"].as_str().unwrap();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn a_cluster_that_the_file_does_not_have_is_a_warning() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(shipped("own-model.yaml")).unwrap();
    let text = text.replace(r#""cluster": "audit_api""#, r#""cluster": "adit_api""#);
    let (said, is_satisfied) = check(&[&written(&folder, "envoy.yaml", &text)]).await;
    assert!(is_satisfied);
    let warnings = said[0]["warnings"].to_string();
    assert!(
        warnings.contains("is no cluster of this file, which has model, audit_api"),
        "{warnings}"
    );
}

#[tokio::test]
async fn a_file_without_a_configuration_is_an_error_that_says_so() {
    let folder = Folder::new();
    for (text, reason) in [
        ("a: 1\n", "has no configuration of the audit plugin"),
        ("a: [1\n", "is neither JSON nor YAML"),
    ] {
        let file = written(&folder, "file.yaml", text);
        let output = run(audit_layer("check").arg(&file)).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(reason), "{said}");
    }
    let output = run(audit_layer("check").arg(folder.path("nowhere"))).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot read"), "{said}");
}

const PLUGIN: &str = r#"{
    "audit_api": {"cluster": "audit"},
    "capture": {"content": "redacted", "hash": "sha256"},
    "rules": [{"name": "loans", "match": {"path": "/v1/*"}, "set": {"decision_type": "loan"}}]
}"#;

fn har() -> Value {
    let request =
        json!({"model": "m", "messages": [{"role": "user", "content": "ann@example.com"}]});
    let response = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    let entry = |url: &str| {
        json!({
            "startedDateTime": "2026-11-30T12:00:00.500+01:00", "time": 12.5,
            "request": {
                "method": "POST", "url": url,
                "headers": [{"name": "x-audit-user-id", "value": "ann"}, {"name": ":path", "value": "x"}],
                "postData": {"mimeType": "application/json", "text": request.to_string()},
            },
            "response": {
                "status": 200, "headers": [{"name": "content-encoding", "value": "gzip"}],
                "content": {"text": response.to_string()},
            },
        })
    };
    let urls = [
        "https://api.openai.com/v1/chat/completions?key=k",
        "https://example.com/",
    ];
    json!({"log": {"entries": urls.map(entry)}})
}

#[tokio::test]
async fn a_saved_call_is_explained_member_by_member() {
    let folder = Folder::new();
    let plugin = written(&folder, "plugin.json", PLUGIN);
    let har = written(&folder, "exchange.har", &har().to_string());
    let mut command = audit_layer("explain");
    let output = run(command.args(["--format", "json", &plugin, &har])).await;
    assert!(!output.status.success(), "one call gives no event");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (event, origins) = (&said[0]["event"], &said[0]["origins"]);
    assert_eq!(event["prompt_content"], "[EMAIL:1]");
    assert_eq!(event["timestamp"], "2026-11-30T11:00:00.500Z");
    assert_eq!(
        (&event["duration_ms"], &event["response_content"]),
        (&json!(12), &json!("Hi"))
    );
    assert!(!said[0].to_string().contains("key=k"));
    for (member, origin) in [
        ("decision_type", "a rule"),
        ("user_id", "header"),
        ("prompt_content", "the request"),
        ("response_content", "the answer"),
        ("reasoning", "nobody"),
    ] {
        let said = origins[member].as_str().unwrap();
        assert!(said.contains(origin), "{member}: {said}");
    }
    let reason = said[1]["no_event"].as_str().unwrap();
    assert!(reason.contains("no path of a known API"), "{reason}");
}

#[tokio::test]
async fn a_call_may_be_saved_as_messages() {
    let folder = Folder::new();
    let plugin = written(&folder, "plugin.json", PLUGIN);
    let request = "POST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n\
        {\"model\":\"claude\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    let request = written(&folder, "request.http", request);
    let response = "HTTP/1.1 529 Overloaded\nretry-after: 1\n\n{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}";
    let response = written(&folder, "response.http", response);
    let mut command = audit_layer("explain");
    let output = run(command.args([&plugin, "--request", &request, "--response", &response])).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    for words in [
        "model_name = \"claude\"",
        "(the request)",
        "capture.rules = [\"loans\"]",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
