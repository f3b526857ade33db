//! The guarantee `acknowledged`: no answer without a record of its prompt.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::ledger::{Ledger, Row, account, state};
use crate::load::{CallEnd, Manner};
use crate::scale::Scale;
use crate::scene::{Change, Scene, Setting};
use crate::unruly::Mood;

/// No byte of an answer reaches any client.
pub(crate) async fn collector_down(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        change: acknowledged(500),
        ..Setting::default()
    })
    .await?;
    scene.collector.kill().await?;
    let load = scene.load_of(&Manner {
        calls_each: scale.calls_each(),
        ..Manner::default()
    });
    let calls = load.finish().await;
    for call in &calls {
        let CallEnd::Whole {
            status: 503,
            refusal: Some(body),
        } = &call.end
        else {
            anyhow::bail!("not refused: {call:?}");
        };
        let body = std::str::from_utf8(body)?;
        ensure!(
            !body.contains("sample model"),
            "a part of the answer: {body}"
        );
        ensure!(body.contains("error"), "no error: {body}");
    }
    scene.collector.restart().await?;
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    let states: Vec<_> = ledger.stored.values().map(state).collect();
    ensure!(
        states.iter().all(|state| *state == "local_reply"),
        "{states:?}"
    );
    let row = account(&scene, &calls).await?;
    ensure!(row.client_errors == row.calls, "a client got an answer");
    Ok(row.remarked("503 to all, no byte of an answer"))
}

/// A call is one event, and says that its client left, when that happens before there is a record.
pub(crate) async fn client_leaves(scale: Scale) -> Result<Row> {
    let change = acknowledged(5_000);
    let scene = Scene::start(Setting {
        unruly: true,
        change: Box::new(move |configuration| {
            configuration.plugin(|plugin| plugin["audit_api"]["timeout_ms"] = 1_000.into())?;
            change(configuration)
        }),
        ..Setting::default()
    })
    .await?;
    scene.unruly()?.set(Mood::Silent);
    let load = scene.load_of(&Manner {
        calls_each: scale.calls_each(),
        patience: Duration::from_millis(300),
        ..Manner::default()
    });
    let calls = load.finish().await;
    for call in &calls {
        ensure!(matches!(call.end, CallEnd::Left), "not held: {call:?}");
    }
    scene.unruly()?.set(Mood::Obliging);
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    let states: Vec<_> = ledger.stored.values().map(state).collect();
    ensure!(
        states.len() == calls.len() && states.iter().all(|state| *state == "client_abort"),
        "{states:?}"
    );
    let row = account(&scene, &calls).await?.undisturbed()?;
    Ok(row.remarked("state client_abort"))
}

/// The guarantee, with this time to wait for a record.
pub(crate) fn acknowledged(hold_ms: u64) -> Change {
    Box::new(move |configuration| {
        configuration.plugin(|plugin| {
            plugin["delivery"]["guarantee"] = "acknowledged".into();
            plugin["delivery"]["hold_ms"] = hold_ms.into();
        })?;
        Ok(())
    })
}
