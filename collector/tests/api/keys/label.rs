//! The names and the ends of keys.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::keys::{create_with, is_accepted, keys, listed};
use crate::program::{Folder, Program, until_async};

#[tokio::test]
async fn a_key_has_a_name_an_end_and_a_last_use() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let whose = ["--role", "read", "--organization"];
    let soon = (Utc::now() + TimeDelta::seconds(3)).to_rfc3339();
    let label = ["--name", "Ann's laptop", "--expires", &soon];
    let ends = create_with(&folder, &[&whose[..], &["one"], &label].concat()).await;
    let stays = create_with(&folder, &[&whose[..], &["two", "--expires", "30"]].concat()).await;
    create_with(
        &folder,
        &[&whose[..], &["three", "--expires", "2261-12-31"]].concat(),
    )
    .await;
    let program = Program::start_with(&folder, &[]).await;
    assert!(is_accepted(&program, &stays).await);
    // As long as it takes: it is good until then, and then not, also while keys are not read anew.
    until_async("the key ends", async || !is_accepted(&program, &ends).await).await;
    assert!(Utc::now().to_rfc3339() >= soon);
    assert!(is_accepted(&program, &stays).await);
    program.stop().await;

    let entries = listed(&folder).await;
    let of = |index: usize, name: &str| entries[index][name].clone();
    assert_eq!(
        (of(0, "name"), of(1, "name")),
        (json!("Ann's laptop"), Value::Null)
    );
    assert_eq!(
        (of(0, "state"), of(1, "state")),
        (json!("expired"), json!("good"))
    );
    assert_eq!(of(2, "expires_at"), "2262-01-01T00:00:00Z");
    assert_eq!(of(2, "last_used_at"), Value::Null);
    for index in [0, 1] {
        let used = of(index, "last_used_at");
        assert!(used.as_str() >= of(index, "created_at").as_str(), "{used}");
    }
    let list = keys(&folder, "list", &[]).await;
    let list = String::from_utf8(list.stdout).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert!(
        lines[0].contains("\"Ann's laptop\"") && lines[0].contains("expired 2"),
        "{list}"
    );
    assert!(
        lines[1].contains("last used 2") && lines[1].contains("valid until 2"),
        "{list}"
    );
    assert!(lines[2].contains("never used"), "{list}");
}

#[tokio::test]
async fn an_end_that_is_none_is_refused() {
    let folder = Folder::new();
    let key = ["--role", "read", "--all-organizations"];
    for wrong in ["0", "2020-01-01", "tomorrow", "99999999999", "-1"] {
        let output = keys(
            &folder,
            "create",
            &[&key[..], &["--expires", wrong]].concat(),
        )
        .await;
        assert_eq!(output.status.code(), Some(2), "{wrong}: {output:?}");
    }
    for wrong in ["", "a\nb", &"x".repeat(201)] {
        let output = keys(&folder, "create", &[&key[..], &["--name", wrong]].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{wrong}: {output:?}");
    }
    assert!(!folder.beside().is_made().await);
}
