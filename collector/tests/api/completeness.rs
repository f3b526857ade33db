//! `GET /v1/audit/completeness`

use serde_json::{Value, json};

use crate::keys::key_of;
use crate::program::{Folder, Program, audit_layer, run};
use crate::sample::event_with;

/// An event with a place in a writer's sequence. Its time is so many seconds after noon.
fn written(writer: &str, seq: i64) -> Value {
    written_in_state(writer, seq, "complete")
}

fn written_in_state(writer: &str, seq: i64, state: &str) -> Value {
    let audit_layer = json!({"writer": {"id": writer, "seq": seq}, "completion": {"state": state}});
    let timestamp = format!("2025-02-01T12:00:{:02}Z", seq % 60);
    event_with(
        &format!("{writer} {seq}"),
        json!({"timestamp": timestamp, "metadata": {"audit_layer": audit_layer}}),
    )
}

async fn record(program: &Program, writer: &str, seqs: impl IntoIterator<Item = i64>) {
    let lines = seqs
        .into_iter()
        .map(|seq| format!("{}\n", written(writer, seq)));
    let answer = program
        .post("/v1/audit/log/batch", lines.collect::<String>())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn ask(program: &Program, parameters: &str) -> Value {
    let answer = program
        .get(&format!("/v1/audit/completeness?{parameters}"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The holes of the one writer there is, as pairs.
async fn holes(program: &Program) -> Vec<(i64, i64)> {
    let answer = ask(program, "").await;
    let [writer] = answer["data"].as_array().unwrap().as_slice() else {
        panic!("{answer}");
    };
    let holes = writer["holes"].as_array().unwrap().iter();
    let holes: Vec<_> = holes
        .map(|hole| {
            let end = |name: &str| hole[name].as_i64().unwrap();
            (end("first_seq"), end("last_seq"))
        })
        .collect();
    let missing: i64 = holes.iter().map(|(first, last)| last - first + 1).sum();
    assert_eq!(writer["missing"], missing);
    holes
}

#[tokio::test]
async fn without_writers_nothing_is_missing() {
    let program = Program::start().await;
    program.record(&crate::sample::event("no writer")).await;
    let totals = json!({"writers": 0, "incomplete_writers": 0, "events": 0, "missing": 0});
    let expected = json!({"data": [], "totals": totals, "next_cursor": null});
    assert_eq!(ask(&program, "").await, expected);
}

#[tokio::test]
async fn a_writer_is_told_with_its_holes_and_times() {
    let program = Program::start().await;
    record(&program, "w", [4, 3, 9, 7]).await;
    let answer = ask(&program, "").await;
    let hole = |first: i64, last: i64| json!({"first_seq": first, "last_seq": last});
    let writer = json!({
        "organization_id": "org_456",
        "writer_id": "w",
        "events": 4,
        "first_timestamp": "2025-02-01T12:00:03.000000Z",
        "last_timestamp": "2025-02-01T12:00:09.000000Z",
        "last_seq": 9,
        "missing": 5,
        "holes": [hole(1, 2), hole(5, 6), hole(8, 8)],
        "has_more_holes": false,
    });
    assert_eq!(answer["data"], json!([writer]));
    let totals = json!({"writers": 1, "incomplete_writers": 1, "events": 4, "missing": 5});
    assert_eq!(answer["totals"], totals);
}

#[tokio::test]
async fn holes_close_in_whatever_order_events_come() {
    let program = Program::start().await;
    let mut order: Vec<i64> = (1..=60).collect();
    // Any order will do, if it is always the same.
    order.sort_by_key(|seq| seq * 37 % 61);
    let mut received = Vec::new();
    for piece in order.chunks(7) {
        record(&program, "w", piece.iter().copied()).await;
        // What was received is received once more, and changes nothing.
        record(&program, "w", piece.iter().copied()).await;
        received.extend_from_slice(piece);
        let last = *received.iter().max().unwrap();
        let missing: Vec<i64> = (1..=last).filter(|seq| !received.contains(seq)).collect();
        let told = holes(&program).await;
        let told: Vec<i64> = told
            .iter()
            .flat_map(|(first, last)| *first..=*last)
            .collect();
        assert_eq!(told, missing);
    }
    assert_eq!(holes(&program).await, []);
    assert_eq!(ask(&program, "").await["data"][0]["events"], 60);
}

#[tokio::test]
async fn a_record_and_the_event_that_supersedes_it_are_one() {
    let program = Program::start().await;
    record(&program, "w", [1]).await;
    program.record(&written_in_state("w", 2, "pending")).await;
    assert_eq!(holes(&program).await, []);
    program.record(&written("w", 2)).await;
    assert_eq!(holes(&program).await, []);
    assert_eq!(ask(&program, "").await["data"][0]["events"], 2);
}

#[tokio::test]
async fn imported_dead_letters_close_holes() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record(&program, "w", [1, 2, 5]).await;
    assert_eq!(holes(&program).await, [(3, 4)]);

    // Not by the module of imports, which looks into a file of SQLite.
    let letter = |seq| {
        let event = written("w", seq);
        format!("audit-layer dead-letter reason=shutdown event={event}\n")
    };
    std::fs::write(folder.path("log"), letter(3) + &letter(4)).unwrap();
    let mut import = audit_layer("import");
    import.args(["--url", &format!("{}/v1", program.base())]);
    import
        .args(["--api-key", crate::program::KEY])
        .arg(folder.path("log"))
        .arg("--unchecked");
    assert!(run(&mut import).await.status.success());
    assert_eq!(holes(&program).await, []);
}

#[tokio::test]
async fn writers_are_found_by_organization_name_time_and_holes() {
    let program = Program::start().await;
    record(&program, "a", [1, 2]).await;
    record(&program, "b", [30, 32]).await;
    let mut foreign = written("a", 50);
    foreign["organization_id"] = json!("other");
    foreign["request_id"] = json!("foreign");
    program.record(&foreign).await;
    for (parameters, expected) in [
        ("", ["org_456 a", "org_456 b", "other a"].as_slice()),
        ("organization_id=other", &["other a"]),
        ("writer_id=a", &["org_456 a", "other a"]),
        ("incomplete=true", &["org_456 b", "other a"]),
        ("incomplete=false&writer_id=b", &["org_456 b"]),
        ("start_date=2025-02-01T12:00:31Z", &["org_456 b", "other a"]),
        ("end_date=2025-02-01T12:00:30Z", &["org_456 a", "org_456 b"]),
        ("start_date=2025-02-02", &[]),
    ] {
        let answer = ask(&program, parameters).await;
        let writers = answer["data"].as_array().unwrap().iter();
        let name = |writer: &Value, member: &str| writer[member].as_str().unwrap().to_owned();
        let writers: Vec<_> = writers
            .map(|writer| name(writer, "organization_id") + " " + &name(writer, "writer_id"))
            .collect();
        assert_eq!(writers, expected, "{parameters}");
        assert_eq!(answer["totals"]["writers"], expected.len(), "{parameters}");
    }
}

#[tokio::test]
async fn pages_of_writers_go_on_and_each_has_the_totals_of_all() {
    let program = Program::start().await;
    for writer in ["a", "b", "c", "d"] {
        record(&program, writer, [2]).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = ask(&program, &format!("limit=2{cursor}")).await;
        assert_eq!(answer["totals"]["missing"], 4);
        let writers = answer["data"].as_array().unwrap();
        seen.extend(writers.iter().map(|writer| writer["writer_id"].clone()));
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn an_organization_learns_nothing_of_the_writers_of_another() {
    let folder = Folder::new();
    let one = key_of(&folder, "read", "one").await;
    let ingest = key_of(&folder, "ingest", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&ingest);
    record(&program, "w", [2]).await;
    program
        .get("/v1/audit/completeness")
        .await
        .error(403, "forbidden");

    let program = program.with_key(&one);
    let answer = ask(&program, "").await;
    assert_eq!(
        (&answer["data"], &answer["totals"]["writers"]),
        (&json!([]), &json!(0))
    );
    let answer = program
        .get("/v1/audit/completeness?organization_id=org_456")
        .await;
    answer.error(403, "wrong_organization");
}

#[tokio::test]
async fn more_holes_than_an_answer_lists_are_counted() {
    let program = Program::start().await;
    record(&program, "w", (1..=1001).map(|number| number * 2)).await;
    let answer = ask(&program, "").await;
    let writer = &answer["data"][0];
    assert_eq!(writer["holes"].as_array().unwrap().len(), 1000);
    assert_eq!(writer["has_more_holes"], true);
    assert_eq!(writer["missing"], 1001);

    record(&program, "w", [1]).await;
    let answer = ask(&program, "").await;
    assert_eq!(answer["data"][0]["holes"].as_array().unwrap().len(), 1000);
    assert_eq!(answer["data"][0]["has_more_holes"], false);
}

#[tokio::test]
async fn a_sequence_of_any_numbers_is_bearable() {
    let program = Program::start().await;
    for (writer, seq) in [
        ("a", SEQ_MAX),
        ("a", SEQ_MAX - 1),
        ("b", SEQ_MAX),
        ("c", 0),
        ("d", i64::MIN),
        ("e", SEQ_MAX + 1),
        ("f", i64::MAX),
    ] {
        let audit_layer = json!({"writer": {"id": writer, "seq": seq}});
        let event = event_with(
            &format!("{writer} {seq}"),
            json!({"metadata": {"audit_layer": audit_layer}}),
        );
        program.record(&event).await;
    }
    let answer = ask(&program, "").await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert_eq!(answer["data"][0]["missing"], SEQ_MAX - 2);
    assert_eq!(answer["data"][1]["missing"], SEQ_MAX - 1);
    // SQLite sums in floating point, which no number of holes can overflow.
    let missing = answer["totals"]["missing"].as_i64().unwrap();
    assert!(missing.abs_diff(2 * SEQ_MAX - 3) <= 1, "{missing}");
}

/// The last number that is exact everywhere.
const SEQ_MAX: i64 = (1 << 53) - 1;

#[tokio::test]
async fn a_parameter_that_means_nothing_is_named() {
    let program = Program::start().await;
    for (parameters, name) in [
        ("incomplete=yes", "incomplete"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("user_id=a", "user_id"),
        ("writer_id=a&writer_id=b", "writer_id"),
        ("start_date=2025-02-02&end_date=2025-02-01", "end_date"),
    ] {
        let answer = program
            .get(&format!("/v1/audit/completeness?{parameters}"))
            .await;
        assert_eq!(answer.error(400, "invalid_parameter")["field"], name);
    }
}
