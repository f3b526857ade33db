//! The page without a mouse.

use fantoccini::key::Key;
use serde_json::json;

use crate::page::Page;
use crate::sample::event_with;

async fn page() -> Page {
    let events = ["one", "two", "three"].map(|prompt| {
        let second = 9 - "three two one".find(prompt).unwrap() / 4;
        let time = format!("2025-02-01T10:30:0{second}Z");
        event_with(prompt, json!({"prompt_content": prompt, "timestamp": time}))
    });
    Page::with(&events).await
}

/// The prompt of the row that has the focus.
const FOCUSED: &str =
    "document.activeElement.closest('tr')?.querySelector('.c-prompt .value').textContent";

#[tokio::test]
async fn one_goes_through_the_list_opens_an_event_and_comes_back_to_it() {
    let page = page().await;
    page.press('j').await;
    assert_eq!(page.value(FOCUSED).await, "three");
    page.press('j').await;
    page.press_key(Key::Down).await;
    page.press_key(Key::Down).await;
    let last = page.value(FOCUSED).await;
    page.press('k').await;
    let middle = page.value(FOCUSED).await;
    assert_ne!(last, middle);
    page.press_key(Key::Enter).await;
    page.shows("#event h2").await;
    assert_eq!(page.value("document.activeElement.id").await, "event-title");
    let prompt = page.text("#event .content pre").await;
    assert_eq!(middle, prompt);
    page.press_key(Key::Escape).await;
    page.shows("#view-list").await;
    assert_eq!(page.value(FOCUSED).await, middle);
}

#[tokio::test]
async fn one_searches_and_leaves_the_field() {
    let page = page().await;
    page.press('/').await;
    assert_eq!(page.value("document.activeElement.id").await, "f-text");
    // In a field, letters are letters.
    for key in ['j', '/', '?', 'l'] {
        page.press(key).await;
    }
    let written = page.value("document.querySelector('#f-text').value").await;
    assert_eq!(written, "j/?l");
    page.write("#f-text", "two").await;
    page.press_key(Key::Enter).await;
    page.lists(&["two"]).await;
    page.press_key(Key::Escape).await;
    assert_eq!(page.value(FOCUSED).await, "two");
}

#[tokio::test]
async fn the_keys_are_explained_and_can_be_switched_off() {
    let page = page().await;
    page.press('?').await;
    page.shows("#help[open]").await;
    page.click("#letters").await;
    page.press_key(Key::Escape).await;
    page.holds("help is closed", "!document.querySelector('#help').open")
        .await;
    page.press('j').await;
    assert_eq!(page.value(FOCUSED).await, serde_json::Value::Null);
    page.click("#help-open").await;
    page.click("#letters").await;
    page.click("#help button").await;
    page.press('j').await;
    assert_eq!(page.value(FOCUSED).await, "three");
}

#[tokio::test]
async fn the_first_tab_skips_to_the_content_and_all_that_can_be_done_has_a_tab() {
    let page = page().await;
    page.go("/").await;
    page.lists(&["three", "two", "one"]).await;
    page.press_key(Key::Tab).await;
    assert_eq!(page.value("document.activeElement.className").await, "skip");
    page.press_key(Key::Enter).await;
    page.holds(
        "the content has the focus",
        "document.activeElement.id === 'main'",
    )
    .await;
    page.press_key(Key::Tab).await;
    assert_eq!(page.value("document.activeElement.id").await, "live");

    let mut reached = Vec::new();
    for _ in 0..60 {
        let name = page
            .value("document.activeElement.id || document.activeElement.className || document.activeElement.textContent.trim()")
            .await;
        reached.push(name.as_str().unwrap().to_owned());
        page.press_key(Key::Tab).await;
    }
    for name in [
        "csv",
        "csv-semicolon",
        "ndjson",
        "f-text",
        "f-start",
        "f-end",
        "f-user",
        "f-model",
        "f-risk",
        "f-state",
        "More filters",
        "Apply",
        "open",
        "brand",
        "utc",
        "help-open",
        "log-out",
    ] {
        let found = reached
            .iter()
            .any(|one| one.contains(name) || (name == "Apply" && one == "primary"));
        assert!(found, "{name}: {reached:?}");
    }
}
