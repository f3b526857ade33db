//! One event in full. Whatever stands in it was written by strangers.

use serde_json::{Value, json};

use crate::page::Page;
use crate::sample::{event, event_with, gateway_event};
use crate::story;

/// What runs a script if any of it is ever taken for HTML, or for an address.
const HOSTILE: &str = "<script>window.ran = 1</script><img src=x onerror=\"window.ran = 2\">\
    <svg onload=window.ran=3></svg></pre></td>javascript:window.ran=4 \"'><b>bold</b> {{7*7}} &lt;";

/// An event that has hostile text everywhere, also as names and where other things belong.
fn hostile() -> Value {
    let text = HOSTILE;
    event_with(
        "hostile",
        json!({
            "user_id": text, "session_id": text, "organization_id": text, "prompt_hash": text,
            "prompt_content": text, "response_content": text, "model_provider": text,
            "model_name": text, "model_parameters": {text: text, "__proto__": {"ran": text}},
            "decision_type": text, "decision_outcome": text, "reasoning": text,
            "compliance_tags": [text, "constructor"], "risk_level": "critical",
            "metadata": {
                text: {text: [text]},
                "audit_layer": {
                    "writer": {"id": text, "seq": 1},
                    "completion": {"state": text, "http_status": text, "finish_reasons": [text, 7],
                        "flags": [text], "details": text, "error": {text: text}},
                    "usage": {"source": text, "input_tokens": text, "output_tokens": [text]},
                    "timing": {"first_byte_ms": text},
                    "prompt": {"hash": text, "parts": [
                        {"message": text, "role": text, "kind": text, "type": text, "id": text,
                            "name": text, "text": text, "hash": text, "reference": text, text: text},
                        {"role": text, "kind": "tool_call", "name": text, "arguments": text},
                        {"role": text, "kind": "media", "hash": text, "bytes": text}, text,
                    ]},
                    "response": {"id": text, "model": text, "hash": text, "reasoning": text,
                        "refusal": text, "tool_calls": [{"name": text, "id": text, "arguments": text}, 1],
                        "choices": [{"index": text, "content": text}]},
                    "capture": {"api": text, "streamed": text, "request_bytes": text,
                        "content": text, "notes": [text, "constructor", 3]},
                    "gateway": {text: text},
                },
            },
        }),
    )
}

async fn nothing_ran(page: &Page) {
    assert_eq!(page.value("typeof window.ran").await, "undefined");
    let elements = "document.querySelectorAll('main script, main img, main svg').length";
    assert_eq!(page.value(elements).await, 0);
    let complaints = page.browser.complaints().await;
    // The browser tells of each answer that is an error; what the page could not do it tells as well.
    let complaints = complaints.iter();
    let complaints =
        complaints.filter(|one| !one.contains("the server responded with a status of"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn of_a_capture_that_was_erased_only_what_is_left_is_shown() {
    let left = event_with(
        "left",
        json!({
            "prompt_content": "", "response_content": "", "prompt_hash": "",
            "erasure": {"erased_at": "2026-01-01T00:00:00.000000Z"},
            "metadata": {"audit_layer": {
                "schema": "audit-layer/1", "writer": {"id": "w", "seq": 1},
                "capture": {"point": "gateway", "api": "openai.chat_completions",
                    "notes": ["answer_fetched"]},
            }},
        }),
    );
    let page = Page::with(&[left]).await;
    page.open_event(0).await;
    page.says("#event", "A gateway that the call passed.").await;
    let shown = page.text("#event").await;
    assert!(shown.contains("Wire format"), "{shown}");
    assert!(!shown.contains("Encoding"), "{shown}");
}

#[tokio::test]
async fn hostile_text_is_shown_as_it_is_and_runs_nowhere() {
    let page = Page::with(&[hostile()]).await;
    assert_eq!(page.prompts().await.len(), 1);
    assert!(page.text("#rows .c-user .value").await.contains("<script>"));
    nothing_ran(&page).await;

    page.open_event(0).await;
    for (index, part) in ["prompt", "answer", "reasoning of the decision"]
        .into_iter()
        .enumerate()
    {
        let shown = page.texts("#event .content pre").await;
        assert!(
            shown.iter().filter(|text| *text == HOSTILE).count() > index,
            "{part}: {shown:?}"
        );
    }
    page.picture("event-hostile").await;
    page.click("#event > section:last-child summary").await;
    page.says("#event .raw", "<script>window.ran = 1</script>")
        .await;
    nothing_ran(&page).await;

    page.go("/?view=completeness").await;
    page.says(".writers tbody th", "<script>").await;
    nothing_ran(&page).await;
}

#[tokio::test]
async fn a_hostile_address_is_a_filter_and_nothing_more() {
    let page = Page::with(&[event("a")]).await;
    for (name, message) in [
        ("user_id", "No event matches"),
        ("completion_state", "a filter is invalid"),
        ("event", ""),
    ] {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair(name, HOSTILE).finish();
        page.go(&format!("/?{query}")).await;
        if name == "event" {
            page.says("#event-message", "There is no such event").await;
        } else {
            page.says("#list-message", message).await;
            page.says("#chips", "<script>").await;
        }
        nothing_ran(&page).await;
    }
}

#[tokio::test]
async fn the_page_cannot_be_made_to_run_a_script_even_by_its_own_mistake() {
    let page = Page::with(&[]).await;
    for attempt in [
        "document.querySelector('main').innerHTML = '<img src=x onerror=\"window.ran = 1\">'",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
    ] {
        let script =
            format!("try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }}");
        let result = page.browser.client.execute(&script, Vec::new()).await;
        assert_eq!(result.unwrap(), "TypeError", "{attempt}");
    }
    assert_eq!(page.value("typeof window.ran").await, "undefined");
}

#[tokio::test]
async fn an_event_is_told_in_full_with_the_source_of_each_fact() {
    let page = Page::with(&story::events()).await;
    page.go(&format!("/?event={}", story::FULL)).await;
    page.shows("#event h2").await;
    let headings = page.texts("#event h2").await;
    assert_eq!(
        headings,
        [
            "Prompt",
            "Answer",
            "Tool calls",
            "Reasoning of the decision",
            "Who and when",
            "Decision",
            "Model",
            "Completion",
            "Tokens",
            "Timing",
            "Metadata",
            "Capture notes",
            "Capture",
            "Gateway",
            "Where each field comes from",
            "Raw JSON",
        ]
    );
    let facts = page.texts("#event .facts > div").await;
    for expected in [
        "Useralicecaller",
        "Requestedgpt-4-turborequest",
        "Answered bygpt-4-turbo-2026-01-15provider",
        "Input1,342provider",
        "First byte412 msgateway",
        "usage.sourcereported: The provider’s final counts.gateway",
        "HTTP status200gateway",
    ] {
        assert!(
            facts.iter().any(|fact| fact == expected),
            "{expected}: {facts:#?}"
        );
    }
    page.says(
        "#event .notes",
        "The provider adds stored content to the prompt",
    )
    .await;
    page.says("#event .calls", "credit_report").await;
}

#[tokio::test]
async fn a_decision_that_the_model_made_is_the_providers() {
    let mut decided = gateway_event("a", "complete");
    decided["decision_outcome"] = json!("affordable: false");
    decided["confidence_score"] = json!(0.966);
    decided["metadata"]["audit_layer"]["response"] = json!({"decision": {
        "source": {"decision_outcome": "answer", "confidence_score": "caller"},
        "answers": [{"name": "affordable", "outcome": "false", "confidence": 0.966}, {"outcome": {"toString": 1}}, 7],
    }});
    let page = Page::with(&[decided]).await;
    page.open_event(0).await;
    let facts = page.texts("#event .facts > div").await;
    for expected in [
        "Outcomeaffordable: falseprovider",
        "Confidence0.966caller",
        "Answer: affordablefalse (0.966)provider",
        "Answer{\"toString\":1}provider",
    ] {
        assert!(
            facts.iter().any(|fact| fact == expected),
            "{expected}: {facts:#?}"
        );
    }
}

#[tokio::test]
async fn who_says_what_of_user_and_decision_is_told() {
    let mut known = gateway_event("a", "complete");
    known["user_id"] = json!("spiffe://mesh/loans");
    known["decision_outcome"] = json!("approve");
    known["compliance_tags"] = json!(["pci"]);
    known["metadata"]["audit_layer"]["identity"] = json!({
        "user_id": {"source": "certificate", "name": "uri_san"},
        "claimed": {"user_id": "mallory"},
    });
    known["metadata"]["audit_layer"]["decision"] = json!({
        "decision_outcome": {"source": "tool_call", "name": "decide/outcome"},
        "compliance_tags": {"source": "response_header", "name": "x-guard"},
    });
    let page = Page::with(&[known]).await;
    page.open_event(0).await;
    let facts = page.texts("#event .facts > div").await;
    for expected in [
        "Userspiffe://mesh/loansgateway",
        "User according toThe client’s certificate, which the gateway verified. (uri_san)gateway",
        "user_idmallorycaller",
        "Outcomeapproveprovider",
        "Outcome according toA member of the arguments of a tool call that the model asks for. (decide/outcome)gateway",
        "Tagspciprovider",
    ] {
        assert!(
            facts.iter().any(|fact| fact == expected),
            "{expected}: {facts:#?}"
        );
    }
}

#[tokio::test]
async fn what_is_sealed_is_told_with_the_keys_that_open_it() {
    let mut sealed = gateway_event("a", "complete");
    sealed["prompt_content"] = json!("");
    let capture = json!({"api": "openai.chat_completions", "streamed": false, "content": "sealed"});
    sealed["metadata"]["audit_layer"]["capture"] = capture;
    sealed["metadata"]["audit_layer"]["sealed"] = json!({
        "algorithm": "x", "nonce": "AAAA", "ciphertext": "AAAA",
        "recipients": [{"key_id": "auditor-2026"}, {"key_id": "<b>"}],
    });
    let page = Page::with(&[sealed]).await;
    page.open_event(0).await;
    let facts = page.texts("#event .facts > div").await;
    let expected = "Sealed forauditor-2026, <b>gateway";
    assert!(facts.iter().any(|fact| fact == expected), "{facts:#?}");
    page.says("#event .content", "encrypted for an auditor")
        .await;
}

#[tokio::test]
async fn an_event_that_an_application_recorded_says_so() {
    let page = Page::with(&[event("a")]).await;
    page.open_event(0).await;
    let sources = page.texts("#event .facts .source").await;
    assert!(
        sources
            .iter()
            .all(|source| source == "application" || source == "collector"),
        "{sources:?}"
    );
    page.says("#event .known", "only gateways record how a call ended")
        .await;
}

#[tokio::test]
async fn the_raw_event_is_shown_and_copied_as_it_is_stored() {
    let mut stored = event("a").to_string();
    stored.truncate(stored.len() - 1);
    stored += ",\"confidence_score\":0.50,\"metadata\":{\"big\":12345678901234567890,\"none\":{},\"a\":[1.0,\"x,{\\\"y\"]}}";
    let page = Page::with(&[]).await;
    assert_eq!(page.program.post("/v1/audit/log", stored).await.status, 200);
    page.go("/?event=a").await;
    page.shows("#event h2").await;
    page.click("#event > section:last-child summary").await;
    for token in [
        "\"confidence_score\": 0.50,\n",
        "12345678901234567890",
        "\"none\": {}",
        "1.0",
        "\"x,{\\\"y\"",
    ] {
        page.says("#event .raw", token).await;
    }
    let permission = json!({"permission": {"name": "clipboard-read"}, "setting": "granted"});
    page.browser
        .devtools("Browser.setPermission", permission)
        .await;
    page.click("#event > section:last-child .part button").await;
    page.says("#event > section:last-child [role=status]", "Copied")
        .await;
    let copied = page
        .browser
        .client
        .execute_async("navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))", Vec::new())
        .await;
    let answered = page.program.get("/v1/audit/logs/a").await.text;
    assert_eq!(copied.unwrap(), answered);
}

#[tokio::test]
async fn what_cannot_be_seen_is_spelt_out() {
    let prompt =
        "pay \u{202e}100\u{202c} to\u{200b} bob\u{e0041}\u{3164}\u{e0142} \u{2764}\u{fe0f}\u{fe0f}";
    let page = Page::with(&[event_with("a", json!({"prompt_content": prompt}))]).await;
    page.lists(&["pay U+202E100U+202C toU+200B bobU+E0041U+3164U+E0142 \u{2764}\u{fe0f}U+FE0F"])
        .await;
    page.open_event(0).await;
    assert_eq!(
        page.texts("#event .content pre .unseen").await,
        [
            "U+202E", "U+202C", "U+200B", "U+E0041", "U+3164", "U+E0142", "U+FE0F"
        ]
    );
}

#[tokio::test]
async fn a_long_prompt_is_shown_in_full_when_asked() {
    let prompt = "word ".repeat(10_000);
    let page = Page::with(&[event_with("a", json!({"prompt_content": prompt}))]).await;
    page.open_event(0).await;
    let shown = page.text("#event .content section:first-child pre").await;
    assert_eq!(shown.len(), 20_000);
    page.click("#event .content section:first-child div > pre + button")
        .await;
    let shown = page.text("#event .content section:first-child pre").await;
    assert_eq!(shown, prompt);
}

#[tokio::test]
async fn an_event_that_is_not_there_is_said_so() {
    let page = Page::with(&[]).await;
    page.go("/?event=nope&user_id=ann").await;
    page.says("#event-message", "There is no such event").await;
    page.click("#back").await;
    page.shows("#view-list").await;
    assert_eq!(page.address().await, "/?user_id=ann");
}

#[tokio::test]
async fn numbers_stand_as_they_were_sent_and_tags_say_only_what_is_true() {
    let metadata = r#""metadata":{"big":9007199254740993,"small":0.000000012345678,"year":2026,
        "id":"10023456","one":1.0,"list":[1.0,{"n":1e5}],"__proto__":2.50,"audit_layer":{
        "schema":"audit-layer/1","completion":{"state":"local_reply","http_status":503,
        "error":{"message":"no healthy upstream"}},"usage":{"source":"absent"}}}"#;
    let mut sent = gateway_event("a", "local_reply");
    sent.as_object_mut().unwrap().remove("metadata");
    sent["risk_level"] = json!("low");
    sent["user_id"] = json!("");
    sent["confidence_score"] = json!("CONFIDENCE");
    let sent = sent.to_string().replace("\"CONFIDENCE\"", "1.0");
    let sent = format!("{},{metadata}}}", sent.trim_end_matches('}'));
    let page = Page::with(&[]).await;
    page.program.post("/v1/audit/log", sent).await;
    page.go("/").await;
    page.open_event(0).await;
    let facts = page.texts("#event .facts > div").await;
    for expected in [
        "big9007199254740993caller",
        "small0.000000012345678caller",
        "year2026caller",
        "id10023456caller",
        "one1.0caller",
        "list[1.0,{\"n\":1e5}]caller",
        "__proto__2.50caller",
        "Confidence1.0caller",
        "Risklow (default, or set by the caller)default",
        "Provideropenaigateway",
        "Userunknowngateway",
        "Error messageno healthy upstreamgateway",
    ] {
        assert!(
            facts.iter().any(|fact| fact == expected),
            "{expected}: {facts:#?}"
        );
    }
}
