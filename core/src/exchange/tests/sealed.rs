use super::*;
use crate::event::{AuditEvent, ContentLevel};
use crate::sealing::{OpenError, PrivateKey, open};

const SECRET: &str = "canary-of-the-prompt";
const ANSWERED: &str = "canary-of-the-answer";

fn key(byte: u8) -> PrivateKey {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    PrivateKey::parse(&text).unwrap()
}

fn config(level: &Value, keys: &[PrivateKey]) -> String {
    let recipients = keys
        .iter()
        .map(|key| json!({"public_key": key.public_key().to_string()}));
    json!({
        "organization_id": "org_1", "audit_api": {"cluster": "audit"},
        "capture": {"content": level, "hash_key": "k"},
        "seal": {"recipients": recipients.collect::<Vec<_>>()},
        "rules": [{"match": {"path": "*"}, "set": {"risk_level": "high"}}],
    })
    .to_string()
}

fn call(level: &Value, keys: &[PrivateKey]) -> Call {
    let ask =
        json!({"model": "m", "stop": [SECRET], "messages": [{"role": "user", "content": SECRET}]});
    let answer = json!({"choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": ANSWERED, "tool_calls": [
            {"id": "c", "function": {"name": "pay", "arguments": format!("{{\"to\":\"{ANSWERED}\"}}")}}]}}]});
    Call::new(OPENAI, &ask.to_string(), &answer.to_string())
        .with(|call| call.config = config(level, keys))
}

/// What a key makes of an event.
fn opened(event: &AuditEvent, keys: &[PrivateKey]) -> Result<Value, OpenError> {
    let stored = serde_json::to_string(event).unwrap();
    let opened = open(&stored, keys)?.expect("a sealed event");
    Ok(serde_json::from_str(&opened.event).unwrap())
}

#[test]
fn only_a_recipient_reads_what_is_sealed() {
    let (one, other, stranger) = (key(1), key(2), key(3));
    let level = json!("sealed");
    let event = call(&level, &[one.clone(), other.clone()]).run().unwrap();
    let stored = serde_json::to_string(&event).unwrap();
    for canary in [SECRET, ANSWERED] {
        assert!(!stored.contains(canary), "{stored}");
    }
    let full = call(&json!("full"), &[]).with(|call| {
        let mut config: Value = serde_json::from_str(&call.config).unwrap();
        config["seal"] = json!({});
        call.config = config.to_string();
    });
    // The hashes have a key only where content is withheld.
    let full = full.with(|call| {
        call.config = call.config.replace(
            r#""hash_key":"k""#,
            r#""hash":"hmac-sha256","hash_key":"k""#,
        );
    });
    for recipient in [one, other] {
        assert_eq!(
            opened(&event, &[stranger.clone(), recipient]).unwrap(),
            full.event()
        );
    }
    assert!(
        matches!(opened(&event, &[stranger]), Err(OpenError::OtherKeys(keys)) if keys.len() == 2)
    );
}

#[test]
fn what_is_not_sealed_is_in_it_as_on_its_own_level() {
    let one = key(1);
    for (level, prompt, answer) in [
        (json!({"prompt": "sealed", "answer": "none"}), true, false),
        (json!({"prompt": "hash", "answer": "sealed"}), false, true),
    ] {
        let event = call(&level, std::slice::from_ref(&one)).run().unwrap();
        let stored = serde_json::to_value(&event).unwrap();
        assert_eq!(own(&stored, "/capture/content"), &level);
        let opened = opened(&event, std::slice::from_ref(&one))
            .unwrap()
            .to_string();
        assert_eq!(opened.contains(SECRET), prompt, "{level}");
        assert_eq!(opened.contains(ANSWERED), answer, "{level}");
    }
    let full = call(
        &json!({"prompt": "full", "answer": "sealed"}),
        std::slice::from_ref(&one),
    );
    let event = full.run().unwrap();
    assert!(event.prompt_content.contains(SECRET));
    assert!(event.metadata.audit_layer.sealed.is_some());
}

#[test]
fn what_is_sealed_opens_in_no_other_event() {
    let one = key(1);
    let keys = std::slice::from_ref(&one);
    let event = call(&json!("sealed"), keys).run().unwrap();
    let changes: [fn(&mut AuditEvent); 4] = [
        |event| event.request_id.push('0'),
        |event| event.metadata.audit_layer.completion.state = CompletionState::Pending,
        |event| {
            let sealed = event.metadata.audit_layer.sealed.as_mut().unwrap();
            sealed.ciphertext.replace_range(0..4, "AAAA");
        },
        |event| {
            event.metadata.audit_layer.sealed.as_mut().unwrap().nonce =
                "AAAAAAAAAAAAAAAB".to_owned();
        },
    ];
    for change in changes {
        let mut event = event.clone();
        change(&mut event);
        assert_eq!(opened(&event, keys), Err(OpenError::Changed));
    }
}

#[test]
fn two_events_have_two_nonces_and_the_record_of_a_prompt_is_sealed_too() {
    let one = key(1);
    let call = call(&json!("sealed"), std::slice::from_ref(&one));
    let policy = Policy::read(call.config.as_bytes(), &|_| None, &host()).unwrap();
    let policy = Arc::new(policy);
    let at = Timestamp::from_unix_ms(1_738_405_800_000);
    let head = pairs(&[(":method", "POST"), (":path", OPENAI), (":authority", "h")]);
    let mut exchange = Exchange::begin(&policy, Headers(&head), [7; 10], at).unwrap();
    exchange.request_body(&call.body);
    exchange.request_end();
    let pending = exchange.pending(End::default(), at).unwrap();
    let ended = exchange.end(call.end, at).unwrap();
    let nonce = |event: &AuditEvent| {
        event
            .metadata
            .audit_layer
            .sealed
            .as_ref()
            .unwrap()
            .nonce
            .clone()
    };
    assert_ne!(nonce(&pending), nonce(&ended));
    for event in [pending, ended] {
        let opened = opened(&event, std::slice::from_ref(&one)).unwrap();
        assert!(opened["prompt_content"].as_str().unwrap().contains(SECRET));
        assert!(!serde_json::to_string(&event).unwrap().contains(SECRET));
    }
}

#[test]
fn another_version_is_told() {
    let one = key(1);
    let keys = std::slice::from_ref(&one);
    let event = call(&json!("sealed"), keys).run().unwrap();
    let stored = serde_json::to_string(&event).unwrap();
    let later = stored.replace("chacha20poly1305/1", "chacha20poly1305/2");
    assert!(matches!(open(&later, keys), Err(OpenError::Algorithm(name)) if name.ends_with("/2")));
    assert!(matches!(open("{}", keys), Err(OpenError::NotAnEvent(_))));
    let without =
        serde_json::to_string(&Call::new(OPENAI, ASK, OPENAI_ANSWER).run().unwrap()).unwrap();
    assert_eq!(open(&without, keys), Ok(None));
    assert!(!ContentLevel::Sealed.has_text());
}
