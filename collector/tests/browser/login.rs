//! Getting in, and out again.

use crate::page::Page;
use crate::program::{Folder, KEY, audit_layer, run};
use crate::sample::event;

#[tokio::test]
async fn a_key_opens_the_page_once_and_is_not_kept_by_it() {
    let page = Page::open().await;
    page.log_in(KEY).await;
    page.shows("#view-list").await;
    page.says("#who", "admin, all organizations").await;
    assert_eq!(page.value("document.cookie").await, "");
    let kept =
        "JSON.stringify([localStorage, sessionStorage, document.querySelector('#key').value])";
    let kept = page.value(kept).await;
    assert!(!kept.as_str().unwrap().contains(KEY), "{kept}");

    page.go("/").await;
    page.shows("#view-list").await;
}

#[tokio::test]
async fn a_wrong_key_is_told_beside_the_field() {
    let page = Page::open().await;
    page.log_in("wrong").await;
    page.says("#login-error", "invalid or revoked key").await;
    let focused = page.value("document.activeElement.id").await;
    assert_eq!(focused, "key");
    page.log_in(KEY).await;
    page.shows("#view-list").await;
}

#[tokio::test]
async fn an_ingest_key_is_told_that_it_only_records() {
    let folder = Folder::new();
    let mut create = audit_layer("keys");
    create.args(["create", "--role", "ingest", "--organization", "one"]);
    let output = run(create.arg("--database").arg(folder.database())).await;
    let key = String::from_utf8(output.stdout).unwrap();
    let page = Page::open_in(&folder).await;
    page.log_in(key.trim()).await;
    page.says("#login-error", "can only record events").await;
}

#[tokio::test]
async fn after_logging_out_nothing_of_the_events_is_left() {
    let page = Page::with(&[event("a")]).await;
    page.open_event(0).await;
    page.click("#log-out").await;
    page.shows("#view-login").await;
    page.says("#login-reason", "logged out").await;
    let left = page.value("document.body.textContent").await;
    assert!(!left.as_str().unwrap().contains("loan application"));
    page.go("/").await;
    page.shows("#view-login").await;
}

#[tokio::test]
async fn a_view_that_was_shared_is_there_after_logging_in() {
    let page = Page::open().await;
    page.record(&[event("a")]).await;
    page.go("/?user_id=nobody").await;
    page.shows("#view-login").await;
    page.log_in(KEY).await;
    page.says("#list-message", "No event matches").await;
    assert_eq!(
        page.value("document.querySelector('#f-user').value").await,
        "nobody"
    );
}
