//! What the page says of what is missing.

use serde_json::{Value, json};

use crate::page::Page;
use crate::sample::event_with;

fn numbered(writer: &str, seq: u64) -> Value {
    let id = format!("{writer} {seq}");
    let writer = json!({"audit_layer": {"writer": {"id": writer, "seq": seq}}});
    event_with(&id, json!({"metadata": writer}))
}

#[tokio::test]
async fn holes_are_shown_and_gone_when_they_are_closed() {
    let page = Page::with(&[numbered("w1", 1), numbered("w1", 4), numbered("w2", 1)]).await;
    page.click("#nav [data-view=completeness]").await;
    page.says(".verdict", "2 events are missing from 1 writer.")
        .await;
    assert_eq!(page.address().await, "/?view=completeness");
    let rows = page.texts(".writers tbody tr").await;
    assert_eq!(rows.len(), 2);
    assert!(rows[0].contains("2–3"), "{rows:?}");

    page.click("#only-incomplete").await;
    page.holds(
        "one is left",
        "document.querySelectorAll('.writers tbody tr').length === 1",
    )
    .await;

    page.record(&[numbered("w1", 2), numbered("w1", 3)]).await;
    page.go("/?view=completeness").await;
    page.says(".verdict", "Nothing is missing: all 5 events of 2 writers")
        .await;
}

#[tokio::test]
async fn without_numbered_events_it_says_so() {
    let page = Page::with(&[]).await;
    page.click("#nav [data-view=completeness]").await;
    page.says(".verdict", "nothing to count").await;
}

#[tokio::test]
async fn more_writers_follow_page_by_page() {
    let events: Vec<Value> = (0..60)
        .map(|writer| numbered(&format!("w{writer}"), 1))
        .collect();
    let page = Page::with(&events).await;
    page.go("/?view=completeness").await;
    page.says(".verdict", "60 writers").await;
    page.click("#more-writers").await;
    page.holds(
        "all are there",
        "document.querySelectorAll('.writers tbody tr').length === 60",
    )
    .await;
    page.holds(
        "there are no more",
        "document.querySelector('#more-writers').hidden",
    )
    .await;
}
