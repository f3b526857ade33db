use serde_json::{Value, json};

use super::gateway::SEQ_MAX;
use super::*;

fn sample() -> Value {
    json!({
        "request_id": "req_1", "timestamp": "2025-02-01T10:30:00Z", "duration_ms": 1,
        "user_id": "", "organization_id": "", "prompt_hash": "", "prompt_content": "",
        "prompt_tokens": 0, "response_content": "", "response_tokens": 0,
        "model_provider": "", "model_name": "",
    })
}

fn sample_with(name: &str, value: Value) -> Value {
    let mut event = sample();
    event[name] = value;
    event
}

fn parse(event: &Value) -> Result<Event, EventError> {
    Event::parse(event.to_string().as_bytes(), &Scope::All)
}

fn field_at_fault(event: &Value) -> Option<&'static str> {
    parse(event).err().and_then(|error| error.field())
}

#[test]
fn the_required_members_alone_are_an_event() {
    let event = parse(&sample()).unwrap();
    assert_eq!(event.request_id, "req_1");
    assert_eq!(event.timestamp, 1_738_405_800_000_000);
    assert_eq!(event.session_id, None);
}

#[test]
fn every_required_member_is_named_when_it_is_missing_or_null() {
    for name in sample().as_object().unwrap().keys() {
        let mut event = sample();
        event.as_object_mut().unwrap().remove(name);
        assert_eq!(field_at_fault(&event), Some(name.as_str()));
        let event = sample_with(name, Value::Null);
        let may_be_null = name == "response_content";
        assert_eq!(
            field_at_fault(&event),
            (!may_be_null).then_some(name.as_str())
        );
    }
}

#[test]
fn optional_members_may_be_null() {
    let names = [
        "session_id",
        "model_parameters",
        "decision_type",
        "decision_outcome",
        "confidence_score",
        "reasoning",
        "compliance_tags",
        "risk_level",
        "metadata",
    ];
    for name in names {
        assert!(parse(&sample_with(name, Value::Null)).is_ok(), "{name}");
    }
}

#[test]
fn a_member_of_the_wrong_type_is_named() {
    let wrong = [
        ("request_id", json!("")),
        ("request_id", json!(1)),
        ("request_id", json!("x".repeat(limits::ID_BYTES_MAX + 1))),
        ("timestamp", json!("yesterday")),
        ("timestamp", json!("2025-02-01")),
        ("duration_ms", json!(-1)),
        ("duration_ms", json!(1.5)),
        ("prompt_tokens", json!("1")),
        ("user_id", json!(["a"])),
        ("session_id", json!(5)),
        ("model_parameters", json!([])),
        ("confidence_score", json!("0.9")),
        ("compliance_tags", json!(["SOC2", 2])),
        ("compliance_tags", json!("SOC2")),
        ("risk_level", json!("Low")),
        ("metadata", json!("x")),
    ];
    for (name, value) in wrong {
        assert_eq!(
            field_at_fault(&sample_with(name, value.clone())),
            Some(name),
            "{value}"
        );
    }
}

#[test]
fn an_id_of_the_largest_size_is_taken() {
    let longest = json!("x".repeat(limits::ID_BYTES_MAX));
    assert!(parse(&sample_with("request_id", longest)).is_ok());
}

#[test]
fn the_largest_integer_is_a_count_and_the_next_is_not() {
    let text = sample().to_string();
    let with =
        |count: &str| text.replace("\"duration_ms\":1,", &format!("\"duration_ms\":{count},"));
    assert!(Event::parse(with("18446744073709551615").as_bytes(), &Scope::All).is_ok());
    assert!(Event::parse(with("18446744073709551616").as_bytes(), &Scope::All).is_err());
}

#[test]
fn a_documented_member_cannot_come_twice() {
    let text = sample()
        .to_string()
        .replacen('{', "{\"user_id\":\"other\",", 1);
    let error = Event::parse(text.as_bytes(), &Scope::All).unwrap_err();
    assert_eq!(error.field(), Some("user_id"));
}

#[test]
fn half_a_surrogate_pair_is_invalid_json_wherever_it_stands() {
    for member in [
        r#""prompt_content":"\ud83d""#,
        r#""x":{"y":["\udc00"]}"#,
        r#""\ud800":1"#,
    ] {
        let text = sample()
            .to_string()
            .replace("\"prompt_content\":\"\"", member);
        let error = Event::parse(text.as_bytes(), &Scope::All).unwrap_err();
        assert_eq!(error.code(), "invalid_json", "{member}");
    }
}

#[test]
fn depth_is_limited() {
    let nested = |levels: usize| {
        let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let text = sample().to_string();
        let text = text.replacen('{', &format!("{{\"x\":{value},"), 1);
        Event::parse(text.as_bytes(), &Scope::All)
    };
    // The event itself is one level.
    assert!(nested(limits::EVENT_DEPTH_MAX - 2).is_ok());
    assert!(nested(limits::EVENT_DEPTH_MAX - 1).is_ok());
    for levels in [limits::EVENT_DEPTH_MAX, 127, 128, 100_000] {
        let error = nested(levels).unwrap_err();
        assert_eq!(error.code(), "event_too_deep", "{levels}");
        assert!(error.to_string().contains("100 levels"), "{error}");
    }
}

#[test]
fn members_of_the_event_itself_are_limited() {
    let own = sample().as_object().unwrap().len();
    let with = |members: usize| {
        let members = (own..members).map(|n| format!("\"{n}\":1,"));
        let text = sample().to_string();
        let text = text.replacen('{', &format!("{{{}", members.collect::<String>()), 1);
        Event::parse(text.as_bytes(), &Scope::All)
    };
    assert!(with(limits::EVENT_MEMBERS_MAX).is_ok());
    let error = with(limits::EVENT_MEMBERS_MAX + 1).unwrap_err();
    assert_eq!(error.code(), "event_too_many_members");
    let inside = (0..=limits::EVENT_MEMBERS_MAX).map(|n| (n.to_string(), json!(1)));
    assert!(parse(&sample_with("metadata", inside.collect())).is_ok());
}

#[test]
fn the_request_id_of_a_rejected_line_is_read_as_that_of_an_event() {
    for (line, id) in [
        (r#" {"request_id":"r"} "#, Some("r")),
        (r#"{"requestId":"c"}"#, Some("c")),
        (r#"{"requestId":"c","request_id":"r"}"#, Some("r")),
        (r#"["r"]"#, None),
        (r#"{"request_id":1}"#, None),
    ] {
        assert_eq!(
            Event::request_id_of(line.as_bytes()).as_deref(),
            id,
            "{line}"
        );
    }
}

#[test]
fn an_event_in_camel_case_is_kept_in_snake_case() {
    let sent = r#"{"requestId":"r","timestamp":"2025-02-01T10:30:00Z","durationMs":1,
        "userId":"u","sessionId":"s","organizationId":"o","promptHash":"h","promptContent":"p",
        "promptTokens":2,"responseContent":"a","responseTokens":3,"modelProvider":"openai",
        "modelName":"m","modelParameters":{"maxTokens":1.0},"decisionType":"d",
        "decisionOutcome":"e","confidenceScore":0.50,"reasoning":"w","complianceTags":["T"],
        "riskLevel":"high","metadata":{"requestId":"mine"},"extraMember":1}"#;
    let event = Event::parse(sent.as_bytes(), &Scope::All).unwrap();
    assert_eq!(
        event.text,
        concat!(
            r#"{"request_id":"r","timestamp":"2025-02-01T10:30:00Z","duration_ms":1,"#,
            r#""user_id":"u","session_id":"s","organization_id":"o","prompt_hash":"h","#,
            r#""prompt_content":"p","prompt_tokens":2,"response_content":"a","#,
            r#""response_tokens":3,"model_provider":"openai","model_name":"m","#,
            r#""model_parameters":{"maxTokens":1.0},"decision_type":"d","decision_outcome":"e","#,
            r#""confidence_score":0.50,"reasoning":"w","compliance_tags":["T"],"#,
            r#""risk_level":"high","metadata":{"requestId":"mine"},"extraMember":1}"#,
        )
    );
    assert_eq!(event.risk_level.as_deref(), Some("high"));
    assert_eq!(event.session_id.as_deref(), Some("s"));
}

#[test]
fn a_fault_of_an_event_in_camel_case_is_named_as_it_was_sent() {
    let camel = |name: &str, value: Value| {
        let mut event = serde_json::Map::new();
        for (name, value) in sample().as_object().unwrap() {
            let mut words = name.split('_');
            let first = words.next().unwrap().to_owned();
            let name = words.fold(first, |name, word| {
                format!("{name}{}{}", word[..1].to_uppercase(), &word[1..])
            });
            event.insert(name, value.clone());
        }
        match value {
            Value::Null => event.remove(name),
            value => event.insert(name.to_owned(), value),
        };
        Value::Object(event)
    };
    assert!(parse(&camel("reasoning", json!("fine"))).is_ok());
    for (name, value) in [
        ("durationMs", json!("fast")),
        ("userId", Value::Null),
        ("organizationId", Value::Null),
        (
            "organizationId",
            json!("x".repeat(limits::ID_BYTES_MAX + 1)),
        ),
        ("riskLevel", json!("severe")),
    ] {
        assert_eq!(field_at_fault(&camel(name, value)), Some(name));
    }
    // Both spellings of one member.
    let twice = camel("user_id", json!("other"));
    assert_eq!(field_at_fault(&twice), Some("userId"));
    let foreign = camel("organizationId", json!("o")).to_string();
    assert_eq!(
        parse_for("p", &foreign).unwrap_err().field(),
        Some("organizationId")
    );
}

#[test]
fn in_an_event_of_snake_case_other_spellings_mean_nothing() {
    let text = sample_with("userId", json!(5)).to_string();
    assert_eq!(parse_for("o", &text).unwrap().user_id, "");
    let text = sample_with("requestId", json!("other")).to_string();
    assert_eq!(
        Event::parse(text.as_bytes(), &Scope::All).unwrap().text,
        text
    );
}

#[test]
fn what_is_no_object_is_no_event() {
    for text in ["[]", "1", "\"x\"", "null"] {
        let error = Event::parse(text.as_bytes(), &Scope::All).unwrap_err();
        assert_eq!(error.code(), "invalid_event", "{text}");
    }
    for text in ["", "x", "{", "{} {}"] {
        let error = Event::parse(text.as_bytes(), &Scope::All).unwrap_err();
        assert_eq!(error.code(), "invalid_json", "{text}");
    }
}

#[test]
fn the_text_is_kept_as_it_was_sent() {
    let text = sample().to_string().replacen('{', "{ \"x\" :\t1.0,", 1);
    let event = Event::parse(format!("\r\n {text} \n").as_bytes(), &Scope::All).unwrap();
    assert_eq!(event.text, text);
}

#[test]
fn members_that_the_collector_adds_are_taken_out_and_nothing_else() {
    let text = sample().to_string();
    let sent = text.replacen('{', r#"{"id":"log_1","n":1.0,"received_at":"then","#, 1);
    let kept = text.replacen('{', r#"{"n":1.0,"#, 1);
    assert_eq!(
        Event::parse(sent.as_bytes(), &Scope::All).unwrap().text,
        kept
    );
}

#[test]
fn gateway_facts_are_read_where_they_have_the_expected_shape() {
    let facts = |metadata: Value| parse(&sample_with("metadata", metadata)).unwrap().gateway;
    let known = facts(json!({"audit_layer": {
        "writer": {"id": "w", "seq": 7}, "completion": {"state": "pending", "flags": []}}}));
    assert_eq!(known.completion_state.as_deref(), Some("pending"));
    assert_eq!(known.writer_id.as_deref(), Some("w"));
    assert_eq!(known.writer_seq, Some(7));
    for odd in [
        json!({}),
        json!({"audit_layer": "x"}),
        json!({"audit_layer": {"writer": 1}}),
        json!({"audit_layer": {"writer": {"id": "w", "seq": 0}}}),
        json!({"audit_layer": {"writer": {"id": "w", "seq": SEQ_MAX + 1}}}),
        json!({"audit_layer": {"writer": {"id": "w".repeat(limits::ID_BYTES_MAX + 1), "seq": 1}}}),
        json!({"audit_layer": {"writer": ["w", 7], "completion": ["pending"]}}),
        json!({"audit_layer": [["pending"], ["w", 7]]}),
    ] {
        // That one is named is known, whatever it is.
        let names_writer = !odd["audit_layer"]["writer"].is_null();
        let none = GatewayFacts {
            names_writer,
            ..GatewayFacts::default()
        };
        assert_eq!(facts(odd), none);
    }
}

fn parse_for(organization: &str, event: &str) -> Result<Event, EventError> {
    let scope = Scope::Organization(organization.to_owned());
    Event::parse(event.as_bytes(), &scope)
}

#[test]
fn an_event_without_an_organization_gets_that_of_its_key() {
    let (absent, null, empty) = (
        r#"{"n":1.0,"#,
        r#"{"organization_id":null,"n":1.0,"#,
        r#"{"n":1.0,"organization_id":"","#,
    );
    let rest = sample()
        .to_string()
        .replace("\"organization_id\":\"\",", "")
        .replacen('{', "", 1);
    for beginning in [absent, null, empty] {
        let event = parse_for("o\"1", &format!("{beginning}{rest}")).unwrap();
        assert_eq!(event.organization_id, "o\"1");
        let stored = format!(r#"{{"organization_id":"o\"1","n":1.0,{rest}"#);
        assert_eq!(event.text, stored);
    }
}

#[test]
fn an_event_of_the_keys_own_organization_stays_as_it_is() {
    let text = sample_with("organization_id", json!("own")).to_string();
    assert_eq!(parse_for("own", &text).unwrap().text, text);
    let error = parse_for("Own", &text).unwrap_err();
    assert_eq!(error.code(), "wrong_organization");
    assert_eq!(error.field(), Some("organization_id"));
}

#[test]
fn what_a_log_without_content_has_is_told_from_what_was_recorded_so() {
    for (content, is_stub) in [
        (json!("not_logged"), true),
        (json!("full"), false),
        (json!("hash_only"), false),
        (json!(["not_logged"]), false),
    ] {
        let capture = json!({"audit_layer": {"capture": {"content": content}}});
        let event = parse(&sample_with("metadata", capture)).unwrap();
        assert_eq!(event.is_stub(), is_stub, "{content}");
    }
}
