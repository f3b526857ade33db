//! OPERATING.md, the alert rules and the dashboard speak of statistics that there are.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::Result;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{debian, workspace};
use serde_json::Value;

use crate::call::{Call, OPENAI};
use crate::fixture::{run, stack};

#[test]
fn every_statistic_is_documented_alerted_on_or_shown() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let body = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
        Call::new(OPENAI, body.to_owned())
            .make(&stack.url()?)
            .await?;
        // The histogram shows when its first value has been merged.
        let real = wait_until("delivery time", PATIENCE, async || {
            let names = names(&stack.envoy.prometheus().await?);
            Ok(names.contains("delivery_ms").then_some(names))
        });
        let real = real.await?;
        assert_eq!(documented()?, real);
        let dashboard = monitoring("dashboard.json")?;
        serde_json::from_str::<Value>(&dashboard)?;
        let of_all = real.iter().filter(|name| !name.starts_with(DESTINATION));
        let of_all = of_all.cloned().collect();
        let shown = names(&dashboard)
            .into_iter()
            .filter(|name| is_of_plugin(name));
        assert_eq!(
            shown.collect::<BTreeSet<_>>(),
            of_all,
            "the dashboard shows all of them"
        );
        let alerts = names(&monitoring("alerts.yaml")?).into_iter();
        let alerts: BTreeSet<_> = alerts.filter(|name| is_of_plugin(name)).collect();
        assert!(alerts.is_subset(&real) && alerts.len() > 4, "{alerts:?}");
        Ok(())
    })
}

#[test]
fn the_collectors_statistics_are_alerted_on_and_shown_by_the_names_that_they_have() -> Result<()> {
    run(async {
        let metrics = format!("http://{}/metrics", stack().await?.collector.address());
        let answer = reqwest::get(metrics).await?.text().await?;
        let real: BTreeSet<_> = names(&answer)
            .into_iter()
            .filter(|name| is_of_collector(name))
            .collect();
        let (shown, alerts) = (monitoring("dashboard.json")?, monitoring("alerts.yaml")?);
        let shown: BTreeSet<_> = names(&shown)
            .into_iter()
            .filter(|name| is_of_collector(name))
            .collect();
        assert_eq!(shown, real, "the dashboard shows all of them");
        let alerts: BTreeSet<_> = names(&alerts)
            .into_iter()
            .filter(|name| is_of_collector(name))
            .collect();
        assert!(alerts.is_subset(&real) && alerts.len() > 4, "{alerts:?}");
        Ok(())
    })
}

/// Prometheus's own check of the rules, and whether they fire when they should.
#[test]
fn prometheus_takes_the_alert_rules_and_they_fire() -> Result<()> {
    let promtool = debian::installed(&["prometheus"], || {
        let found = Command::new("promtool").arg("--version").output();
        found.ok().map(|_| "promtool")
    })?;
    let root = workspace::root();
    for arguments in [
        ["check", "rules", "envoy/monitoring/alerts.yaml"],
        ["test", "rules", "tests/it/alerts_test.yaml"],
    ] {
        let output = Command::new(promtool)
            .args(arguments)
            .current_dir(root)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{complaint}");
    }
    Ok(())
}

fn monitoring(file: &str) -> Result<String> {
    let folder = workspace::root().join("envoy/monitoring");
    Ok(std::fs::read_to_string(folder.join(file))?)
}

fn is_of_collector(name: &str) -> bool {
    name.starts_with("collector_")
}

fn is_of_plugin(name: &str) -> bool {
    !is_of_collector(name)
}

/// The statistics that a text of Prometheus's names, without the suffixes of counters and histograms.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
    let text = labels_named(text);
    text.split(|character| !is_name(character))
        .filter_map(|word| word.strip_prefix("audit_layer_"))
        .map(|name| {
            ["_bucket", "_sum", "_count", "_created", "_total"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(name)
                .to_owned()
        })
        .collect()
}

/// How the statistics of one destination begin.
const DESTINATION: &str = "destination_label";

/// The text with `label` in the place of each destination's label, which no test can know.
fn labels_named(text: &str) -> String {
    let mut pieces = text.split("destination_");
    let mut named = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.split_once('_').map_or("", |(_, rest)| rest);
        named += &format!("destination_label_{rest}");
    }
    named
}

/// The names in the table of OPERATING.md; `_x` in a row stands for the first name's last word
/// exchanged.
fn documented() -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(workspace::root().join("OPERATING.md"))?;
    let (_, table) = text
        .split_once("| name | kind | meaning |")
        .expect("a table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let names = rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap_or_default();
        let cell = cell.replace("<label>", "label");
        let stem = if cell.contains(DESTINATION) {
            DESTINATION
        } else {
            "events_dead_lettered"
        };
        let names = cell.split('`').skip(1).step_by(2);
        let names = names.map(|name| match name.strip_prefix('_') {
            Some(last) => format!("{stem}_{last}"),
            None => name.to_owned(),
        });
        names.collect::<Vec<_>>()
    });
    Ok(names.collect())
}
