//! Making, watching and opening reports.

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::axe;
use crate::page::Page;
use crate::sample::event_with;
use crate::story;

fn hostile() -> Value {
    let text =
        "</title></pre><script>window.ran = 1</script><img src=x onerror=window.ran=2>\u{202e}";
    event_with(
        "hostile",
        json!({
            "user_id": text, "prompt_content": text, "model_name": text, "decision_type": text,
            "metadata": {text: text}, "compliance_tags": [text],
        }),
    )
}

/// Opens what a link leads to, in the same window.
async fn open_report(page: &Page) {
    page.shows("#reports [data-report]").await;
    let address = page
        .value("document.querySelector('#reports [data-report]').href")
        .await;
    let address = address
        .as_str()
        .unwrap()
        .trim_start_matches(page.program.base())
        .to_owned();
    // By a click, because a browser tells the collector who sends it.
    page.value("(document.querySelector('#reports [data-report]').target = '_self', 1)")
        .await;
    page.click("#reports [data-report]").await;
    page.holds(
        "the report is open",
        &format!("location.pathname === {address:?}"),
    )
    .await;
}

#[tokio::test]
async fn a_report_on_a_period_is_made_watched_and_opened() {
    let page = Page::with(&story::events()).await;
    page.click("#nav [data-view=reports]").await;
    page.says("#reports-message", "There are no reports yet")
        .await;
    page.choose("#r-format", "html").await;
    page.value("(document.querySelector('#r-start').value = '2020-01-01', 1)")
        .await;
    page.value("(document.querySelector('#r-end').value = '2030-12-31', 1)")
        .await;
    page.click("#report button").await;
    page.says("#report-status", "The report is ready.").await;
    assert!(
        page.text("#reports tbody tr")
            .await
            .contains("2020-01-01 to 2030-12-31")
    );
    open_report(&page).await;
    assert_eq!(page.text("h1").await, "Activity");
}

#[tokio::test]
async fn an_event_leads_to_its_report() {
    let page = Page::with(&story::events()).await;
    page.open_event(0).await;
    page.click("#event-report").await;
    page.shows("#view-reports").await;
    let asked = page.value("document.querySelector('#r-event').value").await;
    assert!(asked.as_str().unwrap().starts_with("log_"), "{asked}");
    page.click("#report button").await;
    page.says("#report-status", "The report is ready.").await;
    let link = page
        .value("document.querySelector('#reports [data-report]').ariaLabel")
        .await;
    assert_eq!(link, "Open the report One event as PDF");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field() {
    let page = Page::with(&[]).await;
    page.go("/?view=reports&about=none").await;
    page.shows("#r-event").await;
    page.click("#report button").await;
    page.says("#report-error", "no event has this id").await;
    assert_eq!(page.value("document.activeElement.id").await, "r-event");
    page.choose("#r-type", "activity").await;
    page.holds(
        "the field is gone",
        "!document.querySelector('#r-event').checkVisibility()",
    )
    .await;
    page.value("(document.querySelector('#r-start').value = '2025-02-02', 1)")
        .await;
    page.value("(document.querySelector('#r-end').value = '2025-02-01', 1)")
        .await;
    page.click("#report button").await;
    page.says(
        "#report-error",
        "To day (UTC): must not be before start_date",
    )
    .await;
}

#[tokio::test]
async fn reports_can_be_made_with_the_keyboard_alone() {
    let page = Page::with(&[]).await;
    page.go("/?view=reports").await;
    page.shows("#report").await;
    page.choose("#r-type", "completeness").await;
    page.value("(document.querySelector('#r-type').focus(), 1)")
        .await;
    // Format, two days of three parts and a button each, and the button of the form.
    for _ in 0..12 {
        page.press_key(Key::Tab).await;
        if page.value("document.activeElement.textContent").await == "Create report" {
            break;
        }
    }
    page.press_key(Key::Enter).await;
    page.says("#report-status", "The report is ready.").await;
}

#[tokio::test]
async fn a_report_of_hostile_text_runs_nothing_and_can_be_read_by_everybody() {
    let page = Page::with(&[hostile()]).await;
    page.go("/?view=reports&about=hostile").await;
    page.choose("#r-format", "html").await;
    page.click("#report button").await;
    page.says("#report-status", "The report is ready.").await;
    open_report(&page).await;
    assert_eq!(page.value("typeof window.ran").await, "undefined");
    assert_eq!(
        page.value("document.querySelectorAll('script, img').length")
            .await,
        0
    );
    let shown = page.text("pre").await;
    assert!(shown.contains("<script>window.ran = 1</script>"), "{shown}");
    assert!(
        shown.contains("U+202E") && !shown.contains('\u{202e}'),
        "{shown}"
    );
}

#[tokio::test]
async fn reports_look_well_in_both_schemes_and_on_small_screens() {
    let page = Page::with(&story::events()).await;
    for body in [
        json!({"report_type": "activity", "format": "html", "start_date": "2020-01-01", "end_date": "2030-12-31"}),
        json!({"report_type": "decision_audit", "format": "pdf", "audit_log_id": "01a208f6-3b5e-759a-9401-ccf03e07e089"}),
        json!({"report_type": "completeness", "format": "csv"}),
        json!({"report_type": "decision_audit", "format": "html", "audit_log_id": "01a208f6-3b5e-759a-9401-ccf03e07e089"}),
    ] {
        let answer = page.program.post("/v1/reports/generate", body.to_string());
        // A PDF is no text.
        assert_eq!(answer.await.status, 200);
    }
    page.go("/?view=reports").await;
    page.shows("#reports tbody tr").await;
    pictures(&page, "reports").await;
    for (place, name) in [(1, "report-decision"), (4, "report-activity")] {
        page.go("/?view=reports").await;
        let link = format!("#reports tbody tr:nth-child({place}) a");
        page.shows(&link).await;
        page.value(&format!(
            "(document.querySelector({link:?}).target = '_self', 1)"
        ))
        .await;
        page.click(&link).await;
        page.holds(
            "the report is open",
            "document.querySelector('main h2') !== null && location.search === ''",
        )
        .await;
        pictures(&page, name).await;
    }
}

async fn pictures(page: &Page, name: &str) {
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        for (width, height, size) in [(1440, 900, ""), (360, 740, "-narrow")] {
            page.screen(width, height).await;
            let name = format!("{name}-{scheme}{size}");
            let fits =
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
            page.holds(&format!("{name} fits"), fits).await;
            axe::check(page, &name).await;
            let height = page.value("document.documentElement.scrollHeight").await;
            let height = u32::try_from(height.as_u64().unwrap()).unwrap();
            page.screen(width, height.clamp(1, 6000)).await;
            page.picture(&name).await;
        }
    }
}
