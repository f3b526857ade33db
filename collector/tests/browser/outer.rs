//! Calls that passed two gateways, and calls whose content is not read.

use serde_json::{Value, json};

use crate::axe;
use crate::page::Page;
use crate::sample::gateway_event;

fn inner(id: &str, outer: &Value) -> Value {
    let mut event = gateway_event(id, "complete");
    event["timestamp"] = json!("2025-02-01T10:30:01Z");
    event["metadata"]["audit_layer"]["gateway"] = json!({"outer_request_id": outer});
    event["metadata"]["audit_layer"]["capture"] =
        json!({"api": "openai.chat_completions", "notes": ["recorded_by_outer_gateway"]});
    event
}

#[tokio::test]
async fn an_event_of_an_inner_gateway_says_so_and_leads_to_the_outer_one_and_back() {
    let page = Page::with(&[
        gateway_event("outer", "complete"),
        inner("inner", &json!("outer")),
    ])
    .await;
    let states = page.texts("#rows .c-state .value").await;
    assert_eq!(states, ["complete inner gateway", "complete"]);
    axe::check(&page, "a list with an inner gateway").await;
    page.picture("list-inner").await;

    page.open_event(0).await;
    page.says(
        "#event .remark",
        "An outer gateway recorded this call too: outer. Totals count that event",
    )
    .await;
    axe::check(&page, "an event of an inner gateway").await;
    page.picture("event-inner").await;
    page.click("#event .remark a").await;
    page.says(
        "#event .remark",
        "Inner gateways recorded this call too: inner. Totals count only this event.",
    )
    .await;
    page.picture("event-outer").await;
    page.click("#event .remark a").await;
    page.says("#event .remark", "An outer gateway recorded this call too")
        .await;
}

#[tokio::test]
async fn what_is_no_mark_is_not_shown_as_one() {
    let odd = [
        json!(""),
        json!("d"),
        json!({"toString": 1}),
        json!(["outer"]),
    ];
    let ids = ["c", "d", "e", "f"];
    let events: Vec<_> = ids
        .into_iter()
        .zip(odd)
        .map(|(id, outer)| inner(id, &outer))
        .collect();
    let page = Page::with(&events).await;
    assert_eq!(page.texts("#rows .inner").await, Vec::<String>::new());
    for index in 0..ids.len() {
        page.open_event(index).await;
        page.says("#event .technical", "outer_request_id").await;
        assert_eq!(page.texts("#event .remark").await, Vec::<String>::new());
        page.go("/").await;
        page.shows("#rows tr").await;
    }
}

#[tokio::test]
async fn a_call_whose_content_is_not_read_says_so_and_can_be_filtered() {
    let mut unread = gateway_event("unread", "complete");
    unread["prompt_content"] = json!("");
    unread["response_content"] = json!("");
    unread["metadata"]["audit_layer"]["capture"] =
        json!({"api": "unknown", "notes": ["api_unknown"]});
    let page = Page::with(&[unread, inner("read", &json!(null))]).await;
    page.click("#more summary").await;
    page.write("#f-api", "unknown").await;
    page.click("#filters button.primary").await;
    page.holds(
        "one is left",
        "document.querySelectorAll('#rows tr').length === 1",
    )
    .await;
    page.says("#chips", "Wire format: unknown").await;
    page.says(
        "#rows .c-prompt",
        "unknown: the gateway does not know this API",
    )
    .await;
    page.picture("list-unread").await;
    page.open_event(0).await;
    page.says(
        "#event .technical",
        "the gateway does not know this API path",
    )
    .await;
    for part in [1, 2] {
        let selector = format!("#event .content section:nth-child({part})");
        page.says(
            &selector,
            "The provider is known, but the path is not. The call’s content is not read.",
        )
        .await;
    }
    page.click("#event .technical .facts a").await;
    page.holds(
        "it leads to all of them",
        "location.search === '?capture_api=unknown'",
    )
    .await;
}
