//! The access history on the page.

use fantoccini::key::Key;
use serde_json::Value;

use crate::axe;
use crate::page::Page;
use crate::program::{Folder, Program, audit_layer, run};
use crate::story;

async fn key_of(folder: &Folder, role: &str, name: &str) -> String {
    let mut create = audit_layer("keys");
    create.args([
        "create",
        "--role",
        role,
        "--all-organizations",
        "--name",
        name,
    ]);
    let output = run(create.arg("--database").arg(folder.database())).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The actions of all records, newest first.
async fn actions(page: &Page) -> Vec<String> {
    let answer = page.program.get("/v1/audit/history?limit=500").await.json();
    let records = answer["data"].as_array().unwrap().iter();
    let records = records.filter(|record| !record["session"].is_null());
    let action = |record: &Value| record["action"].as_str().unwrap().to_owned();
    records.map(action).collect()
}

const ROWS: &str =
    "[...document.querySelectorAll('#history tbody tr')].map((row) => row.textContent)";

#[tokio::test]
async fn each_read_by_the_page_leaves_one_record_and_is_shown() {
    let page = Page::with(&story::events()).await;
    page.open_event(0).await;
    page.click("#back").await;
    page.shows("#view-list").await;
    page.list_has_loaded().await;
    page.click("#nav [data-view=completeness]").await;
    page.shows(".verdict").await;
    page.click("#nav [data-view=reports]").await;
    page.says("#reports-message", "There are no reports yet")
        .await;
    page.go("/?text=loan").await;
    page.list_has_loaded().await;
    page.click("#nav-history").await;
    page.shows("#history tbody tr").await;
    assert_eq!(page.address().await, "/?view=history");
    let rows = page.value(ROWS).await;
    let rows: Vec<&str> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_str().unwrap())
        .collect();
    assert!(
        rows[0].contains("Events listed") && rows[0].contains("text = loan"),
        "{rows:?}"
    );
    assert!(
        rows[0].contains("configured") && rows[0].contains("127.0.0.1"),
        "{rows:?}"
    );
    assert_eq!(
        actions(&page).await,
        [
            "history_read",
            "events_listed",
            "reports_listed",
            "completeness_read",
            // The list is asked for anew, as the event was loaded by its address.
            "events_listed",
            "event_read",
            "events_listed",
            "logged_in",
        ]
    );
}

#[tokio::test]
async fn records_are_filtered_by_what_and_when_with_the_keyboard_alone() {
    let page = Page::with(&story::events()).await;
    page.go("/?view=history").await;
    page.shows("#history tbody tr").await;
    axe::check(&page, "history").await;
    page.value("(document.querySelector('#h-action').focus(), 1)")
        .await;
    page.choose("#h-action", "logged_in").await;
    page.press_key(Key::Tab).await;
    assert_eq!(page.value("document.activeElement.id").await, "h-key");
    page.press_key(Key::Enter).await;
    page.holds(
        "one is left",
        "document.querySelectorAll('#history tbody tr').length === 1",
    )
    .await;
    assert_eq!(page.address().await, "/?view=history&action=logged_in");
    let link = page
        .value("document.querySelector('#history-csv').getAttribute('href')")
        .await;
    assert_eq!(link, "v1/audit/history?action=logged_in&format=csv");

    page.go("/?view=history&start_date=2025-02-02&end_date=2025-02-01")
        .await;
    page.says(
        "#history-error",
        "To day (UTC): must not be before start_date",
    )
    .await;
    assert_eq!(page.value("document.activeElement.id").await, "h-end");
    page.go("/?view=history&key_id=nobody").await;
    page.says("#history-message", "No records match.").await;
}

#[tokio::test]
async fn older_records_follow_page_by_page() {
    let page = Page::with(&[]).await;
    for _ in 0..60 {
        assert_eq!(page.program.get("/v1/audit/completeness").await.status, 200);
    }
    page.go("/?view=history&action=completeness_read").await;
    page.holds(
        "a page is there",
        "document.querySelectorAll('#history tbody tr').length === 50",
    )
    .await;
    page.click("#more-history").await;
    page.holds(
        "all are there",
        "document.querySelectorAll('#history tbody tr').length === 60",
    )
    .await;
    page.holds(
        "there are no more",
        "document.querySelector('#more-history').hidden",
    )
    .await;
}

#[tokio::test]
async fn only_auditors_and_admins_have_it_and_names_are_only_text() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let read = key_of(&folder, "read", "reader").await;
    let hostile = "<img src=x onerror=window.ran=1>\u{202e}";
    let auditor = key_of(&folder, "auditor", hostile).await;
    let page = Page::open_in(&folder).await;
    page.log_in(&read).await;
    page.shows("#view-list").await;
    page.holds(
        "it is not there",
        "!document.querySelector('#nav-history').checkVisibility()",
    )
    .await;
    page.go("/?view=history").await;
    page.says("#history-message", "this path needs auditor")
        .await;
    page.click("#log-out").await;
    page.shows("#view-login").await;
    page.log_in(&auditor).await;
    page.shows("#nav-history").await;
    page.go("/?view=history").await;
    page.says(
        "#history tbody tr",
        "<img src=x onerror=window.ran=1>U+202E",
    )
    .await;
    assert_eq!(page.value("window.ran ?? null").await, Value::Null);
}
