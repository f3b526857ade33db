//! `audit-layer backup`

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::Connection;

use crate::program::{Folder, Program, audit_layer, run, until};
use crate::query::pages;
use crate::sample::event;
use crate::upgrade::database_of;

async fn back_up(folder: &Folder, target: &Path) -> Output {
    let mut backup = audit_layer("backup");
    backup.arg("--database").arg(folder.database());
    run(backup.arg(target)).await
}

#[tokio::test]
async fn a_backup_is_whole_while_events_come_in() {
    let folder = Folder::new();
    let program = Arc::new(Program::start_in(&folder).await);
    let (count, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let writing = tokio::spawn({
        let (program, count, is_over) = (program.clone(), count.clone(), is_over.clone());
        async move {
            while !is_over.load(Ordering::Relaxed) {
                let number = count.load(Ordering::Relaxed);
                program.record(&event(&number.to_string())).await;
                count.store(number + 1, Ordering::Relaxed);
            }
        }
    });
    until("events are stored", || {
        (count.load(Ordering::Relaxed) >= 20).then_some(())
    })
    .await;
    let acknowledged = count.load(Ordering::Relaxed);

    let other = Folder::new();
    let output = back_up(&folder, &other.path("audit.db")).await;
    assert!(output.status.success(), "{output:?}");
    is_over.store(true, Ordering::Relaxed);
    writing.await.unwrap();

    let stderr = String::from_utf8(output.stderr).unwrap();
    let copy = Program::start_in(&other).await;
    let events = pages(&copy, "limit=500").await;
    assert!(
        stderr.contains(&format!("{} events", events.len())),
        "{stderr}"
    );
    assert!(events.len() >= acknowledged);
    let all = pages(&program, "limit=500").await;
    assert_eq!(events, all[all.len() - events.len()..]);
    assert_eq!(pages(&copy, "text=loan&limit=500").await, events);
    assert_eq!(copy.record(&event("0")).await["status"], "duplicate");
    let mode = std::fs::metadata(other.path("audit.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_backup_never_overwrites_and_never_makes_a_database() {
    let folder = Folder::new();
    let output = back_up(&folder, &folder.path("copy")).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("there is no audit-layer database")
    );
    assert!(!folder.path("audit.db").exists() && !folder.path("copy").exists());

    Program::start_in(&folder).await.stop().await;
    std::fs::write(folder.path("copy"), "mine").unwrap();
    let output = back_up(&folder, &folder.path("copy")).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("never overwrites")
    );
    assert_eq!(
        std::fs::read_to_string(folder.path("copy")).unwrap(),
        "mine"
    );

    let none = folder.path("none/copy");
    let output = back_up(&folder, &none).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = format!("audit-layer: cannot write the backup {}: ", none.display());
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert!(!stderr.contains("partial"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[tokio::test]
async fn two_backups_of_one_name_are_one_and_touch_nothing_else() {
    let (folder, copies) = (Folder::new(), Folder::new());
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    program.stop().await;
    std::fs::write(copies.path("audit.db.partial"), "mine").unwrap();
    let target = copies.path("audit.db");
    let (one, other) = tokio::join!(back_up(&folder, &target), back_up(&folder, &target));
    let refused = match (one.status.success(), other.status.success()) {
        (true, false) => other,
        (false, true) => one,
        _ => panic!("{one:?} {other:?}"),
    };
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(stderr.contains("never overwrites"), "{stderr}");
    let mut names: Vec<_> = std::fs::read_dir(copies.path("")).unwrap().collect();
    names.sort_by_key(|name| name.as_ref().unwrap().file_name());
    let names = names.into_iter().map(|name| name.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["audit.db", "audit.db.partial"]);
    let mine = std::fs::read_to_string(copies.path("audit.db.partial"));
    assert_eq!(mine.unwrap(), "mine");
    let copy = Program::start_in(&copies).await;
    assert_eq!(pages(&copy, "").await, ["a"]);
}

#[tokio::test]
async fn a_backup_leaves_an_older_database_as_it_is() {
    let folder = Folder::new();
    let database = database_of(&folder, "0001_events.sql").await;
    database.close().await.unwrap();
    let output = back_up(&folder, &folder.path("copy")).await;
    assert!(output.status.success(), "{output:?}");
    let mut database = folder.beside().open().await;
    let versions = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations");
    assert_eq!(versions.fetch_one(&mut database).await.unwrap(), 1);
}

#[tokio::test]
async fn a_backup_leaves_an_access_record_here_and_in_the_copy() {
    let (folder, other) = (Folder::new(), Folder::new());
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    let target = other.path("audit.db");
    assert!(back_up(&folder, &target).await.status.success());
    let made = async |folder: &Folder| {
        let mut history = audit_layer("history");
        history.args(["--action", "backup_made", "--format", "json", "--database"]);
        let output = run(history.arg(folder.database())).await;
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (here, there) = (made(&folder).await, made(&other).await);
    assert_eq!(here.as_array().unwrap().len(), 1, "{here}");
    assert_eq!(here[0]["query"]["copy"], target.display().to_string());
    // When the copy was made it was not known how much it would be.
    assert_eq!(
        (&here[0]["items"], &there[0]["items"]),
        (&1.into(), &().into())
    );
    assert_eq!(here[0]["id"], there[0]["id"]);
    assert_eq!(
        (&here[0]["result"], &there[0]["result"]),
        (&"ok".into(), &"begun".into())
    );

    assert!(!back_up(&folder, &target).await.status.success());
    let failed = &made(&folder).await[1];
    assert_eq!(
        (&failed["result"], &failed["items"]),
        (&"failed".into(), &0.into())
    );
    assert!(failed["until"].is_string());
}

#[tokio::test]
async fn a_backup_of_a_database_of_the_version_before_is_recorded_when_it_has_ended() {
    let folder = Folder::new();
    let database = database_of(&folder, "0013_access_records.sql").await;
    database.close().await.unwrap();
    let target = folder.path("copy");
    assert!(back_up(&folder, &target).await.status.success());
    assert!(!back_up(&folder, &target).await.status.success());
    let mut database = folder.beside().open().await;
    let records = sqlx::query_as::<_, (String, i64)>(ENDS);
    let records = records.fetch_all(&mut database).await.unwrap();
    assert_eq!(records, [("ok".to_owned(), 0), ("failed".to_owned(), 0)]);
    let versions = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations");
    assert_eq!(versions.fetch_one(&mut database).await.unwrap(), 13);
}

const ENDS: &str =
    "SELECT result, items FROM access_records WHERE action = 'backup_made' ORDER BY at";
