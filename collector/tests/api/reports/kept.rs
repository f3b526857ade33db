//! Reports that are fetched later.

use serde_json::{Value, json};
use sqlx::Executor;

use super::{activity, call, completeness, decision, erase, ordered, report, until_done};
use crate::program::{Folder, Program, audit_layer, run, until_async};

async fn with_an_event(folder: &Folder) -> Program {
    let program = Program::start_in(folder).await;
    program.record(&call("r", 1, json!({}))).await;
    program
}

#[tokio::test]
async fn a_report_can_be_asked_for_without_waiting() {
    let program = with_an_event(&Folder::new()).await;
    let answer = ordered(&program, &activity("html")).await;
    assert_eq!(answer.status, 202);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let location = format!("/v1/reports/{id}");
    assert_eq!(answer.headers["location"], location.as_str());
    assert_eq!(answer.json()["query"], activity("html"));
    until_done(&program, &location).await;

    let done = program.get(&location).await;
    assert_eq!(done.headers["x-report-id"], id.as_str());
    assert_eq!(done.headers["content-type"], "text/html; charset=utf-8");
    let listed = program.get("/v1/reports").await.json()["data"][0].clone();
    assert_eq!(
        (&listed["status"], &listed["id"]),
        (&json!("done"), &json!(id))
    );
    assert_eq!(listed["progress"], json!({"events_read": 1, "events": 1}));
    assert_eq!(listed["bytes"], done.text.len());
}

#[tokio::test]
async fn a_report_tells_when_its_facts_were_read() {
    let program = with_an_event(&Folder::new()).await;
    for (body, has_end) in [
        (activity("json"), true),
        (completeness("json"), false),
        (decision("r", "json"), false),
    ] {
        let all = report(&program, body).await.json();
        let entry = program.get("/v1/reports").await.json()["data"][0].clone();
        assert_eq!(entry["id"], all["id"]);
        let end = all["read_until"].as_str();
        assert_eq!(end.is_some(), has_end, "{all}");
        let began = all["generated_at"].as_str().unwrap();
        let end = end.unwrap_or(began);
        let (asked, done) = (&entry["created_at"], &entry["finished_at"]);
        // They are written alike, so that they compare as texts.
        assert!(asked.as_str().unwrap() < began, "{entry} {all}");
        assert!(
            began <= end && end <= done.as_str().unwrap(),
            "{entry} {all}"
        );
    }
    let html = report(&program, activity("html")).await;
    assert!(html.text().contains("Events were read"), "{}", html.text());
}

#[tokio::test]
async fn a_report_is_kept_as_it_was_and_survives_a_restart() {
    let folder = Folder::new();
    let program = with_an_event(&folder).await;
    let first = report(&program, activity("csv")).await;
    program.record(&call("later", 2, json!({}))).await;
    program.stop().await;
    let program = Program::start_in(&folder).await;
    let again = program.get(&format!("/v1/reports/{}", first.id())).await;
    assert_eq!(again.text, first.text());
}

#[tokio::test]
async fn the_list_is_newest_first_and_comes_in_pages() {
    let program = with_an_event(&Folder::new()).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(
            0,
            report(&program, completeness("json")).await.id().to_owned(),
        );
    }
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let after = cursor.as_str().map(|cursor| format!("&cursor={cursor}"));
        let path = format!("/v1/reports?limit=2{}", after.unwrap_or_default());
        let page = program.get(&path).await.json();
        found.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(found, ids);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_its_report() {
    let program = with_an_event(&Folder::new()).await;
    let request = program.request(reqwest::Method::POST, "/v1/reports/generate");
    let answer = request.body(activity("pdf").to_string()).send();
    tokio::select! {
        _ = answer => {}
        () = until_async("the report is begun", async || {
            program.get("/v1/reports").await.json()["data"] != json!([])
        }) => {}
    }
    until_async("the report is done", async || {
        program.get("/v1/reports").await.json()["data"][0]["status"] == "done"
    })
    .await;
}

#[tokio::test]
async fn a_report_whose_collector_was_killed_says_so() {
    let folder = Folder::new();
    let program = with_an_event(&folder).await;
    let id = report(&program, completeness("json")).await.id().to_owned();
    // As a collector leaves it that is killed in the midst of it.
    let mut database = folder.beside().open().await;
    database
        .execute("UPDATE reports SET status = 'running', document = NULL")
        .await
        .unwrap();
    let path = format!("/v1/reports/{id}");
    assert_eq!(program.get(&path).await.status, 202);
    database
        .execute("UPDATE reports SET alive_at = alive_at - 121000000")
        .await
        .unwrap();
    program.get(&path).await.error(503, "report_interrupted");
    let listed = program.get("/v1/reports").await.json()["data"][0].clone();
    assert_eq!(listed["status"], "failed");
    assert_eq!(listed["error"]["code"], "report_interrupted");
}

#[tokio::test]
async fn erasing_a_users_content_removes_the_reports_that_show_it() {
    let folder = Folder::new();
    let program = with_an_event(&folder).await;
    program
        .record(&call("bob", 2, json!({"user_id": "bob"})))
        .await;
    let shown = report(&program, decision("r", "html"))
        .await
        .id()
        .to_owned();
    let others = [
        report(&program, decision("bob", "html"))
            .await
            .id()
            .to_owned(),
        report(&program, activity("html")).await.id().to_owned(),
    ];
    let erased = erase(&folder).await;
    assert!(erased.status.success(), "{erased:?}");
    let said = String::from_utf8(erased.stderr).unwrap();
    assert!(
        said.contains("1 report that showed it is removed"),
        "{said}"
    );
    program
        .get(&format!("/v1/reports/{shown}"))
        .await
        .error(404, "not_found");
    for id in others {
        assert_eq!(program.get(&format!("/v1/reports/{id}")).await.status, 200);
    }
}

#[tokio::test]
async fn what_a_legal_hold_keeps_stays_in_its_reports() {
    let folder = Folder::new();
    let program = with_an_event(&folder).await;
    let id = report(&program, decision("r", "html"))
        .await
        .id()
        .to_owned();
    let mut hold = audit_layer("holds");
    hold.args([
        "create",
        "--organization",
        "org_1",
        "--user",
        "alice",
        "--reason",
        "case",
    ]);
    assert!(
        run(hold.arg("--database").arg(folder.database()))
            .await
            .status
            .success()
    );
    assert!(!erase(&folder).await.status.success());
    assert_eq!(program.get(&format!("/v1/reports/{id}")).await.status, 200);
}

#[tokio::test]
async fn old_reports_go_and_so_do_those_of_events_that_are_gone() {
    let folder = Folder::new();
    let program = with_an_event(&folder).await;
    program.record(&call("kept", 2, json!({}))).await;
    let old = report(&program, completeness("json")).await.id().to_owned();
    let mut database = folder.beside().open().await;
    let thirty_days_ago = "UPDATE reports SET created_at = created_at - 2592000000001";
    database.execute(thirty_days_ago).await.unwrap();
    let gone = report(&program, decision("r", "json"))
        .await
        .id()
        .to_owned();
    let kept = report(&program, decision("kept", "json"))
        .await
        .id()
        .to_owned();
    database
        .execute("DELETE FROM events WHERE request_id = 'r'")
        .await
        .unwrap();
    drop(database);
    program.stop().await;
    // The first sweep is at the start.
    let program = Program::start_with(
        &folder,
        &[
            "--api-key",
            crate::program::KEY,
            "--retention-days",
            "forever",
        ],
    )
    .await;
    until_async("old reports are gone", async || {
        program.get(&format!("/v1/reports/{old}")).await.status == 404
    })
    .await;
    program
        .get(&format!("/v1/reports/{gone}"))
        .await
        .error(404, "not_found");
    assert_eq!(
        program.get(&format!("/v1/reports/{kept}")).await.status,
        200
    );
}

#[tokio::test]
async fn more_reports_than_are_made_at_once_wait_and_still_more_are_asked_to_come_back() {
    let program = with_an_event(&Folder::new()).await;
    let mut asked = Vec::new();
    loop {
        let answer = ordered(&program, &activity("pdf")).await;
        if answer.status == 429 {
            answer.error(429, "too_many_reports");
            assert_eq!(answer.headers["retry-after"], "1");
            break;
        }
        assert_eq!(answer.status, 202);
        asked.push(answer.headers["location"].to_str().unwrap().to_owned());
        assert!(asked.len() < 1000, "none was refused");
    }
    assert!(asked.len() >= 32);
    for path in asked {
        until_done(&program, &path).await;
        assert_eq!(program.get(&path).await.status, 200);
    }
}
