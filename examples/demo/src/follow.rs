//! Events of other clients, shown as they arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use anstream::eprintln;
use anyhow::Result;
use audit_layer_tests::stack::Stack;
use serde_json::Value;

use crate::report::{self, ERROR};

/// Shows every event that is not in `shown`, until the demo ends.
pub(crate) async fn follow(stack: &Stack, mut shown: BTreeSet<String>) -> Result<()> {
    loop {
        match stack.collector.api().events(&newest()).await {
            // Newest first, but read oldest first.
            Ok(events) => events
                .iter()
                .rev()
                .for_each(|event| show_once(event, &mut shown)),
            Err(error) => eprintln!("{ERROR}the collector does not answer:{ERROR:#} {error:#}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The ids of the newest events that are stored.
pub(crate) async fn stored(stack: &Stack) -> Result<BTreeSet<String>> {
    let events = stack.collector.api().events(&newest()).await?;
    Ok(events.iter().map(|event| id(event).to_owned()).collect())
}

fn show_once(event: &Value, shown: &mut BTreeSet<String>) {
    if shown.insert(id(event).to_owned()) {
        report::visitor(event);
        report::event(event);
    }
}

fn id(event: &Value) -> &str {
    event["request_id"].as_str().unwrap_or_default()
}

fn newest() -> String {
    format!("limit={PAGE}")
}

const PAGE: usize = 100;
const PAUSE: Duration = Duration::from_millis(300);
