//! Databases that were written by earlier versions.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};

use crate::program::{Folder, Program};
use crate::sample::event;

/// A database as the version left it whose last schema this is.
async fn database_of(folder: &Folder, schema: &str) -> SqliteConnection {
    let migrations = folder.path("migrations");
    std::fs::create_dir(&migrations).unwrap();
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for file in std::fs::read_dir(released).unwrap() {
        let name = file.as_ref().unwrap().file_name();
        if name.to_str().unwrap() <= schema {
            std::fs::copy(file.unwrap().path(), migrations.join(name)).unwrap();
        }
    }
    let options = SqliteConnectOptions::new()
        .filename(folder.database())
        .create_if_missing(true);
    let mut database = options.connect().await.unwrap();
    let migrator = Migrator::new(migrations).await.unwrap();
    migrator.run(&mut database).await.unwrap();
    database
}

/// Puts an event into a database of the first schema.
async fn insert(database: &mut SqliteConnection, id: &str, timestamp: i64) {
    let text = event(id).to_string();
    let row = sqlx::query(
        "INSERT INTO events (id, organization_id, request_id, timestamp, received_at, user_id,
            model_provider, model_name, prompt_hash, event)
        VALUES (?, 'org_456', ?, ?, 0, 'user_123', 'openai', 'gpt-4-turbo', 'sha256:abc123...', ?)",
    );
    let row = row
        .bind(format!("log_{id}"))
        .bind(id)
        .bind(timestamp)
        .bind(text);
    row.execute(database).await.unwrap();
}

#[tokio::test]
async fn a_key_of_the_first_schema_may_still_do_everything() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0001_events.sql").await;
    insert(&mut database, "old", 0).await;
    // The hash is SHA-256 of the key `al_sk_old`.
    let key = "INSERT INTO api_keys VALUES
        ('key_1', x'2941d803c5ddb694be41070b055b886e88b06c1b8e11793c325f2e698681bb1b', 7)";
    database.execute(key).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_with(&folder, &[])
        .await
        .with_key("al_sk_old");
    assert_eq!(program.get("/v1/audit/logs/old").await.status, 200);
    assert_eq!(program.record(&event("old")).await["status"], "duplicate");
    assert_eq!(program.record(&event("new")).await["status"], "stored");
}
