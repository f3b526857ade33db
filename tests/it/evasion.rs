//! Ways to hide a prompt from the audit, tried on servers that really read it.
//!
//! The rule: whenever a server read a prompt there is an event that has exactly this prompt, or one
//! that says by a note that it does not know. Never another prompt without a note, never nothing.

mod charsets;
mod dialects;
mod elsewhere;
mod encodings;
mod known;
mod padding;
mod paths;
mod verdict;
mod way;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use audit_layer_tests::collector::Collector;
use audit_layer_tests::envoy::{Configuration, Envoy};
use audit_layer_tests::servers::{NAMES, Servers};
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{python, workspace};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use serde_json::json;

use self::verdict::{Outcome, Verdict};
use self::way::{Reach, Way};
use crate::fixture::run;

/// Requests under way at the same time.
const PARALLEL: usize = 8;

/// Ways that some server has to fall for, or this test would show nothing.
const WAYS_MIN: usize = 90;

#[test]
fn a_prompt_that_a_server_read_is_recorded_or_said_to_be_unknown() -> Result<()> {
    run(async {
        let gateways = Gateways::start().await?;
        let mut trials = Vec::new();
        let ways = ways();
        for (listener, address) in &gateways.listeners {
            for (number, way) in ways.iter().enumerate() {
                if way.reach == Reach::Shipped && listener != LISTENER {
                    continue;
                }
                for server in NAMES {
                    trials.push(Trial {
                        id: format!("{listener}.{server}.{number}"),
                        address: *address,
                        server,
                        way,
                    });
                }
            }
        }
        let sending = stream::iter(trials.iter().map(Trial::send));
        sending
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        let events = gateways.events().await?;
        let reads: BTreeMap<_, _> = gateways
            .servers
            .reads()?
            .into_iter()
            .map(|read| (read.way, read.prompt))
            .collect();
        let outcomes = trials.into_iter().map(|trial| Outcome {
            verdict: Verdict::of(reads.get(&trial.id), events.get(&trial.id)),
            way: trial.way.name.clone(),
            id: trial.id,
            server: trial.server,
        });
        check(&outcomes.collect::<Vec<_>>());
        Ok(())
    })
}

fn ways() -> Vec<Way> {
    [
        paths::ways(),
        encodings::ways(),
        charsets::ways(),
        dialects::ways(),
        elsewhere::ways(),
        padding::ways(),
    ]
    .concat()
}

fn check(outcomes: &[Outcome]) {
    println!("{}", verdict::table(outcomes));
    let read = verdict::ways(outcomes, |verdict| *verdict != Verdict::NotRead);
    println!("{} ways were read by some server", read.len());
    assert!(read.len() >= WAYS_MIN, "only {} ways were read", read.len());
    let escaped = verdict::ways(outcomes, Verdict::escapes);
    let known = known::ESCAPES.iter().copied().collect();
    let new: Vec<_> = escaped.difference(&known).collect();
    assert!(new.is_empty(), "a prompt escaped by {new:#?}");
    let gone: Vec<_> = known.difference(&escaped).collect();
    assert!(
        gone.is_empty(),
        "no longer a way to escape; take it out of the table: {gone:#?}"
    );
}

/// A way, sent to a server through a gateway.
struct Trial<'a> {
    id: String,
    address: SocketAddr,
    server: &'static str,
    way: &'a Way,
}

impl Trial<'_> {
    async fn send(&self) -> Result<()> {
        wire::send(self.address, self.way, self.server, &self.id).await
    }
}

/// One Envoy with the listener as shipped and one that leaves paths as they are, before the same
/// servers.
struct Gateways {
    listeners: BTreeMap<String, SocketAddr>,
    envoy: Envoy,
    collector: Collector,
    servers: Servers,
    _folder: tempfile::TempDir,
}

impl Gateways {
    async fn start() -> Result<Self> {
        let folder = workspace::scratch()?;
        let collector = Collector::start(folder.path().join("audit.db"), 0).await?;
        let servers = Servers::start().await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &collector).await?;
        for (server, port) in servers.ports() {
            configuration.server_by_header("x-server", server, *port)?;
        }
        configuration.listener_like(LISTENER, LENIENT, as_it_comes)?;
        let mut options = stack::envoy_options();
        // One worker, so that what it delivers last is last.
        options.concurrency = 1;
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &options).await?;
        let address = |name: &str| Ok((name.to_owned(), envoy.address(name)?));
        Ok(Self {
            listeners: [LISTENER, LENIENT]
                .into_iter()
                .map(address)
                .collect::<Result<_>>()?,
            envoy,
            collector,
            servers,
            _folder: folder,
        })
    }

    /// All events, by their session ids, when none is still to come.
    async fn events(&self) -> Result<BTreeMap<String, Vec<Value>>> {
        let last = Way::new("last");
        for address in self.listeners.values() {
            wire::send(*address, &last, NAMES[0], "last").await?;
        }
        let delivered = wait_until("delivery of all events", PATIENCE, async || {
            let last = self.collector.api().events("session_id=last").await?;
            let recorded = self.envoy.plugin_stat("events_recorded").await?;
            let delivered = self.envoy.plugin_stat("events_delivered").await?;
            let is_last = last.len() == self.listeners.len();
            Ok((is_last && recorded == delivered).then_some(()))
        });
        delivered.await?;
        let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let keep = |event: Value| {
            let session = event["session_id"].as_str().unwrap_or_default().to_owned();
            events.entry(session).or_default().push(event);
        };
        self.collector.api().each_event("", keep).await?;
        Ok(events)
    }
}

const LENIENT: &str = "as-it-comes";

/// Has a gateway take what others refuse, and pass on paths as they came.
fn as_it_comes(manager: &mut Value) {
    for name in ["normalize_path", "merge_slashes"] {
        manager[name] = false.into();
    }
    manager["path_with_escaped_slashes_action"] = "KEEP_UNCHANGED".into();
    manager["http_protocol_options"] =
        json!({ "accept_http_10": true, "allow_chunked_length": true, "enable_trailers": true });
}
