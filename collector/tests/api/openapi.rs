//! The OpenAPI document is true: schemathesis asks a running collector all that the document allows
//! and much that it forbids. How is in `tests/python/openapi`.

use audit_layer_tests::python;
use reqwest::Method;

use crate::keys::create_with;
use crate::program::{Answer, Folder, KEY, Program};

/// Requests for each operation and phase. `OPENAPI_EXAMPLES` asks for another number of them, and
/// for others each time.
const EXAMPLES: &str = "20";

#[tokio::test]
async fn every_answer_is_one_that_the_document_describes() {
    let folder = Folder::new();
    // The first start makes the database.
    Program::start_in(&folder).await.stop().await;
    let ingest = create_with(
        &folder,
        &[
            "--role",
            "ingest",
            "--kind",
            "gateway",
            "--all-organizations",
        ],
    )
    .await;
    let read = create_with(&folder, &["--role", "read", "--all-organizations"]).await;
    let auditor = create_with(&folder, &["--role", "auditor", "--all-organizations"]).await;
    let program = Program::start_with(&folder, &[]).await;

    let mut schemathesis = python::schemathesis().await.unwrap();
    schemathesis
        .arg("run")
        // Its file: what schemathesis asks for the document itself has a time limit of its own.
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"))
        .args(["--url", program.base()])
        .args(["--checks", "all", "--no-color"])
        .env("COLLECTOR", program.base())
        .env("INGEST_KEY", ingest)
        .env("READ_KEY", read)
        .env("AUDITOR_KEY", auditor);
    match std::env::var("OPENAPI_EXAMPLES") {
        Ok(examples) => schemathesis.args(["--max-examples", &examples]),
        Err(_) => schemathesis.args(["--max-examples", EXAMPLES, "--generation-deterministic"]),
    };
    let output = schemathesis.output().await.unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{report}");
    assert!(output.status.success(), "{report}");
    // What is not asked cannot be wrong.
    assert!(!report.contains("Operations:       0 selected"), "{report}");
}

#[tokio::test]
async fn the_document_needs_no_key_and_comes_as_it_is_written() {
    let program = Program::start().await;
    let request = program.anonymous(Method::GET, "/v1/openapi.json");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.text, include_str!("../../openapi.json"));
    assert!(!answer.text.contains(KEY));
}
