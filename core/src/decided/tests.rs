use super::*;
use crate::decision::Source as Provider;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn header(name: &str) -> Header {
    Header {
        name: name.to_owned(),
        is_list: false,
    }
}

fn nothing() -> Late<'static> {
    const NONE: &Found = &Vec::new();
    Late {
        headers: NONE,
        response_headers: NONE,
        body: NONE,
        response: NONE,
        answer: "",
        tool_calls: &[],
        probability: None,
    }
}

fn decided_by_model(outcome: &str, confidence: &str) -> Decision {
    Decision {
        outcome: Some(outcome.to_owned()),
        confidence: Some(raw(confidence)),
        source: decision::Sources::default(),
        answers: Vec::new(),
    }
}

#[test]
fn without_sources_a_decision_is_the_models_where_the_caller_gave_none() {
    use Provider::{Absent, Answer};
    for (outcome, confidence, expected, sources) in [
        (None, None, (Some("refund"), Some("0.90")), (Answer, Answer)),
        (
            None,
            Some("1"),
            (Some("refund"), Some("1")),
            (Answer, Provider::Caller),
        ),
        // The answer's confidence is not that of another outcome.
        (
            Some("deny"),
            None,
            (Some("deny"), None),
            (Provider::Caller, Absent),
        ),
        (
            Some("refund"),
            None,
            (Some("refund"), Some("0.90")),
            (Provider::Caller, Answer),
        ),
        (
            Some("deny"),
            Some("0"),
            (Some("deny"), Some("0")),
            (Provider::Caller, Provider::Caller),
        ),
    ] {
        let mut caller = Caller {
            decision_outcome: outcome.map(str::to_owned),
            confidence_score: confidence.map(raw),
            ..Default::default()
        };
        let mut decision = decided_by_model("refund", "0.90");
        let mut claimed = Claimed::default();
        let decided = decide(
            &DecisionPolicy::default(),
            &Wanted::default(),
            &nothing(),
            &mut caller,
            &mut claimed,
            Some(&mut decision),
            &mut BTreeSet::new(),
        );
        let score = caller.confidence_score.as_deref().map(RawValue::get);
        assert_eq!((caller.decision_outcome.as_deref(), score), expected);
        let source = decision.source;
        assert_eq!((source.decision_outcome, source.confidence_score), sources);
        assert!(decided.is_empty() && claimed.is_empty());
    }
}

#[test]
fn the_first_source_with_a_value_counts_and_what_is_malformed_is_noted() {
    let wanted = Wanted {
        headers: vec![header("x-risk")],
        response_headers: vec![header("x-guard")],
        body: vec![Pointer::parse("/case/type").unwrap()],
        response: vec![Pointer::parse("/guard/0/policies").unwrap()],
    };
    let (headers, response_headers) = (
        vec![Some("urgent".to_owned())],
        vec![Some("block".to_owned())],
    );
    let (body, response) = (
        vec![Some("credit".to_owned())],
        vec![Some(r#"["gdpr","pci"]"#.to_owned())],
    );
    let call = ToolCall {
        choice: 0,
        id: None,
        name: "decide".to_owned(),
        arguments: r#"{"score":"0.75","why":{"rule":7}}"#.to_owned(),
    };
    let late = Late {
        headers: &headers,
        response_headers: &response_headers,
        body: &body,
        response: &response,
        answer: r#" {"risk":"HIGH","outcome":"approve"} "#,
        tool_calls: std::slice::from_ref(&call),
        probability: Some(0.5),
    };
    let member = |text: &str| Source::AnswerMember(Pointer::parse(text).unwrap());
    let argument = |text: &str| Source::ToolCall {
        name: "decide".to_owned(),
        member: Pointer::parse(text).unwrap(),
    };
    let policy = DecisionPolicy {
        decision_type: Some(vec![member("/nobody"), Source::BodyMember(0)]),
        decision_outcome: Some(vec![Source::ResponseHeader(0), member("/outcome")]),
        confidence_score: Some(vec![
            member("/outcome"),
            argument("/score"),
            Source::LogProbabilities,
        ]),
        reasoning: Some(vec![argument("/why")]),
        compliance_tags: Some(vec![Source::ResponseMember(0)]),
        risk_level: Some(vec![Source::Header(0), member("/risk")]),
    };
    let mut caller = Caller {
        decision_outcome: Some("allow".to_owned()),
        compliance_tags: vec!["own".to_owned()],
        ..Default::default()
    };
    let (mut claimed, mut notes) = (Claimed::default(), BTreeSet::new());
    let decided = decide(
        &policy,
        &wanted,
        &late,
        &mut caller,
        &mut claimed,
        None,
        &mut notes,
    );
    let told = |by: &Option<DecidedBy>| {
        by.as_ref()
            .map(|by| (by.source.name(), by.name.clone().unwrap_or_default()))
    };
    for (value, by, expected) in [
        (
            caller.decision_type.as_deref(),
            &decided.decision_type,
            ("credit", "body_member", "/case/type"),
        ),
        (
            caller.decision_outcome.as_deref(),
            &decided.decision_outcome,
            ("block", "response_header", "x-guard"),
        ),
        (
            caller.confidence_score.as_deref().map(RawValue::get),
            &decided.confidence_score,
            ("0.75", "tool_call", "decide/score"),
        ),
        (
            caller.reasoning.as_deref(),
            &decided.reasoning,
            (r#"{"rule":7}"#, "tool_call", "decide/why"),
        ),
        (
            caller.risk_level.map(RiskLevel::name),
            &decided.risk_level,
            ("high", "answer_member", "/risk"),
        ),
    ] {
        let (expected, source, name) = expected;
        assert_eq!(value, Some(expected));
        assert_eq!(told(by), Some((source, name.to_owned())));
    }
    assert_eq!(caller.compliance_tags, ["gdpr", "pci"]);
    assert_eq!(claimed.decision_outcome.as_deref(), Some("allow"));
    assert_eq!(claimed.compliance_tags, ["own"]);
    assert_eq!(
        notes.into_iter().collect::<Vec<_>>(),
        [Note::SourceUnreadable]
    );
}

#[test]
fn a_block_of_code_is_what_is_in_it() {
    for (text, inner) in [
        ("```json\n{\"a\":1}\n```", "{\"a\":1}\n"),
        (" ```\n{}\n```\n", "{}\n"),
        ("{}", "{}"),
        ("```json {} ```", "```json {} ```"),
        ("```json\n{}", "```json\n{}"),
        ("``````", "``````"),
    ] {
        assert_eq!(unfenced(text), inner);
    }
}
