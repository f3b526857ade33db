//! The prompt of an event, turn by turn. Whatever stands in it was written by strangers.

use serde_json::{Value, json};

use crate::axe;
use crate::page::Page;
use crate::sample::gateway_event;

const PROMPT: &str = "Du bist kurz – 简短 \u{1f600}.\nWie ist das Wetter?\n[image_url \
    sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff]\n12 °C";

/// What stands in a prompt at these words.
fn place(words: &str) -> (usize, usize) {
    (PROMPT.find(words).unwrap(), words.len())
}

fn parts() -> Value {
    let (system, user, result) = (
        place("Du bist kurz – 简短 \u{1f600}."),
        place("Wie ist das Wetter?"),
        place("12 °C"),
    );
    json!([
        {"message": 0, "role": "system", "kind": "text", "at": system.0, "bytes": system.1},
        {"message": 1, "role": "user", "kind": "text", "at": user.0, "bytes": user.1},
        {"message": 1, "role": "user", "kind": "media", "type": "image/png", "bytes": 6_000_000, "hash": "sha256:77"},
        {"message": 2, "role": "assistant", "kind": "reasoning", "text": "I need the weather."},
        {"message": 2, "role": "assistant", "kind": "tool_call", "id": "call_7", "name": "weather", "arguments": "{\"city\":\"Bonn\"}"},
        {"message": 3, "role": "tool", "kind": "tool_result", "id": "call_7", "at": result.0, "bytes": result.1},
        {"message": 4, "role": "user", "kind": "media", "type": "application/pdf", "reference": "file-abc"},
    ])
}

fn with_prompt(prompt: Value) -> Value {
    let mut event = gateway_event("a", "complete");
    event["prompt_content"] = json!(PROMPT);
    event["metadata"]["audit_layer"]["prompt"] = prompt;
    event
}

async fn page_of(prompt: Value) -> Page {
    let page = Page::with(&[with_prompt(prompt)]).await;
    page.open_event(0).await;
    page
}

#[tokio::test]
async fn a_conversation_is_shown_turn_by_turn_with_what_cannot_be_read() {
    let page = page_of(json!({"hash": "sha256:55", "parts": parts()})).await;
    let roles = page.texts("#event .turns h3").await;
    assert_eq!(roles, ["system", "user", "assistant", "tool", "user"]);
    let texts = page.texts("#event .turns pre").await;
    let expected = [
        "Du bist kurz – 简短 \u{1f600}.",
        "Wie ist das Wetter?",
        "I need the weather.",
        "{\"city\":\"Bonn\"}",
        "12 °C",
    ];
    assert_eq!(texts, expected);
    let kinds = page.texts("#event .turns h4").await;
    assert_eq!(
        kinds,
        ["Media", "Reasoning", "Tool call", "Tool result", "Media"]
    );
    let facts = page.texts("#event .turns .facts > div").await;
    for fact in [
        "Typeimage/png",
        "Size6,000,000 bytes",
        "Hashsha256:77",
        "Contentunknown: only its hash is recorded",
        "Toolweather",
        "Callcall_7",
        "Referencefile-abc",
        "Contentunknown: the prompt only references it",
    ] {
        assert!(facts.iter().any(|one| one == fact), "{fact}: {facts:#?}");
    }
    let remarks = page.texts("#event .remark").await;
    assert_eq!(
        remarks,
        [
            "Part of the prompt is not shown here. 1 part is recorded only as a hash. 1 part is only \
          referenced; the data is elsewhere."
        ]
    );
    page.says("#event .content", "Hash of the conversation: sha256:55")
        .await;
    let is_open = page
        .value("document.querySelector('#event .content details').open")
        .await;
    assert_eq!(is_open, false);
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        axe::check(&page, &format!("conversation, {scheme}")).await;
        page.picture(&format!("conversation-{scheme}")).await;
    }
    page.screen(360, 740).await;
    page.picture("conversation-narrow").await;
}

#[tokio::test]
async fn a_prompt_that_was_not_read_whole_is_not_shown_as_whole() {
    let all = PROMPT.len();
    let text = |at: usize, bytes: usize| json!([{"role": "user", "kind": "text", "at": at, "bytes": bytes}]);
    for (prompt, said) in [
        (
            json!({"hash": "", "parts": text(0, all)}),
            "parts may be missing",
        ),
        (json!({"parts": text(0, all)}), "parts may be missing"),
        (
            json!({"hash": "h", "parts": text(0, all + 1)}),
            "1 part is cut off by a limit.",
        ),
        (
            json!({"hash": "h", "parts": text(all + 1, 1)}),
            "1 part is cut off by a limit.",
        ),
        // Within a character.
        (
            json!({"hash": "h", "parts": text(14, 3)}),
            "1 part is not found in the record.",
        ),
        (
            json!({"hash": "h", "parts": []}),
            "The recorded text contains more than these turns.",
        ),
    ] {
        let page = page_of(prompt.clone()).await;
        let remarks = page.texts("#event .remark").await;
        assert!(
            remarks.iter().any(|one| one.contains(said)),
            "{prompt}: {remarks:?}"
        );
        page.says("#event .content", "Wie ist das Wetter?").await;
    }
}

#[tokio::test]
async fn what_is_of_another_form_is_told_and_breaks_nothing() {
    let odd = json!([
        1, null, "a", [], [[]], {}, true,
        {"role": {"toString": 1}, "kind": [], "at": "x", "bytes": -1, "hash": 3, "type": {}, "x": {"toString": 1}},
        {"role": "__proto__", "kind": "constructor", "at": 1e300, "bytes": 1e300, "arguments": {"toString": 1}, "text": 7},
    ]);
    for (prompt, selector, said) in [
        (Value::Null, ".content", "The gateway read no prompt."),
        (json!("text"), ".content", "does not have the expected form"),
        (json!([]), ".content", "does not have the expected form"),
        (
            json!({"hash": {}, "parts": {"length": 3}}),
            ".content",
            "does not have the expected form",
        ),
        (
            json!({"hash": {"toString": 1}, "parts": odd}),
            ".turns",
            "{\"toString\":1}",
        ),
    ] {
        let page = page_of(prompt).await;
        page.says(&format!("#event {selector}"), said).await;
        page.says("#event .content", "Wie ist das Wetter?").await;
        let complaints = page.browser.complaints().await;
        let complaints = complaints
            .iter()
            .filter(|one| !one.contains("status of 401"));
        assert_eq!(complaints.count(), 0, "{said}");
    }
}

#[tokio::test]
async fn an_event_that_does_not_tell_its_turns_shows_the_prompt_as_it_is() {
    let mut event = with_prompt(json!(null));
    event["metadata"]["audit_layer"]
        .as_object_mut()
        .unwrap()
        .remove("prompt");
    let page = Page::with(&[event]).await;
    page.open_event(0).await;
    page.says("#event .content", "The event does not record who said what")
        .await;
    assert_eq!(
        page.text("#event .content section:first-child pre").await,
        PROMPT
    );
    assert_eq!(page.texts("#event .turns").await, Vec::<String>::new());
}

#[tokio::test]
async fn of_many_parts_the_first_are_shown_and_the_others_when_asked() {
    let (at, bytes) = place("Wie ist das Wetter?");
    let part = json!({"role": "user", "kind": "text", "at": at, "bytes": bytes});
    let parts = vec![part; 6000];
    let page = page_of(json!({"hash": "h", "parts": parts})).await;
    let count = "document.querySelectorAll('#event .turns pre').length";
    assert_eq!(page.value(count).await, 200);
    page.says("#event .content", "And 1,000 more parts").await;
    page.click("#event .turns + button").await;
    page.holds("all are shown", &format!("{count} === 5000"))
        .await;
}
