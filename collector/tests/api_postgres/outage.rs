//! A server that is gone for a while.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::json;
use sqlx::Executor;

use crate::program::{Folder, KEY, Program};
use crate::query::pages;
use crate::sample::event_with;

#[tokio::test]
async fn the_log_says_why_there_is_no_connection() {
    let folder = Folder::new();
    // The socket under another name, which can be taken away.
    let address = folder.database();
    let (_, rest) = address.split_once('@').unwrap();
    let (real, rest) = rest.split_once('/').unwrap();
    let real = Path::new(&real.replace("%2F", "/")).join(SOCKET);
    let away = folder.path(SOCKET);
    symlink(real, &away).unwrap();
    let place = folder.path("").display().to_string();
    let place = place.trim_end_matches('/').replace('/', "%2F");
    let address = format!("postgres://postgres@{place}/{rest}");
    let arguments = ["--api-key", KEY, "--database", &address];
    let program = Program::start_anywhere(&folder, &arguments).await;

    // Nobody listens on a socket whose listener is gone.
    std::fs::remove_file(&away).unwrap();
    drop(UnixListener::bind(&away).unwrap());
    let mut database = folder.beside().open().await;
    database.execute(END_OTHERS).await.unwrap();
    let answer = program.get("/v1/audit/logs").await;
    answer.error(503, "storage_unavailable");
    let log = program.stderr();
    assert!(log.contains("Connection refused"), "{log}");
    assert!(log.contains("server is running"), "{log}");
}

/// As it is, it would never be: each time it would take as long.
#[tokio::test]
async fn a_batch_that_takes_too_long_is_stored_in_parts_when_it_is_sent_again() {
    const EVENTS: usize = 1500;
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut database = folder.beside().open().await;
    database.execute(SLOW).await.unwrap();
    let lines =
        (0..EVENTS).map(|number| format!("{}\n", event_with(&number.to_string(), json!({}))));
    let batch: String = lines.collect();
    let path = "/v1/audit/log/batch";
    let answer = program.post(path, batch.clone()).await;
    answer.error(503, "storage_unavailable");
    assert_eq!(pages(&program, "limit=500").await.len(), 0);
    let mut answer = program.post(path, batch.clone()).await;
    // On a machine with much else to do a half may still be too much.
    while answer.status == 503 {
        answer = program.post(path, batch.clone()).await;
    }
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(pages(&program, "limit=500").await.len(), EVENTS);
}

/// A minute and a quarter for all events of the batch.
const SLOW: &str = "
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END
    $$;
    CREATE TRIGGER slow BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION slow()";

const SOCKET: &str = ".s.PGSQL.5432";

const END_OTHERS: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
