//! Events that contradict each other.

use serde_json::json;

use crate::axe;
use crate::page::Page;
use crate::sample::gateway_event;

#[tokio::test]
async fn an_event_in_conflict_says_so_and_leads_to_the_others() {
    let mut other = gateway_event("r", "client_abort");
    other["timestamp"] = json!("2025-02-01T10:30:01Z");
    let page = Page::with(&[gateway_event("r", "complete"), other]).await;
    let states = page.texts("#rows .c-state .value").await;
    assert_eq!(
        states,
        ["client disconnected in conflict", "complete in conflict"]
    );
    axe::check(&page, "a list with events in conflict").await;
    page.picture("list-conflict").await;

    page.open_event(0).await;
    let said = "Other events with this request id differ from this one.";
    page.says("#event .conflict", said).await;
    page.says("#event .known", "a key from the collector’s configuration")
        .await;
    axe::check(&page, "an event in conflict").await;
    page.picture("event-conflict").await;
    page.says("#event .summary", "client disconnected").await;
    page.click("#event .conflict a").await;
    page.says("#event .summary", "complete").await;
    page.says("#event .conflict", said).await;

    page.go("/?event=r").await;
    page.says("#event-message", "Several events have this request")
        .await;
    page.click("#event-message a").await;
    page.says("#event .conflict", said).await;

    page.go("/?conflict=false").await;
    page.says("#view-list", "No event").await;
}
