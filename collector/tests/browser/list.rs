//! The list: what it shows, what it finds, and how it goes on.

use serde_json::{Value, json};

use crate::page::Page;
use crate::program::until_async;
use crate::sample::{event_with, gateway_event};

/// An event that is found by its prompt.
fn said(prompt: &str, minute: usize, members: Value) -> Value {
    let mut event = event_with(prompt, members);
    event["prompt_content"] = json!(prompt);
    event["timestamp"] = json!(format!(
        "2025-02-01T{:02}:{:02}:00Z",
        minute / 60,
        minute % 60
    ));
    event
}

#[tokio::test]
async fn filters_stand_in_the_address_and_the_back_button_takes_them_away() {
    let page = Page::with(&[
        said("one", 1, json!({"user_id": "ann", "risk_level": "low"})),
        said("two", 2, json!({"user_id": "ann", "risk_level": "high"})),
        said("three", 3, json!({"user_id": "bob", "risk_level": "high"})),
    ])
    .await;
    page.lists(&["three", "two", "one"]).await;

    page.write("#f-user", "ann").await;
    page.choose("#f-risk", "high").await;
    page.click("#filters button.primary").await;
    page.lists(&["two"]).await;
    assert_eq!(page.address().await, "/?user_id=ann&risk_level=high");

    page.click("#chips li:first-child a").await;
    page.lists(&["three", "two"]).await;
    assert_eq!(page.address().await, "/?risk_level=high");

    page.browser.client.back().await.unwrap();
    page.lists(&["two"]).await;
    assert_eq!(
        page.value("document.querySelector('#f-user').value").await,
        "ann"
    );
    page.browser.client.back().await.unwrap();
    page.lists(&["three", "two", "one"]).await;

    page.go("/?risk_level=low").await;
    page.lists(&["one"]).await;
}

#[tokio::test]
async fn a_time_of_day_in_the_address_stays_when_other_filters_are_added() {
    let page = Page::with(&[
        said("one", 1, json!({"user_id": "ann"})),
        said("two", 2, json!({"user_id": "ann"})),
        said("three", 3, json!({"user_id": "bob"})),
    ])
    .await;
    page.go("/?start_date=2025-02-01T00:02:00Z").await;
    page.lists(&["three", "two"]).await;
    page.write("#f-user", "ann").await;
    page.click("#filters button.primary").await;
    page.lists(&["two"]).await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_used_is_explained_at_its_field() {
    let page = Page::with(&[]).await;
    page.write("#f-text", "---").await;
    page.click("#filters button.primary").await;
    page.says("#filters-error", "must contain a letter").await;
    page.shows("#f-text[aria-invalid=true]").await;
    assert_eq!(page.value("document.activeElement.id").await, "f-text");
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let page = Page::with(&[]).await;
    page.says("#list-message", "No events yet").await;
    page.go("/?text=nothing").await;
    page.says("#list-message", "Remove one of them").await;
    page.click("#list-message a").await;
    page.says("#list-message", "No events yet").await;
}

#[tokio::test]
async fn older_events_follow_page_by_page() {
    let prompts: Vec<String> = (0..60).map(|number| format!("number {number}")).collect();
    let events: Vec<Value> = prompts
        .iter()
        .enumerate()
        .map(|(minute, prompt)| said(prompt, minute, json!({})))
        .collect();
    let page = Page::with(&events).await;
    page.says("#list-status", "50 events shown").await;
    page.click("#older").await;
    page.says("#list-status", "60 events, no older ones").await;
    let newest_first: Vec<&str> = prompts.iter().rev().map(String::as_str).collect();
    page.lists(&newest_first).await;
    page.holds(
        "nothing is older",
        "document.querySelector('#older').hidden",
    )
    .await;
    // Who asked by the keyboard goes on reading where the new ones begin.
    let focused = "document.activeElement.closest('tr').rowIndex";
    assert_eq!(page.value(focused).await, 51);
}

#[tokio::test]
async fn what_nobody_said_is_said_to_be_unknown_and_not_zero() {
    let mut absent = gateway_event("a", "client_abort");
    absent["user_id"] = json!("");
    absent["prompt_tokens"] = json!(0);
    absent["response_tokens"] = json!(0);
    absent["metadata"]["audit_layer"]["usage"] =
        json!({"source": "absent", "input_tokens": null, "output_tokens": null});
    let page = Page::with(&[absent]).await;
    for (column, expected) in [
        ("user", "unknown"),
        ("tokens", "unknown"),
        ("outcome", "unknown"),
        ("state", "client disconnected"),
    ] {
        let selector = format!("#rows .c-{column} .value");
        assert_eq!(page.text(&selector).await, expected, "{column}");
    }
    page.open_event(0).await;
    let facts = page.texts("#event .known section").await;
    let tokens = facts.iter().find(|text| text.starts_with("Tokens"));
    assert!(tokens.unwrap().contains("none are estimated"), "{facts:?}");
}

#[tokio::test]
async fn a_count_that_the_provider_gave_alone_stands_beside_an_unknown_one() {
    let one_sided = |id: &str, minute: usize, usage: Value| {
        let members = json!({
            "prompt_tokens": 0, "response_tokens": 0,
            "metadata": {"audit_layer": {"usage": usage}},
        });
        said(id, minute, members)
    };
    let page = Page::with(&[
        one_sided(
            "in",
            2,
            json!({"source": "input_only", "input_tokens": 40, "output_tokens": 0}),
        ),
        one_sided(
            "out",
            1,
            json!({"source": "output_only", "input_tokens": 0, "output_tokens": 7}),
        ),
    ])
    .await;
    let shown = page.texts("#rows .c-tokens .value").await;
    assert_eq!(shown, ["40 / unknown", "unknown / 7"]);
    page.open_event(0).await;
    let facts = page.texts("#event .facts > div").await;
    for expected in [
        "Input40provider",
        "Outputunknown: the provider reported no count, and none is estimatedgateway",
        "usage.sourceinput_only: The provider reported only the input count; the output count is unknown.gateway",
    ] {
        assert!(
            facts.iter().any(|fact| fact == expected),
            "{expected}: {facts:#?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_number_is_shown_as_it_is_and_costs_no_other_event() {
    let mut odd = said("odd", 1, json!({}));
    // An object that a script cannot make a text of, wherever a number is expected.
    let no_text = json!({"toString": 1});
    odd["metadata"]["audit_layer"] = json!({
        "completion": {"state": no_text, "http_status": no_text},
        "usage": {"source": "reported", "input_tokens": no_text, "output_tokens": 7},
        "timing": {"first_byte_ms": no_text},
        "capture": {"request_bytes": no_text},
    });
    let page = Page::with(&[odd, said("two", 2, json!({}))]).await;
    page.lists(&["two", "odd"]).await;
    assert_eq!(
        page.text("#rows tr:nth-child(2) .c-tokens .value").await,
        r#"{"toString":1} / 7"#
    );
    page.open_event(1).await;
    let facts = page.texts("#event .known dd").await;
    let shown = facts.iter().filter(|text| *text == r#"{"toString":1}"#);
    assert_eq!(shown.count(), 4, "{facts:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_shown_leaves_a_row_that_says_so() {
    let page = Page::with(&[]).await;
    let broken = "(() => {
        const format = (value) => { if (value === 666) throw new Error('broken'); return `${value}`; };
        Object.defineProperty(Intl.NumberFormat.prototype, 'format', { get: () => format });
        return true;
    })()";
    assert_eq!(page.value(broken).await, true);
    page.record(&[
        said("one", 1, json!({})),
        said("two", 2, json!({"prompt_tokens": 666})),
        said("three", 3, json!({})),
    ])
    .await;
    page.click("#filters button.primary").await;
    page.lists(&["three", "one"]).await;
    assert_eq!(
        page.text("#rows tr:nth-child(2)").await,
        "This event cannot be shown in the list"
    );
    assert_eq!(page.texts("#rows a.open").await.len(), 3);
}

#[tokio::test]
async fn asking_for_the_same_again_shows_what_has_come_since() {
    let page = Page::with(&[said("one", 1, json!({}))]).await;
    page.record(&[said("two", 2, json!({}))]).await;
    page.click("#filters button.primary").await;
    page.lists(&["two", "one"]).await;
    page.record(&[said("three", 3, json!({}))]).await;
    page.click("#nav [data-view=list]").await;
    page.lists(&["three", "two", "one"]).await;
    assert_eq!(page.address().await, "/");
}

#[tokio::test]
async fn times_are_local_and_one_click_from_utc() {
    let page = Page::with(&[said("one", 0, json!({}))]).await;
    let time = "#rows time";
    assert_eq!(page.text(time).await, "1 Feb 2025, 01:00:00");
    assert_eq!(
        page.value("document.querySelector('#rows time').title")
            .await,
        "1 Feb 2025, 00:00:00 UTC"
    );
    page.says("#events .zone", "(local)").await;
    page.click("#utc").await;
    page.says(time, "00:00:00").await;
    page.says("#events .zone", "(UTC)").await;
    page.go("/").await;
    page.says(time, "00:00:00").await;
}

#[tokio::test]
async fn a_collector_that_does_not_answer_is_said_so_and_can_be_tried_again() {
    let page = Page::with(&[said("one", 0, json!({}))]).await;
    page.browser.devtools("Network.enable", json!({})).await;
    let network = |offline: bool| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    let command = "Network.emulateNetworkConditions";
    page.browser.devtools(command, network(true)).await;
    page.write("#f-user", "user_123").await;
    page.click("#filters button.primary").await;
    page.says("#list-message", "does not answer").await;
    page.browser.devtools(command, network(false)).await;
    page.click("#list-message button").await;
    page.lists(&["one"]).await;
}

#[tokio::test]
async fn all_events_of_a_view_can_be_taken_along() {
    let page = Page::with(&[
        said("one", 1, json!({"user_id": "ann"})),
        said("two", 2, json!({"user_id": "bob"})),
    ])
    .await;
    page.go("/?user_id=bob").await;
    page.lists(&["two"]).await;
    let csv = "fetch(document.querySelector('#csv').href).then((answer) => answer.text())";
    until_async("the table has loaded", async || {
        let text = page.value(csv).await;
        let text = text.as_str().unwrap();
        text.starts_with("id,") && text.contains("two") && !text.contains("one,")
    })
    .await;
}

#[tokio::test]
async fn filters_offer_the_values_that_there_are_and_say_what_comes_near() {
    let page = Page::with(&[
        said("one", 1, json!({"user_id": "ann", "model_name": "gpt-4o"})),
        said("two", 2, json!({"user_id": "bob", "model_name": "gpt-4o"})),
    ])
    .await;
    page.value("document.querySelector('#f-user').focus()")
        .await;
    let offered = "[...document.querySelectorAll('#f-user-values option')].map((one) => one.value)";
    until_async("values are offered", async || {
        page.value(offered).await == json!(["ann", "bob"])
    })
    .await;
    page.go("/?model_name=gpt4o&user_id=ann").await;
    page.says("#list-message", "no match; similar: gpt-4o (2)")
        .await;
    page.says("#list-message", "ann – alone matches").await;
    page.click("#list-message .near a").await;
    page.lists(&["one"]).await;
}
