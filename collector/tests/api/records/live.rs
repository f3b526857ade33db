//! A list that is followed: only what is new is given out, and few records tell of it.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::database::REFUSE_RECORDS;
use crate::program::{Folder, Program};
use crate::records::{looks, members};
use crate::sample::{event, event_with, gateway_event};

/// Follows a list: gives what is new since `after`, which is then moved on.
async fn new(program: &Program, query: &str, after: &mut String) -> Vec<Value> {
    let path = format!("/v1/audit/logs?{query}&after={after}");
    let answer = program.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut page = answer.json();
    assert_eq!(page["near"], Value::Null);
    *after = page["after"].as_str().unwrap().to_owned();
    serde_json::from_value(page["data"].take()).unwrap()
}

#[tokio::test]
async fn only_what_is_new_on_the_first_page_is_given_out() {
    let program = Program::start().await;
    let mut after = "start".to_owned();
    assert_eq!(new(&program, "", &mut after).await, [Value::Null; 0]);
    program.record(&event("a")).await;
    program.record(&gateway_event("b", "pending")).await;
    assert_eq!(new(&program, "", &mut after).await.len(), 2);
    assert_eq!(new(&program, "", &mut after).await, [Value::Null; 0]);
    // What is new of an event that was known.
    program.record(&gateway_event("b", "complete")).await;
    let ended = new(&program, "", &mut after).await;
    assert_eq!((ended.len(), &ended[0]["request_id"]), (1, &json!("b")));
    assert_eq!(new(&program, "", &mut after).await, [Value::Null; 0]);
    // What came late is new, wherever its time is.
    let late = event_with("c", json!({"timestamp": "2020-01-01T00:00:00Z"}));
    program.record(&late).await;
    assert_eq!(new(&program, "", &mut after).await[0]["request_id"], "c");
    // Another record of the same call marks the first as well.
    program
        .record(&event_with("a", json!({"user_id": "other"})))
        .await;
    assert_eq!(new(&program, "", &mut after).await.len(), 2);
}

#[tokio::test]
async fn a_first_page_that_is_all_new_says_where_older_ones_are() {
    let program = Program::start().await;
    let mut after = "start".to_owned();
    program.record(&event("a")).await;
    new(&program, "limit=2", &mut after).await;
    let next = async |after: &str| {
        let path = format!("/v1/audit/logs?limit=2&after={after}");
        program.get(&path).await.json()["next_cursor"].clone()
    };
    program.record(&event("b")).await;
    program.record(&event("c")).await;
    assert!(next(&after).await.is_string());
    new(&program, "limit=2", &mut after).await;
    program.record(&event("d")).await;
    assert_eq!(next(&after).await, Value::Null);
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let program = Program::start().await;
    for query in [
        "after=",
        "after=nonsense!",
        "after=YQ",
        "after=start&format=csv",
        "after=start&cursor=AAAAAAAAAAA",
    ] {
        let answer = program.get(&format!("/v1/audit/logs?{query}")).await;
        let error = answer.error(400, "invalid_parameter");
        assert_eq!(error["field"], "after", "{query}");
    }
    let report = json!({
        "report_type": "activity", "start_date": "2025-01-01", "end_date": "2025-01-02", "after": "start",
    });
    let answer = program
        .post("/v1/reports/generate", report.to_string())
        .await;
    answer.error(400, "invalid_parameter");
}

#[tokio::test]
async fn a_list_that_is_followed_leaves_one_record_of_all_that_it_showed() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut after = "start".to_owned();
    let mut ids = Vec::new();
    for number in 0..30 {
        if number % 3 == 0 {
            let stored = program.record(&event(&number.to_string())).await;
            ids.push(stored["id"].clone());
        }
        new(&program, "user_id=user_123", &mut after).await;
    }
    // Another question is another record.
    let mut other = "start".to_owned();
    new(&program, "user_id=nobody", &mut other).await;
    new(&program, "user_id=nobody", &mut other).await;
    let begun = looks(&folder).await;
    let what = ["result", "items", "times"];
    let first = members(begun.first().unwrap(), &what);
    // It was on disk before the first answer, and may be complete if the test takes a minute.
    assert!(
        first == json!(["begun", null, 1]) || first[0] == "ok",
        "{first}"
    );
    program.stop().await;
    let looks = looks(&folder).await;
    let of = |user: &str| {
        let of = |look: &&Value| look["query"]["user_id"] == user;
        looks.iter().filter(of).collect::<Vec<_>>()
    };
    let (shown, idle) = (of("user_123"), of("nobody"));
    assert!(shown.len() <= 3 && idle.len() <= 2, "{looks:?}");
    let sum = |looks: &[&Value], name: &str| {
        let numbers = looks.iter().map(|look| look[name].as_i64().unwrap());
        numbers.sum::<i64>()
    };
    assert_eq!((sum(&shown, "items"), sum(&shown, "times")), (10, 30));
    assert_eq!((sum(&idle, "items"), sum(&idle, "times")), (0, 2));
    let told = shown
        .iter()
        .flat_map(|look| look["ids"].as_array().unwrap());
    assert_eq!(told.cloned().collect::<Vec<_>>(), ids);
    for look in looks {
        assert_eq!(
            members(&look, &["action", "result"]),
            json!(["events_listed", "ok"])
        );
        assert_eq!(look["query"]["after"], "…");
        assert!(look["until"].as_str() >= look["timestamp"].as_str());
    }
}

#[tokio::test]
async fn what_is_followed_is_not_given_out_without_a_record() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut database = folder.beside().open().await;
    database.execute(REFUSE_RECORDS).await.unwrap();
    for _ in 0..2 {
        let answer = program.get("/v1/audit/logs?after=start").await;
        answer.error(503, "unrecorded");
    }
}

#[tokio::test]
async fn the_same_question_asked_in_full_is_recorded_each_time() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    for _ in 0..3 {
        let request = program
            .request(Method::GET, "/v1/audit/logs")
            .header("audit-layer-poll", "1");
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let looks = looks(&folder).await;
    assert_eq!(looks.len(), 3);
    for look in looks {
        assert_eq!(members(&look, &["items", "times"]), json!([1, 1]));
    }
}
