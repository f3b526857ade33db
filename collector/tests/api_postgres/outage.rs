//! A server that is gone for a while.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use sqlx::Executor;

use crate::program::{Folder, KEY, Program};

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

const SOCKET: &str = ".s.PGSQL.5432";

const END_OTHERS: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
