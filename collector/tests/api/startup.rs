//! Starting, and failing to start in a way that helps.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;
use sqlx::{Connection, Executor};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::program::{Folder, KEY, Program, audit_layer, run};

/// What `serve` says when it cannot start: one line.
pub(crate) async fn complaint(folder: &Folder, arguments: &[&str]) -> String {
    let mut serve = audit_layer("serve");
    serve
        .args(["--listen", "127.0.0.1:0", "--database"])
        .arg(folder.database());
    let output = run(serve.args(arguments)).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("audit-layer: "), "{stderr}");
    stderr
}

#[tokio::test]
async fn when_ready_it_says_where_it_listens() {
    let program = Program::start().await;
    let expected = format!("audit-layer: listening on {}, database ", program.base());
    let stderr = program.stderr();
    assert!(
        stderr.lines().any(|line| line.starts_with(&expected)),
        "{stderr}"
    );
    assert!(!program.host().ends_with(":0"));
}

#[tokio::test]
async fn a_port_in_use_is_explained() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let mut serve = audit_layer("serve");
    serve
        .args(["--listen", &address, "--database"])
        .arg(folder.database());
    let output = run(&mut serve).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(&address) && stderr.contains("--listen"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!folder.path("audit.db").exists());
}

#[tokio::test]
async fn a_collector_that_cannot_start_makes_no_database() {
    let folder = Folder::new();
    let none = folder.path("none");
    let none = none.to_str().unwrap();
    for arguments in [
        ["--tls-cert", none, "--tls-key", none].as_slice(),
        &["--report-fonts", none],
    ] {
        complaint(&folder, arguments).await;
        assert!(!folder.path("audit.db").exists(), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_signal_ends_a_start_that_waits_for_the_database() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    for name in ["TERM", "INT"] {
        let mut serve = audit_layer("serve");
        serve.args(["--listen", "127.0.0.1:0", "--database"]);
        serve.arg(format!("postgres://ann@{address}/audit?sslmode=disable"));
        let serve = serve.stderr(Stdio::piped()).spawn().unwrap();
        let _connection = silent.accept().await.unwrap();
        let id = serve.id().unwrap().to_string();
        let kill = run(Command::new("kill").args(["-s", name, &id])).await;
        assert!(kill.status.success(), "{kill:?}");
        let output = serve.wait_with_output().await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr, "audit-layer: stopped before startup was complete\n");
    }
}

#[tokio::test]
async fn a_file_is_served_by_one_program_at_a_time() {
    let folder = Folder::new();
    let mut first = Program::start_in(&folder).await;
    let stderr = complaint(&folder, &[]).await;
    assert!(stderr.contains("another audit-layer"), "{stderr}");
    // Whichever way it ends.
    first.signal("KILL").await;
    first.ended().await;
    Program::start_in(&folder).await.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_explained() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("audit.db")).unwrap();
    let stderr = complaint(&folder, &[]).await;
    assert!(stderr.contains(&folder.database()), "{stderr}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_explained_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.path("audit.db"), "dear diary ".repeat(1000)).unwrap();
    let stderr = complaint(&folder, &[]).await;
    assert!(stderr.contains("not an audit-layer database"), "{stderr}");
    assert!(
        std::fs::read_to_string(folder.path("audit.db"))
            .unwrap()
            .starts_with("dear diary")
    );
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let mut database = folder.beside().open().await;
    database
        .execute("INSERT INTO _sqlx_migrations VALUES (9999, 'future', '', TRUE, x'00', 0)")
        .await
        .unwrap();
    database.close().await.unwrap();
    assert!(complaint(&folder, &[]).await.contains("newer"));
}

#[tokio::test]
async fn a_database_address_is_not_taken_for_the_name_of_a_file() {
    let folder = Folder::new();
    for name in ["mysql://db/audit", "file://audit.db", ":memory:"] {
        let mut serve = audit_layer("serve");
        let output = run(serve
            .current_dir(folder.path(""))
            .args(["--database", name]))
        .await;
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("the name of an SQLite file")
        );
    }
}

#[tokio::test]
async fn an_argument_that_cannot_be_used_is_explained() {
    for (name, value, needed) in [
        ("--listen", "localhost:8080", "such as 127.0.0.1:8080"),
        ("--listen", ":8080", "such as 127.0.0.1:8080"),
        ("--rate-limit", "0", "must be a number from 1"),
    ] {
        let output = run(audit_layer("serve").args([name, value])).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(needed), "{stderr}");
    }
}

#[tokio::test]
async fn an_unusable_key_is_explained_without_repeating_it() {
    let stderr = complaint(&Folder::new(), &["--api-key", "two words"]).await;
    assert!(
        stderr.contains("API key") && !stderr.contains("two words"),
        "{stderr}"
    );
}

#[tokio::test]
async fn help_does_not_show_the_key_of_the_environment() {
    let mut serve = audit_layer("serve");
    let output = run(serve
        .arg("--help")
        .env("AUDIT_LAYER_API_KEY", "al_sk_secret"))
    .await;
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("AUDIT_LAYER_API_KEY") && !help.contains("al_sk_secret"),
        "{help}"
    );
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_warned_about() {
    let arguments = ["--api-key", KEY, "--log", "off"];
    let program = Program::start_with(&Folder::new(), &arguments).await;
    assert!(!program.stderr().contains("warning"));
    drop(program);

    let folder = Folder::new();
    let file = folder.path("open");
    let stderr = std::fs::File::create(folder.path("open stderr")).unwrap();
    let mut serve = audit_layer("serve");
    serve
        .args(["--listen", "0.0.0.0:0", "--database"])
        .arg(folder.database());
    let _open = serve
        .arg("--listen-address-file")
        .arg(&file)
        .stderr(stderr)
        .spawn()
        .unwrap();
    crate::program::until("the program is ready", || file.exists().then_some(())).await;
    let stderr = std::fs::read_to_string(folder.path("open stderr")).unwrap();
    assert!(
        stderr.contains("warning") && stderr.contains("not encrypted"),
        "{stderr}"
    );
}

#[tokio::test]
async fn only_its_owner_can_read_the_database() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for name in ["audit.db", "audit.db-wal"] {
        let mode = std::fs::metadata(folder.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    program.stop().await;
}

#[tokio::test]
async fn a_log_in_json_has_nothing_else_in_it() {
    let folder = Folder::new();
    let arguments = ["--api-key", KEY, "--log-format", "json"];
    let program = Program::start_with(&folder, &arguments).await;
    program.post("/v1/audit/log", "no event").await;
    let log = folder.path("stderr");
    program.stop().await;
    let lines = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        for member in ["timestamp", "level", "message", "target"] {
            assert!(line[member].is_string(), "{member}: {line}");
        }
    }
    let messages: Vec<&str> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert!(messages[0].starts_with("listening on http://127.0.0.1:"));
    let rejected = messages
        .iter()
        .position(|message| message.starts_with("rejected events"));
    let rejected = &lines[rejected.unwrap()];
    assert_eq!(rejected["events"], 1);
    assert_eq!(rejected["level"], "WARN");
    assert_eq!(messages.last(), Some(&"stopped: the database is closed"));
}

#[tokio::test]
async fn a_folder_without_fonts_is_refused() {
    let folder = Folder::new();
    let fonts = folder.path("fonts");
    let arguments = ["--report-fonts", fonts.to_str().unwrap()];
    let said = complaint(&folder, &arguments).await;
    assert!(said.contains("cannot read"), "{said}");
    std::fs::create_dir(&fonts).unwrap();
    let said = complaint(&folder, &arguments).await;
    assert!(said.contains("contains no fonts"), "{said}");
}
