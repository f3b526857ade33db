//! Calls that do not end as they should: each gives one event, and it says how.

use anyhow::{Result, ensure};
use audit_layer_tests::envoy::Configuration;
use serde_json::{Value, json};

use crate::ledger::{Ledger, Row, account, state};
use crate::load::{CallEnd, Manner, Streamed};
use crate::scale::Scale;
use crate::scene::{Change, Scene, Setting};

pub(crate) async fn client_leaves(scale: Scale) -> Result<Row> {
    let manner = Manner {
        model: "sample-slow",
        streamed: Streamed::All,
        leaves_after: Some("data:"),
        ..Manner::default()
    };
    ended(scale, manner, unchanged(), "client_abort", |end| {
        matches!(end, CallEnd::Left)
    })
    .await
}

pub(crate) async fn upstream_resets(scale: Scale) -> Result<Row> {
    let manner = Manner {
        model: "sample-reset",
        streamed: Streamed::All,
        ..Manner::default()
    };
    ended(scale, manner, unchanged(), "upstream_abort", is_broken).await
}

/// Headers have passed when the time is up, so that the answer breaks off.
pub(crate) async fn upstream_times_out(scale: Scale) -> Result<Row> {
    let manner = Manner {
        model: "sample-slow",
        streamed: Streamed::All,
        ..Manner::default()
    };
    let change = changed(|configuration| configuration.time_limit("0.6s").map(|_| ()));
    ended(scale, manner, change, "timeout", is_broken).await
}

pub(crate) async fn no_upstream(scale: Scale) -> Result<Row> {
    let change = changed(|configuration| {
        for provider in audit_layer_tests::stack::PROVIDERS {
            configuration.no_endpoint(provider)?;
        }
        Ok(())
    });
    ended(scale, Manner::default(), change, "local_reply", |end| {
        matches!(end, CallEnd::Whole { status: 503, .. })
    })
    .await
}

pub(crate) async fn local_reply(scale: Scale) -> Result<Row> {
    let change = changed(|configuration| configuration.filter_before_router(&deny()).map(|_| ()));
    ended(scale, Manner::default(), change, "local_reply", |end| {
        matches!(end, CallEnd::Whole { status: 403, .. })
    })
    .await
}

/// A number of such calls: all end like that for their clients, and their events say so.
async fn ended(
    scale: Scale,
    manner: Manner,
    change: Change,
    expected: &str,
    is_expected: fn(&CallEnd) -> bool,
) -> Result<Row> {
    let scene = Scene::start(Setting {
        change,
        ..Setting::default()
    })
    .await?;
    let calls = scene.load_of(&Manner {
        calls_each: scale.calls_each(),
        ..manner
    });
    let calls = calls.finish().await;
    for call in &calls {
        ensure!(is_expected(&call.end), "{call:?}");
    }
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    let states: Vec<_> = ledger.stored.values().map(state).collect();
    ensure!(states.len() == calls.len(), "{} events", states.len());
    ensure!(
        states.iter().all(|state| *state == expected),
        "{states:?} instead of {expected}"
    );
    let row = account(&scene, &calls).await?;
    Ok(row.remarked(format!("state {expected}")))
}

fn is_broken(end: &CallEnd) -> bool {
    matches!(end, CallEnd::Broken)
}

fn unchanged() -> Change {
    Box::new(|_| Ok(()))
}

fn changed(change: fn(&mut Configuration) -> Result<()>) -> Change {
    Box::new(change)
}

/// A filter of another kind, which answers every call itself.
fn deny() -> Value {
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": { "action": "ALLOW", "policies": {} },
        },
    })
}
