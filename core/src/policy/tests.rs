use super::*;
use crate::digest::HashForm;
use crate::event::limits::ID_BYTES_MAX;
use crate::event::{CapturePoint, ContentLevel};

/// A proxy, with words that no other has.
const PROXY: Host = Host {
    recorder: "recorder/1",
    point: CapturePoint::Gateway,
    cluster: Some("the proxy's name of it"),
    json_hint: "; in this proxy, write it as a string",
    variable_hint: " in the VM",
    entropy: |_| true,
};

const MINIMAL: &str = r#"{"audit_api":{"cluster":"audit"}}"#;

fn read(json: &str) -> Result<Policy, ConfigError> {
    Policy::read(json.as_bytes(), &|_| None, &PROXY)
}

fn refusal(json: &str) -> String {
    read(json).unwrap_err().to_string()
}

/// The minimal configuration with one more member.
fn with(member: &str) -> String {
    MINIMAL.replacen('{', &format!("{{{member},"), 1)
}

#[test]
fn where_to_send_is_all_that_must_be_written() {
    let policy = read(MINIMAL).unwrap();
    assert_eq!(policy.audit_api.authority, "api.auditlayer.io");
    assert_eq!(policy.audit_api.base_path, "/v1");
    assert_eq!(policy.delivery.batch.max_events, 1);
    assert_eq!(
        refusal("{}"),
        "audit_api.cluster: required: the proxy's name of it"
    );
}

#[test]
fn an_organization_that_the_audit_api_refuses_is_refused_here() {
    let named = |bytes: usize| with(&format!("\"organization_id\":{:?}", "o".repeat(bytes)));
    assert!(read(&named(ID_BYTES_MAX)).is_ok());
    assert_eq!(
        refusal(&named(ID_BYTES_MAX + 1)),
        "organization_id: must be at most 1024 bytes long"
    );
}

#[test]
fn a_host_without_a_proxy_needs_no_cluster_and_hears_of_none() {
    let read = |json: &str| Policy::read(json.as_bytes(), &|_| None, &Host::default());
    let policy = read("{}").unwrap();
    assert_eq!(policy.audit_api.cluster, "");
    assert_eq!(policy.audit_api.authority, "api.auditlayer.io");
    for (json, expected) in [
        ("[]", "not a JSON object"),
        (
            r#"{"organization_id":{"env":"ORG"}}"#,
            "organization_id: the environment variable ORG is not set",
        ),
    ] {
        assert_eq!(read(json).unwrap_err().to_string(), expected);
    }
}

#[test]
fn events_name_the_host_that_records() {
    assert_eq!(read(MINIMAL).unwrap().recorder, "recorder/1");
    let own = Host::default().recorder;
    assert_eq!(own, concat!("audit-layer/", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_refusal_names_the_member() {
    for (member, expected) in [
        (
            r#""delivery":{"batch":{"max_events":0}}"#,
            "delivery.batch.max_events: must be at least 1",
        ),
        (
            r#""delivery":{"batch":{"max_evnts":5}}"#,
            "delivery.batch.max_evnts: unknown field `max_evnts`",
        ),
        (
            r#""delivery":{"queue":{"max_bytes":"x"}}"#,
            "delivery.queue.max_bytes: invalid type: string",
        ),
        (
            r#""delivery":{"batch":{"path":"audit"}}"#,
            "delivery.batch.path: must start with \"/\"",
        ),
        (
            r#""providers":[{"host":"llm.example","name":"house","format":"soap"}]"#,
            "providers[0].format: must be one of aleph_alpha.complete, ",
        ),
        (
            r#""providers":[{"host":"https://llm.example","name":"house"}]"#,
            "providers[0].host: must be a name without a scheme",
        ),
        (
            r#""providers":[{"name":"house"}]"#,
            "providers[0]: must have at least one of host, cluster and route",
        ),
        (
            r#""providers":[{"cluster":"","name":"house"}]"#,
            "providers[0].cluster: must not be empty",
        ),
        (
            r#""capture":{"hash":"md5"}"#,
            "capture.hash: unknown variant `md5`",
        ),
        (
            r#""capture":{"hash":"hmac-sha256"}"#,
            "capture.hash_key: required by",
        ),
        (
            r#""capture":{"limits":{"content_bytes":1}}"#,
            "capture.limits.content_bytes: must be at least 1024",
        ),
        (
            r#""organization_id":7"#,
            "organization_id: invalid type: integer `7`, expected a string or",
        ),
        (
            r#""organization_id":{"env":"ORG"}"#,
            "organization_id: the environment variable ORG is not set in the VM",
        ),
        (
            r#""organization_id":{"evn":"ORG"}"#,
            "organization_id: expected the one member \"env\"",
        ),
    ] {
        let refusal = refusal(&with(member));
        assert!(refusal.starts_with(expected), "{refusal}");
        assert!(!refusal.contains('\n'));
    }
}

#[test]
fn the_older_word_for_hashes_needs_no_key() {
    let policy = read(&with(r#""capture":{"content":"hash_only"}"#)).unwrap();
    assert!(policy.capture.content.has(ContentLevel::Hash));
    assert!(matches!(policy.capture.hash, HashForm::Sha256));
    let with_rule = with(
        r#""capture":{"content":"hash_only"},"rules":[{"match":{"path":"*"},"content":"none"}]"#,
    );
    assert!(refusal(&with_rule).starts_with("capture.hash_key: required"));
}

#[test]
fn a_refusal_is_one_line_whatever_the_operator_wrote() {
    for (member, expected) in [
        (r#""a\nb":1"#, "a\\nb: unknown field `a\\nb`"),
        (
            r#""organization_id":{"env":"A\r\u0085"}"#,
            "organization_id: the environment variable A\\r\\u{85} is not set",
        ),
    ] {
        let refusal = refusal(&with(member));
        assert!(refusal.starts_with(expected), "{refusal}");
        assert!(!refusal.contains(char::is_control), "{refusal}");
    }
}

#[test]
fn text_that_is_not_json_is_refused_with_its_place() {
    assert!(refusal("{").contains("EOF while parsing"));
    assert_eq!(refusal(""), refusal("{}"));
    for other in ["[]", "audit_api", "\u{a}\u{17}"] {
        assert!(refusal(other).starts_with("not a JSON object; in this proxy"));
    }
    assert!(refusal("{\"audit_api\":").contains("line 1"));
    assert!(refusal(&format!("{MINIMAL} x")).contains("trailing characters"));
}

#[test]
fn the_wrappers_environment_fills_absent_members_only() {
    let env = |name: &str| Some(format!("env.{name}"));
    let json = r#"{"audit_api":{"cluster":"c","url":"http://localhost:8080/","api_key":"k"}}"#;
    let policy = Policy::read(json.as_bytes(), &env, &PROXY).unwrap();
    assert_eq!(policy.organization_id, "env.AUDIT_LAYER_ORG_ID");
    assert_eq!(policy.audit_api.api_key.unwrap().expose(), "k");
    assert_eq!(
        (
            policy.audit_api.scheme.as_str(),
            policy.audit_api.base_path.as_str()
        ),
        ("http", "")
    );
}

#[test]
fn any_string_may_come_from_the_environment() {
    let env = |name: &str| (name == "SECRET").then(|| "s".to_owned());
    let json = r#"{"audit_api":{"cluster":{"env":"SECRET"},"api_key":{"env":"SECRET"}},
        "capture":{"hash":"hmac-sha256","hash_key":{"env":"SECRET"}}}"#;
    let policy = Policy::read(json.as_bytes(), &env, &PROXY).unwrap();
    assert_eq!(policy.audit_api.cluster, "s");
    assert!(matches!(policy.capture.hash, HashForm::Hmac(_)));
    assert!(!format!("{policy:?}").contains("\"s\"})"));
    assert!(format!("{policy:?}").contains("Secret(…)"));
}

#[test]
fn an_unusable_url_or_key_is_refused() {
    for (url, reason) in [
        ("audit.example", "must start with https://"),
        ("ftp://audit.example", "must start with https://"),
        ("https:///v1", "has no host"),
        (
            "https://user:pass@audit.example",
            "must not hold credentials",
        ),
        (
            "https://audit.example/v1?x=1",
            "must be printable ASCII without spaces, query",
        ),
    ] {
        let json = format!(r#"{{"audit_api":{{"cluster":"c","url":"{url}"}}}}"#);
        assert!(
            refusal(&json).starts_with(&format!("audit_api.url: {reason}")),
            "{url}"
        );
    }
    let json = r#"{"audit_api":{"cluster":"c","api_key":"a\nb"}}"#;
    assert!(refusal(json).starts_with("audit_api.api_key: must be printable"));
}

#[test]
fn dead_letters_have_the_key_of_the_audit_api_unless_there_is_one_of_their_own() {
    let id = |json: &str, env: &dyn Fn(&str) -> Option<String>| {
        let policy = Policy::read(json.as_bytes(), env, &PROXY).unwrap();
        let key = policy.delivery.dead_letter.key;
        key.map(|key| key.id().to_owned())
    };
    let of = |secret: &str| LetterKey::new(secret).map(|key| key.id().to_owned());
    let none = |_: &str| None;
    let env = |name: &str| {
        let value = format!("{name}-value");
        name.contains("LETTER").then_some(value)
    };
    let own = with(r#""delivery":{"dead_letter":{"key":"own"}}"#);
    let from_env = with(r#""delivery":{"dead_letter":{"key":{"env":"LETTERS"}}}"#);
    let api_key = MINIMAL.replace(r#""audit""#, r#""audit","api_key":"of-the-api""#);
    assert_eq!(id(MINIMAL, &none), None);
    assert_eq!(id(&api_key, &none), of("of-the-api"));
    assert_eq!(id(&own, &env), of("own"));
    assert_eq!(id(&from_env, &env), of("LETTERS-value"));
    assert_eq!(id(&api_key, &env), of("AUDIT_LAYER_DEAD_LETTER_KEY-value"));
    for key in ["", "a b", "ü"] {
        let refused = with(&format!(
            r#""delivery":{{"dead_letter":{{"key":"{key}"}}}}"#
        ));
        assert_eq!(
            refusal(&refused),
            "delivery.dead_letter.key: must be printable ASCII without spaces, and not empty"
        );
    }
}
