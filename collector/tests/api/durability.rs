//! An answer of success is a promise.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::json;
use sqlx::Executor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::database::{BLOCK, REFUSE};
use crate::program::{Folder, Program, begin_to_record, until, until_async};
use crate::sample::{event, event_with};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    program.record(&event("b")).await;
    let before = program.get("/v1/audit/logs").await.text;
    program.stop().await;

    let program = Program::start_in(&folder).await;
    assert_eq!(program.get("/v1/audit/logs").await.text, before);
    assert_eq!(program.record(&event("a")).await["status"], "duplicate");
}

#[tokio::test]
async fn a_kill_right_after_an_answer_loses_nothing_and_doubles_nothing() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        let program = Arc::new(Program::start_in(&folder).await);
        let (under_load, status) = load_until(program, round, "KILL").await;
        assert!(!status.success());
        acknowledged.extend(under_load);
    }
    let program = Program::start_in(&folder).await;
    for request_id in &acknowledged {
        let path = format!("/v1/audit/logs/{request_id}");
        assert_eq!(program.get(&path).await.status, 200, "{request_id}");
    }
    assert!(acknowledged.len() >= 12 * ACKNOWLEDGED_MIN);
    let mut database = folder.beside().open().await;
    let twice = "SELECT count(*) - count(DISTINCT request_id) FROM events";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(twice)
            .fetch_one(&mut database)
            .await
            .unwrap(),
        0
    );
    folder.beside().check().await;
}

/// Sends single events and batches from several clients at once, and sends the program a signal as
/// soon as enough were acknowledged. Returns those that were, and how the program ended.
async fn load_until(
    program: Arc<Program>,
    round: usize,
    signal: &str,
) -> (Vec<String>, ExitStatus) {
    let count = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..6 {
        let (program, count) = (Arc::clone(&program), Arc::clone(&count));
        let name = format!("{round}-{client}");
        clients.spawn(async move { send_until_broken(&program, &name, client, &count).await });
    }
    until("enough events are acknowledged", || {
        (count.load(Ordering::Relaxed) >= ACKNOWLEDGED_MIN + round).then_some(())
    })
    .await;
    program.signal(signal).await;
    let acknowledged = clients.join_all().await.concat();
    let status = Arc::into_inner(program).unwrap().ended().await;
    (acknowledged, status)
}

async fn send_until_broken(
    program: &Program,
    name: &str,
    client: usize,
    count: &AtomicUsize,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    // Odd clients send batches.
    let (path, size) = [("/v1/audit/log", 1), ("/v1/audit/log/batch", 5)][client % 2];
    for number in 0.. {
        let ids: Vec<_> = (0..size)
            .map(|line| format!("{name}-{number}-{line}"))
            .collect();
        let seqs = number * size + 1..;
        let lines = ids.iter().zip(seqs).map(|(id, seq)| {
            let audit_layer = json!({"writer": {"id": name, "seq": seq}});
            let metadata = json!({"audit_layer": audit_layer});
            let event = event_with(id, json!({"metadata": metadata, "compliance_tags": ["t"]}));
            format!("{event}\n")
        });
        let body: String = lines.collect();
        match program.request(Method::POST, path).body(body).send().await {
            Ok(answer) if answer.status() == 200 => acknowledged.extend(ids),
            Ok(answer) => panic!("{}", answer.status()),
            Err(_) => break,
        }
        count.fetch_add(size, Ordering::Relaxed);
    }
    acknowledged
}

const ACKNOWLEDGED_MIN: usize = 20;

#[tokio::test]
async fn a_request_in_progress_is_finished_before_the_program_stops() {
    let folder = Folder::new();
    let mut program = Program::start_in(&folder).await;
    let body = event("late").to_string();
    let mut stream = TcpStream::connect(program.host()).await.unwrap();
    begin_to_record(&mut stream, body.len()).await;
    program.signal("TERM").await;
    until("the program is stopping", || {
        program.stderr().contains("stopping").then_some(())
    })
    .await;
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("stored"),
        "{answer}"
    );
    assert!(program.ended().await.success());
    assert!(
        !folder.beside().is_in_use().await,
        "the database was not closed"
    );

    let program = Program::start_in(&folder).await;
    assert_eq!(program.get("/v1/audit/logs/late").await.status, 200);
}

#[tokio::test]
async fn a_stop_under_load_answers_for_all_that_is_stored() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let program = Arc::new(Program::start_in(&folder).await);
        let (under_load, status) = load_until(program, round, "TERM").await;
        assert!(status.success());
        acknowledged.extend(under_load);
    }
    let mut database = folder.beside().open().await;
    let mut stored: Vec<String> = sqlx::query_scalar("SELECT request_id FROM events")
        .fetch_all(&mut database)
        .await
        .unwrap();
    stored.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(stored, acknowledged);
}

#[tokio::test]
async fn a_client_that_stalls_does_not_keep_the_program_running() {
    let folder = Folder::new();
    let mut program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    let mut stream = TcpStream::connect(program.host()).await.unwrap();
    begin_to_record(&mut stream, 10).await;
    program.signal("TERM").await;
    assert!(program.ended().await.success());
    assert!(
        program
            .stderr()
            .contains("in progress at the end of the shutdown timeout")
    );
    assert!(
        !folder.beside().is_in_use().await,
        "the database was not closed"
    );
}

#[tokio::test]
async fn an_interrupt_stops_the_program_as_well() {
    let mut program = Program::start().await;
    program.signal("INT").await;
    assert!(program.ended().await.success());
}

#[tokio::test]
async fn while_the_database_does_not_answer_nothing_is_acknowledged() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut other = folder.beside().open().await;
    other.execute(BLOCK).await.unwrap();
    let answer = program.post("/v1/audit/log", event("a").to_string()).await;
    answer.error(503, "storage_unavailable");
    other.execute("ROLLBACK").await.unwrap();

    assert_eq!(program.get("/v1/audit/logs/a").await.status, 404);
    assert_eq!(program.record(&event("a")).await["status"], "stored");
}

#[tokio::test]
async fn readiness_follows_the_database() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    assert_eq!(
        program.get("/readyz").await.json(),
        json!({"status": "ready"})
    );
    let mut other = folder.beside().open().await;
    other.execute("DROP TABLE events").await.unwrap();
    for path in ["/readyz", "/v1/audit/logs/a"] {
        let answer = program.get(path).await;
        let message = answer.error(503, "storage_unavailable")["message"].clone();
        assert_eq!(message, "the database did not answer: try again later");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(program.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn beyond_what_may_wait_it_asks_to_come_back_and_forgets_nothing() {
    let folder = Folder::new();
    let program = Arc::new(Program::start_in(&folder).await);
    let mut other = folder.beside().open().await;
    other.execute(BLOCK).await.unwrap();

    // Five times 30 MiB are more than the 128 that may wait.
    let large = "x".repeat(30 * 1024 * 1024);
    let mut clients = JoinSet::new();
    for number in 0..5 {
        let event = event_with(&number.to_string(), json!({"extra": large}));
        let (program, body) = (Arc::clone(&program), event.to_string());
        clients.spawn(async move {
            let answer = program.post("/v1/audit/log", body.clone()).await;
            (answer, body)
        });
    }
    let (refused, body) = clients.join_next().await.unwrap().unwrap();
    refused.error(429, "overloaded");
    assert_eq!(refused.headers["retry-after"], "1");
    other.execute("ROLLBACK").await.unwrap();

    let mut again = vec![body];
    for (answer, body) in clients.join_all().await {
        match answer.status.as_u16() {
            200 => {}
            429 | 503 => again.push(body),
            status => panic!("{status}"),
        }
    }
    for body in again {
        let answer = program.post("/v1/audit/log", body).await.json();
        assert_eq!(answer["status"], "stored");
    }
    let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM events");
    assert_eq!(count.fetch_one(&mut other).await.unwrap(), 5);
}

#[tokio::test]
async fn an_event_that_the_database_does_not_take_keeps_no_other_from_being_stored() {
    let folder = Folder::new();
    let program = Arc::new(Program::start_in(&folder).await);
    let mut other = folder.beside().open().await;
    other.execute(REFUSE).await.unwrap();
    // While nothing can be written, requests gather for one commit.
    other.execute(BLOCK).await.unwrap();
    let mut clients = JoinSet::new();
    for id in ["first", "good", "bad", "better"] {
        let program = Arc::clone(&program);
        clients.spawn(async move {
            let answer = program.post("/v1/audit/log", event(id).to_string()).await;
            (id, answer.status.as_u16())
        });
    }
    until_async("all of them wait", async || {
        let metrics = program.get("/metrics").await.text;
        let bytes = metrics
            .lines()
            .find_map(|line| line.strip_prefix(WAITING))
            .unwrap();
        bytes.parse::<usize>().unwrap() >= 4 * event("bad").to_string().len()
    })
    .await;
    other.execute("ROLLBACK").await.unwrap();
    let mut answers = clients.join_all().await;
    answers.sort_unstable();
    assert_eq!(
        answers,
        [("bad", 503), ("better", 200), ("first", 200), ("good", 200)]
    );
}

const WAITING: &str = "audit_layer_collector_waiting_bytes ";

#[tokio::test]
async fn a_kill_leaves_no_hole_and_nothing_that_cannot_be_found() {
    let folder = Folder::new();
    for round in 0..4 {
        let program = Arc::new(Program::start_in(&folder).await);
        load_until(program, round, "KILL").await;
    }
    let program = Program::start_in(&folder).await;
    let totals = program.get("/v1/audit/completeness").await.json()["totals"].clone();
    assert_eq!(
        (&totals["writers"], &totals["missing"]),
        (&json!(24), &json!(0))
    );
    let mut database = folder.beside().open().await;
    for sql in [
        "SELECT count(*) FROM events",
        "SELECT CAST(sum(last_seq - first_seq + 1) AS BIGINT) FROM writer_runs",
    ] {
        let count = sqlx::query_scalar::<_, i64>(sql);
        let count = count.fetch_one(&mut database).await.unwrap();
        assert_eq!(totals["events"], count, "{sql}");
    }
    for filter in ["compliance_tag=t", "text=loan"] {
        let path = format!("/v1/audit/logs?format=ndjson&{filter}");
        let found = program.get(&path).await.text.lines().count();
        assert_eq!(totals["events"], found, "{filter}");
    }
}
