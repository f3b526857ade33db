//! Several collectors on one database.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::keys::{create_key, key_id, key_of, key_of_kind, revoke};
use crate::program::{Answer, Folder, Program, until_async};
use crate::query::pages;
use crate::sample::event_with;

/// As many programs on one database.
pub(crate) async fn start<const COUNT: usize>(folder: &Folder) -> [Arc<Program>; COUNT] {
    let mut programs = JoinSet::new();
    for _ in 0..COUNT {
        let folder = folder.with_same_database();
        programs.spawn(async move { Arc::new(Program::start_in(&folder).await) });
    }
    programs
        .join_all()
        .await
        .try_into()
        .unwrap_or_else(|_| unreachable!())
}

/// Lines of events of one writer, all of one time.
fn lines(numbers: impl Iterator<Item = usize>) -> String {
    let events = numbers.map(|number| {
        let audit_layer = json!({"writer": {"id": "w", "seq": number + 1}});
        let members = json!({"metadata": {"audit_layer": audit_layer}, "reasoning": "told"});
        format!("{}\n", event_with(&number.to_string(), members))
    });
    events.collect()
}

#[tokio::test]
async fn collectors_that_start_at_the_same_time_make_one_schema() {
    let folder = Folder::new();
    let programs = start::<4>(&folder).await;
    for (number, program) in programs.iter().enumerate() {
        program
            .record(&event_with(&number.to_string(), json!({})))
            .await;
    }
    assert_eq!(pages(&programs[0], "").await.len(), 4);
}

#[tokio::test]
async fn what_contradicts_at_the_same_time_is_kept_as_often_as_it_may_be() {
    let folder = Folder::new();
    let programs = start::<3>(&folder).await;
    let mut clients = JoinSet::new();
    for (number, program) in programs.iter().cycle().take(36).enumerate() {
        let program = Arc::clone(program);
        clients.spawn(async move {
            let event = event_with("r", json!({"reasoning": number.to_string()}));
            let answer = program.post("/v1/audit/log", event.to_string()).await;
            answer.json()["status"].as_str().map(str::to_owned)
        });
    }
    let statuses = clients.join_all().await;
    let count = |status: Option<&str>| {
        let same = statuses.iter().filter(|one| one.as_deref() == status);
        same.count()
    };
    assert_eq!(count(Some("stored")), 1);
    assert_eq!(count(Some("conflict")), 16);
    assert_eq!(count(None), 36 - 17);
    for program in &programs {
        assert_eq!(pages(program, "conflict=true&limit=5").await.len(), 17);
    }
}

#[tokio::test]
async fn a_writer_that_two_gateways_use_at_the_same_time_belongs_to_one_of_them() {
    let folder = Folder::new();
    let organizations = ["one", "two", "three", "four"];
    let mut keys = Vec::new();
    for organization in organizations {
        keys.push(key_of_kind(&folder, "gateway", organization).await);
    }
    let admin = create_key(&folder).await;
    let beside = folder.with_same_database();
    let programs = [
        Program::start_with(&folder, &[]).await,
        Program::start_with(&beside, &[]).await,
    ];
    let programs = programs.map(Arc::new);
    let mut clients = JoinSet::new();
    for (number, (organization, key)) in organizations.into_iter().zip(keys).enumerate() {
        let program = Arc::clone(&programs[number % 2]);
        clients.spawn(async move {
            for writer in 0..20 {
                let audit_layer = json!({"writer": {"id": writer.to_string(), "seq": 1}});
                let members = json!({
                    "organization_id": organization, "metadata": {"audit_layer": audit_layer},
                });
                let event = event_with(&format!("{organization} {writer}"), members);
                let request = program.anonymous(Method::POST, "/v1/audit/log");
                let request = request.bearer_auth(&key).body(event.to_string());
                assert_eq!(request.send().await.unwrap().status(), 200);
            }
        });
    }
    clients.join_all().await;
    let request = programs[0].anonymous(Method::GET, "/v1/audit/completeness?limit=500");
    let answer = Answer::of(request.bearer_auth(admin).send().await.unwrap()).await;
    assert_eq!(answer.json()["totals"]["writers"], 20, "{}", answer.text);
}

#[tokio::test]
async fn the_same_events_to_all_of_them_are_each_stored_once() {
    let folder = Folder::new();
    let programs = start::<3>(&folder).await;
    let mut clients = JoinSet::new();
    for (number, program) in programs.iter().cycle().take(12).enumerate() {
        let program = Arc::clone(program);
        clients.spawn(async move {
            let mut accepted = 0;
            for first in (0..600).step_by(50) {
                // Half of the clients go through the events in the other order.
                let batch = match number % 2 {
                    0 => lines(first..first + 50),
                    _ => lines((550 - first..600 - first).rev()),
                };
                let answer = program.post("/v1/audit/log/batch", batch).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                accepted += answer.json()["accepted"].as_u64().unwrap();
            }
            accepted
        });
    }
    let accepted: u64 = clients.join_all().await.into_iter().sum();
    assert_eq!(accepted, 600);
    for program in &programs {
        assert_eq!(pages(program, "limit=500").await.len(), 600);
        assert_eq!(pages(program, "text=told&limit=500").await.len(), 600);
        let totals = program.get("/v1/audit/completeness").await.json()["totals"].clone();
        let expected = json!({"writers": 1, "incomplete_writers": 0, "events": 600, "missing": 0});
        assert_eq!(totals, expected);
    }
}

#[tokio::test]
async fn one_writers_events_over_all_of_them_leave_no_hole() {
    let folder = Folder::new();
    let programs = start::<3>(&folder).await;
    let mut clients = JoinSet::new();
    for (number, program) in programs.iter().enumerate() {
        let program = Arc::clone(program);
        clients.spawn(async move {
            for first in (0..300).step_by(10) {
                let batch = lines((first..first + 10).map(|seq| 3 * seq + number));
                let answer = program.post("/v1/audit/log/batch", batch).await;
                assert_eq!(answer.json()["accepted"], 10, "{}", answer.text);
            }
        });
    }
    clients.join_all().await;
    let answer = programs[0].get("/v1/audit/completeness").await.json();
    let writer = &answer["data"][0];
    assert_eq!(
        (&writer["events"], &writer["last_seq"]),
        (&json!(900), &json!(900))
    );
    assert_eq!(
        (&writer["missing"], &writer["holes"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test]
async fn the_end_of_a_call_replaces_its_beginning_once_wherever_it_comes_to() {
    let folder = Folder::new();
    let programs = start::<2>(&folder).await;
    let state = |number: usize, state: &str| {
        let audit_layer = json!({"completion": {"state": state}});
        let members = json!({"metadata": {"audit_layer": audit_layer}});
        event_with(&number.to_string(), members)
    };
    for number in 0..20 {
        programs[number % 2].record(&state(number, "pending")).await;
        let ends = state(number, "complete");
        let answers = tokio::join!(programs[0].record(&ends), programs[1].record(&ends));
        let mut statuses = [answers.0, answers.1].map(|answer: Value| answer["status"].to_string());
        statuses.sort();
        assert_eq!(statuses, ["\"duplicate\"", "\"stored\""], "{number}");
    }
    assert_eq!(
        pages(&programs[0], "completion_state=complete").await.len(),
        20
    );
    assert_eq!(pages(&programs[0], "").await.len(), 20);
}

#[tokio::test]
async fn a_key_that_one_of_them_made_is_good_and_revoked_on_all() {
    let folder = Folder::new();
    create_key(&folder).await;
    let key = key_of(&folder, "admin", "one").await;
    let other = folder.with_same_database();
    let program = Program::start_with(&other, &[]).await.with_key(&key);
    assert_eq!(program.get("/v1/audit/logs").await.status, 200);
    let id = key_id(&folder, "one").await;
    revoke(&folder, &id).await;
    until_async("the key is refused", async || {
        program.get("/v1/audit/logs").await.status == 401
    })
    .await;
}

#[tokio::test]
async fn what_is_old_is_removed_and_counted_once_by_all_of_them() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.post("/v1/audit/log/batch", lines(0..500)).await;
    program.stop().await;
    let mut database = folder.beside().open().await;
    let age = sqlx::query("UPDATE events SET received_at = timestamp");
    age.execute(&mut database).await.unwrap();
    let programs = start::<3>(&folder).await;
    until_async("all of it is removed", async || {
        pages(&programs[0], "").await.is_empty()
    })
    .await;
    drop(programs);
    let counted = sqlx::query_scalar::<_, i64>("SELECT events FROM removals");
    assert_eq!(counted.fetch_one(&mut database).await.unwrap(), 500);
}
