//! The plugin, or what it is part of, is changed while calls go on and events wait.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::envoy::discovery::Discovered;
use audit_layer_tests::{wasm, workspace};
use tokio::time::sleep;

use crate::ledger::{Ledger, Row, account, state};
use crate::load::Call;
use crate::scale::Scale;
use crate::scene::{Scene, Setting};
use crate::unruly::Mood;

pub(crate) async fn configuration_by_lds(scale: Scale) -> Result<Row> {
    let (scene, calls) = changed(scale, Discovered::Listeners, linger_longer).await?;
    let row = account(&scene, &calls).await?.delivered()?;
    only_drained(&scene, &calls, row).await
}

pub(crate) async fn configuration_by_ecds(scale: Scale) -> Result<Row> {
    let (scene, calls) = changed(scale, Discovered::Plugin, linger_longer).await?;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn module_by_lds(scale: Scale) -> Result<Row> {
    module_replaced(scale, Discovered::Listeners).await
}

pub(crate) async fn module_by_ecds(scale: Scale) -> Result<Row> {
    module_replaced(scale, Discovered::Plugin).await
}

/// The VMs are gone when the listener is; what they held is in the log.
pub(crate) async fn listener_removed(scale: Scale) -> Result<Row> {
    let scene = start(Discovered::Listeners).await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.unruly()?.set(Mood::Silent);
    sleep(scale.calm()).await;
    scene.withdraw().await?;
    scene.vms_gone().await?;
    let calls = load.stop().await;
    let ledger = Ledger::read(&scene, &calls).await?;
    ensure!(ledger.dead_lettered() > 0, "nothing waited when it went");
    ledger.settle(&scene, &calls, 0).await
}

async fn module_replaced(scale: Scale, part: Discovered) -> Result<Row> {
    let folder = workspace::scratch()?;
    let module = another_release(folder.path()).await?;
    let change = move |configuration: &mut Configuration| {
        configuration.module(&module)?;
        Ok(())
    };
    let (scene, calls) = changed(scale, part, change).await?;
    let row = account(&scene, &calls).await?.delivered()?;
    let row = match part {
        Discovered::Listeners => only_drained(&scene, &calls, row).await?,
        Discovered::Plugin => row.unnoticed()?,
    };
    let taken_over = scene.envoy.plugin_stat("events_taken_over").await?;
    ensure!(taken_over > 0, "the next VM took over nothing");
    Ok(row.remarked(format!("{taken_over} events by way of the next VM")))
}

/// An old listener's connections that outlive its drain are cut by Envoy, with or without a plugin:
/// within an answer, or when all of it has passed the plugin and its end is still to be written.
/// Fails if a call failed for its client in any other way.
async fn only_drained(scene: &Scene, calls: &[Call], row: Row) -> Result<Row> {
    let ledger = Ledger::read(scene, calls).await?;
    for call in calls.iter().filter(|call| call.is_error()) {
        let event = ledger.stored.get(&call.name).map(state);
        ensure!(
            event.is_none_or(|state| ["complete", "shutdown"].contains(&state)),
            "{call:?} ended as {event:?}"
        );
    }
    Ok(row)
}

/// Load before, during and after a change, which meets events that wait for an audit API that does
/// not answer.
async fn changed(
    scale: Scale,
    part: Discovered,
    change: impl Fn(&mut Configuration) -> Result<()>,
) -> Result<(Scene, Vec<Call>)> {
    let mut scene = start(part).await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.unruly()?.set(Mood::Silent);
    sleep(scale.calm()).await;
    scene.publish(change).await?;
    // An old listener's VMs live until its connections have drained.
    sleep(DRAIN + scale.calm()).await;
    scene.unruly()?.set(Mood::Obliging);
    sleep(scale.calm()).await;
    let calls = load.stop().await;
    Ok((scene, calls))
}

async fn start(part: Discovered) -> Result<Scene> {
    Scene::start(Setting {
        unruly: true,
        discovered: Some(part),
        arguments: &["--drain-time-s", "2"],
        ..Setting::default()
    })
    .await
}

fn linger_longer(configuration: &mut Configuration) -> Result<()> {
    configuration.plugin(|plugin| plugin["delivery"]["batch"]["linger_ms"] = 150.into())?;
    Ok(())
}

/// The module with a custom section more: the same code, and other bytes.
async fn another_release(folder: &Path) -> Result<PathBuf> {
    let mut bytes = std::fs::read(wasm::build().await?)?;
    let (custom, name) = (0, b"next");
    bytes.extend([custom, 1 + 4, 4]);
    bytes.extend(name);
    let path = folder.join("next.wasm");
    std::fs::write(&path, bytes)?;
    Ok(path)
}

const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);
