//! What axe-core finds wrong with what the page shows. https://github.com/dequelabs/axe-core

use serde_json::Value;

use crate::install;
use crate::page::Page;

/// Checks what is shown, by the rules of WCAG 2.2 AA and by good practice.
pub(crate) async fn check(page: &Page, what: &str) {
    let axe = std::fs::read_to_string(install::axe()).unwrap();
    let client = &page.browser.client;
    // As a function's body, which the page's policy does not concern.
    client.execute(&axe, Vec::new()).await.unwrap();
    let report = client.execute_async(RUN, Vec::new()).await.unwrap();
    let violations = report["violations"].as_array();
    let violations = violations.unwrap_or_else(|| panic!("{report}"));
    assert!(report["passed"].as_u64() > Some(20), "{what}: {report}");
    let told: Vec<String> = violations.iter().map(told).collect();
    assert!(told.is_empty(), "{what}:\n{}", told.join("\n"));
}

fn told(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap().iter();
    let nodes: Vec<String> = nodes
        .map(|node| format!("  {} {}", node["html"], node["failureSummary"]))
        .collect();
    format!("{}\n{}", violation["help"], nodes.join("\n"))
}

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] })
        .then(({ violations, passes }) => done({ violations, passed: passes.length }), (error) => done(String(error)));";
