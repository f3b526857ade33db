//! The index of events on a server: what is in its tables after all is said and done.

use std::ops::RangeInclusive;

use serde_json::json;
use sqlx::Executor;

use crate::collectors::start;
use crate::database::WITHOUT_CHARACTERS;
use crate::erasure::{ANN, erase, event_of};
use crate::program::{Folder, Program, until_async};
use crate::query::pages;
use crate::sample::event_with;

async fn count(folder: &Folder, of: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {of}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
    count
        .fetch_one(&mut folder.beside().open().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn there_are_few_segments_however_many_commits_there_were() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for number in 0..150 {
        let tag = json!({"compliance_tags": [format!("t{number}")]});
        program.record(&event_with(&number.to_string(), tag)).await;
    }
    until_async("segments are merged", async || {
        count(&folder, "segments").await <= 3 * 7
    })
    .await;
    assert_eq!(pages(&program, "text=loan&limit=500").await.len(), 150);
    for number in [0, 77, 149] {
        let tag = format!("compliance_tag=t{number}");
        assert_eq!(pages(&program, &tag).await, [number.to_string()]);
    }
    let chunks = "segment_chunks WHERE segment NOT IN (SELECT id FROM segments)";
    assert_eq!(count(&folder, chunks).await, 0);
}

#[tokio::test]
async fn what_was_erased_leaves_the_index_while_events_come_in_and_are_merged() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let record = async |seqs: RangeInclusive<i64>| {
        for seq in seqs {
            let user = if seq % 2 == 0 { "ann" } else { "bob" };
            let event = event_of(user, "one", &seq.to_string(), seq);
            program.record(&event).await;
        }
    };
    // One at least is there when the erasure begins.
    record(1..=2).await;
    let ((), output) = tokio::join!(record(3..=60), erase(&folder, &ANN));
    assert!(output.status.success(), "{output:?}");
    let output = erase(&folder, &ANN).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(pages(&program, "text=4711").await.len(), 30);
    assert_eq!(pages(&program, "user_id=ann").await.len(), 30);
    // Of each event the index now tells what is true.
    assert_eq!(count(&folder, "stale").await, 0);
}

#[tokio::test]
async fn collectors_that_start_together_bring_each_event_into_the_index_once() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let lines = (0..5000).map(|number| format!("{}\n", event_with(&number.to_string(), json!({}))));
    program.record_lines(lines).await;
    program.stop().await;
    let mut database = folder.beside().open().await;
    database.execute(WITHOUT_CHARACTERS).await.unwrap();
    let programs = start::<3>(&folder).await;
    assert_eq!(count(&folder, "unindexed").await, 0);
    let indexed: i64 = sqlx::query_scalar("SELECT sum(events)::BIGINT FROM segments")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(indexed, 5000);
    assert_eq!(pages(&programs[1], "text=loan&limit=500").await.len(), 5000);
}

#[tokio::test]
async fn an_erasure_meets_events_that_are_in_no_segment_yet() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event_of("ann", "one", "r", 1)).await;
    let unindex = "DELETE FROM segments; DELETE FROM segment_chunks;
        INSERT INTO unindexed SELECT position FROM events";
    let mut database = folder.beside().open().await;
    database.execute(unindex).await.unwrap();
    let output = erase(&folder, &ANN).await;
    assert!(output.status.success(), "{output:?}");
    let event = program.get("/v1/audit/logs/r").await.json();
    assert_eq!(event["prompt_content"], "");
}
