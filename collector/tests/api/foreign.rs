//! Files that are no database of a collector, or not of this version: they stay as they are.

use sqlx::{Connection, Executor};

use crate::program::{Folder, Program, audit_layer, run};
use crate::startup::complaint;
use crate::upgrade::database_of;

/// Commands that work on a database which is there.
const COMMANDS: [&[&str]; 5] = [
    &["keys", "list"],
    &["holds", "list"],
    &["history"],
    &["backup", "copy"],
    &[
        "erase",
        "--all-organizations",
        "--user",
        "ann",
        "--reason",
        "r",
    ],
];

/// What a command says about the database, in one line.
async fn said(folder: &Folder, arguments: &[&str]) -> String {
    let (subcommand, arguments) = arguments.split_first().unwrap();
    let mut command = audit_layer(subcommand);
    command.args(arguments).current_dir(folder.path(""));
    let output = run(command.arg("--database").arg(folder.database())).await;
    assert_eq!(output.status.code(), Some(1), "{subcommand}: {output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(&folder.database()), "{stderr}");
    stderr
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.path("audit.db"), "").unwrap();
    let mut database = folder.beside().open().await;
    database
        .execute("CREATE TABLE bookmarks (url TEXT)")
        .await
        .unwrap();
    database.close().await.unwrap();
    let before = std::fs::read(folder.path("audit.db")).unwrap();
    let create: &[&str] = &["keys", "create", "--role", "read", "--all-organizations"];
    for command in COMMANDS.into_iter().chain([create]) {
        let stderr = said(&folder, command).await;
        assert!(stderr.contains("not an audit-layer database"), "{stderr}");
    }
    let stderr = complaint(&folder, &[]).await;
    assert!(stderr.contains("not an audit-layer database"), "{stderr}");
    assert_eq!(std::fs::read(folder.path("audit.db")).unwrap(), before);
}

#[tokio::test]
async fn an_empty_file_is_no_database_to_a_command_and_stays_empty() {
    let folder = Folder::new();
    std::fs::write(folder.path("audit.db"), "").unwrap();
    for command in COMMANDS {
        let stderr = said(&folder, command).await;
        assert!(stderr.contains("no audit-layer database"), "{stderr}");
    }
    assert_eq!(std::fs::read(folder.path("audit.db")).unwrap(), b"");
    Program::start_in(&folder).await.stop().await;
}

#[tokio::test]
async fn a_damaged_database_is_told_from_one_that_cannot_be_written() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let mut bytes = std::fs::read(folder.path("audit.db")).unwrap();
    // All but the head of the file, and with it the list of tables.
    bytes[100..].fill(0x55);
    std::fs::write(folder.path("audit.db"), bytes).unwrap();
    let stderr = complaint(&folder, &[]).await;
    assert!(stderr.contains("restore it from a backup"), "{stderr}");
}

#[tokio::test]
async fn a_command_does_not_change_the_schema_of_an_older_version() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0001_events.sql").await;
    for command in [COMMANDS[0], COMMANDS[1], COMMANDS[2], COMMANDS[4]] {
        let stderr = said(&folder, command).await;
        assert!(stderr.contains("older audit-layer"), "{stderr}");
    }
    // Nor does the one that may, while an older version serves it.
    let served = std::fs::File::open(folder.path("audit.db")).unwrap();
    served.lock().unwrap();
    let create = ["keys", "create", "--role", "read", "--all-organizations"];
    let stderr = said(&folder, &create).await;
    assert!(stderr.contains("another audit-layer"), "{stderr}");
    let versions = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations");
    assert_eq!(versions.fetch_one(&mut database).await.unwrap(), 1);
}
