use super::*;

/// A configuration with these rules.
fn with_rules(rules: &Value) -> String {
    let mut config: Value = serde_json::from_str(MINIMAL).unwrap();
    config["rules"] = rules.clone();
    config.to_string()
}

/// The event of a call with these rules and headers.
fn event(rules: &Value, headers: &[(&'static str, &str)]) -> Value {
    Call::new(OPENAI, ASK, OPENAI_ANSWER)
        .with(|call| {
            call.config = with_rules(rules);
            let headers = headers.iter();
            call.headers = headers
                .map(|(name, value)| (*name, value.as_bytes().to_vec()))
                .collect();
        })
        .event()
}

/// The table of precedence: a rule's `set`, what the caller says, a rule's `default`, and what there is without all
/// of these; the last column is the claim that is left. Each line is one cell of README's table.
#[test]
fn precedence_is_that_of_the_table() {
    let caller = [
        ("decision_type", "x-audit-decision-type", json!("caller")),
        (
            "decision_outcome",
            "x-audit-decision-outcome",
            json!("caller"),
        ),
        ("confidence_score", "x-audit-confidence-score", json!(0.5)),
        ("reasoning", "x-audit-reasoning", json!("caller")),
        ("risk_level", "x-audit-risk-level", json!("medium")),
    ];
    for (member, header, said) in caller {
        let of_rule = |word: &str| match member {
            "confidence_score" => json!(if word == "set" { 0.9 } else { 0.1 }),
            "risk_level" => json!(if word == "set" { "critical" } else { "high" }),
            _ => json!(word),
        };
        let nothing = if member == "risk_level" {
            json!("low")
        } else {
            Value::Null
        };
        for (has_set, has_caller, has_default) in cells() {
            let mut rule = json!({"match": {"path": "*"}, "content": "full"});
            if has_set {
                rule["set"] = json!({member: of_rule("set")});
            }
            if has_default {
                rule["default"] = json!({member: of_rule("default")});
            }
            let text = said
                .as_str()
                .map_or_else(|| said.to_string(), str::to_owned);
            let headers: &[_] = if has_caller {
                &[(header, text.as_str())]
            } else {
                &[]
            };
            let event = event(&json!([rule]), headers);
            let (expected, is_of_policy, claim) = match (has_set, has_caller, has_default) {
                (true, true, _) => (of_rule("set"), true, said.clone()),
                (true, false, _) => (of_rule("set"), true, Value::Null),
                (false, true, _) => (said.clone(), false, Value::Null),
                (false, false, true) => (of_rule("default"), true, Value::Null),
                (false, false, false) => (nothing.clone(), false, Value::Null),
            };
            let cell = format!("{member}: {has_set} {has_caller} {has_default}: {event}");
            assert_eq!(event[member], expected, "{cell}");
            assert_eq!(
                own(&event, &format!("/identity/claimed/{member}")),
                &claim,
                "{cell}"
            );
            let given = own(&event, "/capture/set_by_policy");
            assert_eq!(given.to_string().contains(member), is_of_policy, "{cell}");
        }
    }
}

/// Every combination of three.
fn cells() -> impl Iterator<Item = (bool, bool, bool)> {
    (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0))
}

#[test]
fn tags_and_metadata_are_added_to_the_callers() {
    let rules = json!([{
        "match": {"path": "*"},
        "set": {"compliance_tags": ["SOX", "GDPR"], "metadata": {"team": "payments", "n": 1}},
        "default": {"compliance_tags": ["none"], "metadata": {"team": "x", "case": "y"}},
    }]);
    let headers = [
        ("x-audit-compliance-tags", "GDPR,HIPAA"),
        ("x-audit-metadata", r#"{"team":"caller","own":2}"#),
    ];
    let event = event(&rules, &headers);
    assert_eq!(event["compliance_tags"], json!(["GDPR", "HIPAA", "SOX"]));
    let metadata = &event["metadata"];
    assert_eq!(
        (
            &metadata["team"],
            &metadata["own"],
            &metadata["n"],
            &metadata["case"]
        ),
        (&json!("payments"), &json!(2), &json!(1), &json!("y"))
    );
    assert_eq!(
        own(&event, "/identity/claimed/metadata"),
        &json!({"team": "caller"})
    );
}

#[test]
fn the_first_rule_that_matches_applies_alone_unless_all_do() {
    let rules = json!([
        {"name": "other", "match": {"model": "claude-*"}, "set": {"decision_type": "other"}},
        {"name": "first", "match": {"model": "gpt-?"}, "set": {"decision_type": "first"}},
        {"match": {"path": "/v1/*"}, "set": {"decision_type": "second", "reasoning": "second"}},
    ]);
    let event = event(&rules, &[]);
    assert_eq!(
        (&event["decision_type"], &event["reasoning"]),
        (&json!("first"), &Value::Null)
    );
    assert_eq!(own(&event, "/capture/rules"), &json!(["first"]));
    let all = Call::new(OPENAI, ASK, OPENAI_ANSWER).with(|call| {
        call.config = with_rules(&rules).replacen('{', r#"{"rules_apply":"all","#, 1);
    });
    let event = all.event();
    assert_eq!(
        (&event["decision_type"], &event["reasoning"]),
        (&json!("first"), &json!("second"))
    );
    assert_eq!(own(&event, "/capture/rules"), &json!(["first", "3"]));
}

#[test]
fn a_rule_matches_by_every_member_that_it_names() {
    let asked = |when: Value, change: &dyn Fn(&mut Call)| {
        let rules = json!([{"match": when, "set": {"decision_type": "it"}}]);
        let event = Call::new(OPENAI, ASK, OPENAI_ANSWER)
            .with(|call| {
                call.config = with_rules(&rules);
                call.headers = vec![
                    ("x-team", b"payments-eu".to_vec()),
                    ("x-audit-user-id", b"ann".to_vec()),
                    ("x-audit-session-id", b"s-1".to_vec()),
                ];
                call.end.route = Some("chat".to_owned());
                call.end.cluster = Some("openai".to_owned());
                change(call);
            })
            .event();
        event["decision_type"] == "it"
    };
    let plain = |when: Value| asked(when, &|_| {});
    for (when, other) in [
        (json!({"host": "H"}), json!({"host": "h.example"})),
        (json!({"path": "/v1/chat/*"}), json!({"path": "/v2/*"})),
        (json!({"method": "POST"}), json!({"method": "GET"})),
        (json!({"route": "ch?t"}), json!({"route": "chats"})),
        (
            json!({"cluster": ["x", "open*"]}),
            json!({"cluster": ["x", "y"]}),
        ),
        (json!({"model": "gpt-*"}), json!({"model": "gpt"})),
        (
            json!({"format": "openai.*"}),
            json!({"format": "anthropic.*"}),
        ),
        (json!({"user_id": "a*"}), json!({"user_id": "b*"})),
        (json!({"session_id": "s-?"}), json!({"session_id": "s"})),
        (
            json!({"header": {"X-Team": "payments-*"}}),
            json!({"header": {"x-other": "*"}}),
        ),
    ] {
        assert!(plain(when.clone()), "{when}");
        assert!(!plain(other.clone()), "{other}");
        let mut both = when.clone();
        both["method"] = json!("PUT");
        assert!(!plain(both), "{when} and another");
    }
}

#[test]
fn a_rule_says_how_much_of_a_call_an_event_contains() {
    let rules = json!([{"match": {"model": "gpt-*"}, "content": {"prompt": "hash"}}]);
    let event = Call::new(OPENAI, ASK, OPENAI_ANSWER)
        .with(|call| {
            let hash = r#"{"capture":{"hash":"sha256"},"#;
            call.config = with_rules(&rules).replacen('{', hash, 1);
        })
        .event();
    assert_eq!(event["prompt_content"], "");
    assert_eq!(event["response_content"], "Hello");
    let levels = json!({"prompt": "hash", "answer": "full"});
    assert_eq!(own(&event, "/capture/content"), &levels);
}

#[test]
fn no_caller_takes_the_operators_words_out_by_sending_them_as_a_key() {
    let rules = json!([{"match": {"path": "*"}, "set": {"decision_type": "operators-own-word"}}]);
    let event = event(&rules, &[("x-api-key", "operators-own-word")]);
    assert_eq!(event["decision_type"], "operators-own-word");
}

#[test]
fn no_spelling_of_a_path_leads_past_a_rule() {
    let rules = json!([{"match": {"path": "/v1/chat/*"}, "set": {"decision_type": "it"}}]);
    for path in [
        "/v1//chat/completions",
        "/V1/chat/completions",
        "/v1/x/../chat/completions",
        "/v1/%63hat/completions",
    ] {
        let event = Call::new(path, ASK, OPENAI_ANSWER)
            .with(|call| call.config = with_rules(&rules))
            .event();
        assert_eq!(event["decision_type"], "it", "{path}");
    }
}

#[test]
fn an_organization_is_the_rules_then_a_sources_then_the_configurations() {
    let of = |rule: Value, tenant: Option<&str>| {
        let mut config: Value = serde_json::from_str(MINIMAL).unwrap();
        config["identity"] = json!({"organization_id": [{"header": "x-tenant"}]});
        let mut rules = json!([{"match": {"path": "*"}, "content": "full"}]);
        for (member, value) in rule.as_object().unwrap() {
            rules[0][member] = value.clone();
        }
        config["rules"] = rules;
        let event = Call::new(OPENAI, ASK, OPENAI_ANSWER)
            .with(|call| {
                call.config = config.to_string();
                let tenant = tenant.map(|tenant| ("x-tenant", tenant.as_bytes().to_vec()));
                call.headers.extend(tenant);
            })
            .event();
        let source = own(&event, "/identity/organization_id/source").clone();
        (event["organization_id"].clone(), source)
    };
    let set = json!({"set": {"organization_id": "set"}});
    let default = json!({"default": {"organization_id": "default"}});
    assert_eq!(of(set, Some("t")), (json!("set"), Value::Null));
    assert_eq!(
        of(default.clone(), Some("t")),
        (json!("t"), json!("header"))
    );
    assert_eq!(of(default, None), (json!("default"), Value::Null));
    assert_eq!(of(json!({}), None), (json!("org_1"), Value::Null));
}
