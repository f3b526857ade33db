//! The list while it is live.

use crate::page::Page;
use crate::sample::{event, gateway_event};

#[tokio::test]
async fn new_events_appear_by_themselves_and_are_announced() {
    let page = Page::with(&[]).await;
    page.click("#live").await;
    page.shows("#live[aria-checked=true]").await;
    page.record(&[event("a")]).await;
    page.lists(&["Analyze this loan application..."]).await;
    page.says("#live-status[role=status]", "1 new event").await;
    page.record(&[event("b"), event("c")]).await;
    page.holds(
        "all are there",
        "document.querySelectorAll('#rows tr').length === 3",
    )
    .await;
    page.picture("list-live").await;
    page.click("#live").await;
    page.shows("#live[aria-checked=false]").await;
}

#[tokio::test]
async fn only_what_the_filters_ask_for_appears() {
    let page = Page::with(&[]).await;
    page.go("/?user_id=user_123").await;
    page.says("#list-message", "No event matches").await;
    page.click("#live").await;
    let mut other = event("other");
    other["user_id"] = "somebody".into();
    other["prompt_content"] = "not asked for".into();
    page.record(&[other, event("a")]).await;
    page.lists(&["Analyze this loan application..."]).await;
}

#[tokio::test]
async fn an_answer_that_comes_later_takes_the_place_of_its_prompt() {
    let page = Page::with(&[gateway_event("a", "pending")]).await;
    page.says("#rows .c-state", "pending").await;
    page.click("#rows a.open").await;
    page.shows("#event h2").await;
    page.click("#back").await;
    page.shows("#view-list").await;
    page.click("#live").await;
    page.record(&[gateway_event("a", "complete")]).await;
    page.says("#rows .c-state", "complete").await;
    assert_eq!(page.prompts().await.len(), 1);
}

#[tokio::test]
async fn when_its_session_ends_it_asks_for_the_key() {
    let page = Page::with(&[event("a")]).await;
    page.click("#live").await;
    page.browser.client.delete_all_cookies().await.unwrap();
    page.shows("#view-login").await;
    page.says("#login-reason", "Your session has ended").await;
    assert_eq!(page.prompts().await.len(), 0);
}

#[tokio::test]
async fn a_list_that_is_live_leaves_one_record_of_what_it_shows() {
    let page = Page::with(&[event("a")]).await;
    page.click("#live").await;
    for (name, count) in [("b", 2), ("c", 3), ("d", 4)] {
        page.record(&[event(name)]).await;
        let script = format!("document.querySelectorAll('#rows tr').length === {count}");
        page.holds("what came is there", &script).await;
    }
    let records = "/v1/audit/history?action=events_listed";
    let answer = page.program.get(records).await.json();
    let records = answer["data"].as_array().unwrap().iter();
    let followed = records.filter(|record| record["query"]["after"] == "…");
    // One, and another for each minute that the test may take.
    assert!((1..=3).contains(&followed.count()), "{answer}");
}
