//! Naming a database on a server, and failing to in a way that helps.

use std::process::Output;

use sqlx::Executor;

use crate::keys::create_key;
use crate::program::{Folder, KEY, Program, audit_layer, run, until};
use crate::sample::event;

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("audit-layer: "), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
    stderr
}

async fn serve(address: &str) -> Output {
    let mut serve = audit_layer("serve");
    serve.args(["--listen", "127.0.0.1:0", "--database", address]);
    run(&mut serve).await
}

#[tokio::test]
async fn the_address_may_come_from_the_environment_and_is_shown_without_password() {
    let folder = Folder::new();
    let address = folder.database().replace("postgres@", "postgres:secret@");
    let file = folder.path("ready");
    let stderr = std::fs::File::create(folder.path("shown")).unwrap();
    let mut serve = audit_layer("serve");
    let _serve = serve
        .args(["--listen", "127.0.0.1:0", "--api-key", KEY])
        .arg("--listen-address-file")
        .arg(&file)
        .env("AUDIT_LAYER_DATABASE", &address)
        .stderr(stderr)
        .spawn()
        .unwrap();
    until("the program is ready", || file.exists().then_some(())).await;
    let shown = std::fs::read_to_string(folder.path("shown")).unwrap();
    assert!(shown.contains("database postgres://postgres@/"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");

    let mut serve = audit_layer("serve");
    let help = run(serve.arg("--help").env("AUDIT_LAYER_DATABASE", &address)).await;
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("AUDIT_LAYER_DATABASE") && !help.contains("secret"));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_explained() {
    let folder = Folder::new();
    let output = serve("postgres://ann:secret@127.0.0.1:1/audit").await;
    let stderr = complaint(&output);
    let shown = "postgres://ann@127.0.0.1:1/audit";
    assert!(
        stderr.contains(shown) && stderr.contains("server is running"),
        "{stderr}"
    );

    let output = serve(&folder.database().replace("/postgres?", "/nope?")).await;
    assert!(complaint(&output).contains("\"nope\" does not exist"));
}

#[tokio::test]
async fn what_is_no_address_is_refused_without_repeating_it() {
    for address in [
        "mysql://ann:secret@db/audit",
        "postgres://ann:secret@db:port/audit",
    ] {
        let stderr = complaint(&serve(address).await);
        assert!(
            stderr.contains("--database") && stderr.contains("postgres://"),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn a_backup_is_the_work_of_the_server() {
    let folder = Folder::new();
    create_key(&folder).await;
    let mut backup = audit_layer("backup");
    backup.arg(folder.path("copy"));
    let output = run(backup.args(["--database", &folder.database()])).await;
    assert!(complaint(&output).contains("pg_dump"));
    assert!(!folder.path("copy").exists());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'future', TRUE, '', 0)";
    folder.beside().open().await.execute(newer).await.unwrap();
    assert!(complaint(&serve(&folder.database()).await).contains("newer"));
}

#[tokio::test]
async fn a_command_does_not_change_the_schema_of_an_older_version() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let mut database = folder.beside().open().await;
    let older = "DELETE FROM _sqlx_migrations WHERE version > 1";
    database.execute(older).await.unwrap();
    let mut holds = audit_layer("holds");
    let output = run(holds.args(["list", "--database", &folder.database()])).await;
    assert!(complaint(&output).contains("older audit-layer"));
    let versions = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations");
    assert_eq!(versions.fetch_one(&mut database).await.unwrap(), 1);
}

#[tokio::test]
async fn the_tables_of_another_program_are_refused_and_left_alone() {
    let folder = Folder::new();
    let mut database = folder.beside().open().await;
    let foreign = "
        CREATE TABLE events (what TEXT);
        CREATE TABLE _sqlx_migrations (version BIGINT, checksum BYTEA);
        INSERT INTO _sqlx_migrations VALUES (1, 'other')";
    database.execute(sqlx::raw_sql(foreign)).await.unwrap();
    let mut holds = audit_layer("holds");
    let output = run(holds.args(["list", "--database", &folder.database()])).await;
    for output in [output, serve(&folder.database()).await] {
        assert!(complaint(&output).contains("not an audit-layer database"));
    }
    let versions = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sqlx_migrations");
    assert_eq!(versions.fetch_one(&mut database).await.unwrap(), 1);
}

#[tokio::test]
async fn a_commit_is_durable_whatever_the_server_says() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut database = folder.beside().open().await;
    // The trigger sees the setting of the session that stores.
    let refuse = "
        CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('synchronous_commit') = 'off' THEN RAISE EXCEPTION 'it is off'; END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()";
    database.execute(refuse).await.unwrap();
    let mut session = folder.beside().open().await;
    session
        .execute("SET synchronous_commit = off")
        .await
        .unwrap();
    let insert = session.execute("INSERT INTO events DEFAULT VALUES").await;
    assert!(insert.unwrap_err().to_string().contains("is off"));
    program.stop().await;
    let relaxed = folder.database();
    let relaxed = relaxed.replace("?options=", "?options=-csynchronous_commit%3Doff%20");
    let file = folder.path("ready");
    let mut serve = audit_layer("serve");
    let _serve = serve
        .args([
            "--listen",
            "127.0.0.1:0",
            "--api-key",
            KEY,
            "--database",
            &relaxed,
        ])
        .arg("--listen-address-file")
        .arg(&file)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let address = until("the program is ready", || {
        std::fs::read_to_string(&file).ok()
    })
    .await;
    let url = format!("http://{}/v1/audit/log", address.trim());
    let request = reqwest::Client::new().post(url).bearer_auth(KEY);
    let answer = request.body(event("a").to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
