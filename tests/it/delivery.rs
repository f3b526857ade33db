//! Events reach the collector, once each, whatever happens to it; clients notice nothing.

use std::collections::BTreeSet;

use anyhow::Result;
use audit_layer_tests::stack::{Options, Stack};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::call::{Call, OPENAI};
use crate::fixture::run;

#[test]
fn a_collector_that_is_killed_costs_neither_calls_nor_events() -> Result<()> {
    run(async {
        // A stack of its own: the others need their collector.
        let mut stack = Stack::start(&Options::default()).await?;
        let mut expected = calls(&stack).await?;
        stack.collector.kill().await?;
        expected.append(&mut calls(&stack).await?);
        stack.collector.restart().await?;
        expected.append(&mut calls(&stack).await?);
        let arrived = wait_until("complete set of events", PATIENCE, async || {
            let arrived = stored(&stack).await?;
            Ok((arrived.len() >= expected.len()).then_some(arrived))
        });
        let arrived = arrived.await?;
        assert_eq!(arrived.iter().cloned().collect::<BTreeSet<_>>(), expected);
        assert_eq!(arrived.len(), expected.len(), "an event is stored twice");
        statistics_agree(&stack, arrived.len()).await
    })
}

#[test]
fn what_envoy_still_held_when_it_stopped_is_imported_from_its_log() -> Result<()> {
    run(async {
        let mut stack = Stack::start(&Options::default()).await?;
        stack.collector.kill().await?;
        let expected = calls(&stack).await?;
        stack.envoy.process().terminate().await?;
        stack.collector.restart().await?;
        let all = expected.len();
        for (new, known) in [(all, 0), (0, all)] {
            let broken = 0;
            let imported = stack.collector.import(stack.envoy.log()).await?;
            let counts = (imported.new, imported.known, imported.broken);
            assert_eq!(counts, (new, known, broken));
        }
        let arrived: BTreeSet<_> = stored(&stack).await?.into_iter().collect();
        assert_eq!(arrived, expected);
        Ok(())
    })
}

/// The proxy's own statistics say the same, once the last acknowledgement has come.
async fn statistics_agree(stack: &Stack, events: usize) -> Result<()> {
    let events = u64::try_from(events)?;
    let statistics = wait_until("empty queue", PATIENCE, async || {
        let statistics = stack.envoy.stats("audit_layer").await?;
        let of = |name: &str| statistics[&format!("wasmcustom.audit_layer.{name}")];
        Ok((of("queue_events") == 0).then(|| {
            [
                "events_recorded",
                "events_delivered",
                "events_dead_lettered",
                "queue_bytes",
            ]
            .map(of)
        }))
    });
    assert_eq!(statistics.await?, [events, events, 0, 0]);
    Ok(())
}

/// Makes calls side by side, and returns the ids that the gateway gave them.
async fn calls(stack: &Stack) -> Result<BTreeSet<String>> {
    let mut tasks = JoinSet::new();
    for number in 0..CALLS {
        let url = stack.url()?;
        tasks.spawn(async move {
            let content = format!("Question {number}");
            let messages = json!([{ "role": "user", "content": content }]);
            let body = json!({ "model": "m", "messages": messages, "stream": number % 2 == 0 });
            let call = Call::new(OPENAI, body.to_string()).header("x-audit-user-id", USER);
            let answer = call.make(&url).await?;
            assert_eq!((answer.status, answer.broken), (200, false));
            anyhow::Ok(answer.request_id()?.to_owned())
        });
    }
    tasks.join_all().await.into_iter().collect()
}

async fn stored(stack: &Stack) -> Result<Vec<String>> {
    let events = stack
        .collector
        .api()
        .events(&format!("user_id={USER}&limit=500"))
        .await?;
    let id = |event: &Value| event["request_id"].as_str().unwrap().to_owned();
    Ok(events.iter().map(id).collect())
}

const CALLS: usize = 30;
const USER: &str = "killed-collector";
