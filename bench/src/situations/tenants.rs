//! Two tenants in the same VMs, each with a key and an organization of its own.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::collector::OTHER_KEY;
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::envoy::discovery::Discovered;
use audit_layer_tests::ports::{self, Reserved};
use audit_layer_tests::stack::{LISTENER, ORGANIZATION};
use tokio::time::sleep;

use crate::ledger::{Ledger, Row, account, place};
use crate::load::{Load, Manner};
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

/// Both call while the configuration of one is changed, and then its listener goes: everything is
/// stored, and nothing with the other's organization or writer.
pub(crate) async fn two(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting {
        discovered: Some(Discovered::Listeners),
        arguments: &["--drain-time-s", "2"],
        ..Setting::default()
    })
    .await?;
    let reserved = Reserved::new()?;
    let port = reserved.port();
    scene
        .publish(|configuration| with_other(configuration, port))
        .await?;
    let load = scene.load();
    let url = format!("http://{}", ports::loopback(port));
    let others = Load::start(
        &url,
        &Manner {
            name: NAME,
            ..Manner::default()
        },
    );
    sleep(scale.calm()).await;
    scene
        .publish(|configuration| {
            configuration.plugin_of(NAME, |plugin| {
                plugin["delivery"]["batch"]["linger_ms"] = 150.into();
            })?;
            Ok(())
        })
        .await?;
    sleep(DRAIN + scale.calm()).await;
    scene
        .publish(|configuration| {
            configuration.without_listener(NAME)?;
            Ok(())
        })
        .await?;
    sleep(DRAIN + scale.calm()).await;
    let mut calls = others.stop().await;
    calls.extend(load.stop().await);
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    let of_others = apart(&ledger)?;
    let row = account(&scene, &calls).await?.delivered()?;
    Ok(row.remarked(format!("{of_others} of them the other tenant's")))
}

/// Adds the listener of the other tenant.
fn with_other(configuration: &mut Configuration, port: u16) -> Result<()> {
    configuration
        .listener_like(LISTENER, NAME, |_| {})?
        .listen(NAME, port)?
        .plugin_of(NAME, |plugin| {
            plugin["organization_id"] = OTHER.into();
            plugin["audit_api"]["api_key"] = OTHER_KEY.into();
        })?;
    Ok(())
}

/// How many events are the other tenant's; fails if anything of one is with the other.
fn apart(ledger: &Ledger) -> Result<usize> {
    let mut writers = [BTreeSet::new(), BTreeSet::new()];
    let dead = ledger.dead.iter().map(|(name, (_, event))| (name, event));
    let mut of_others = 0;
    for (name, event) in ledger.stored.iter().chain(dead) {
        let is_others = name.starts_with(NAME);
        let organization = event["organization_id"].as_str();
        let organization = organization.context("an event without an organization")?;
        let expected = if is_others { OTHER } else { ORGANIZATION };
        ensure!(organization == expected, "{name} is with {organization}");
        let (writer, _) = place(event)?;
        let [own, other] = &mut writers;
        if is_others { other } else { own }.insert(writer);
        of_others += usize::from(is_others);
    }
    let [own, other] = &writers;
    ensure!(own.is_disjoint(other), "a writer of both tenants");
    ensure!(
        !own.is_empty() && !other.is_empty(),
        "a tenant without calls"
    );
    Ok(of_others)
}

/// The other tenant's listener, and what the names of its calls begin with.
const NAME: &str = "tenant";

const OTHER: &str = "org_of_another_tenant";

const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);
