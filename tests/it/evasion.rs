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

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use audit_layer_tests::servers::{NAMES, Servers};
use audit_layer_tests::stack::LISTENER;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use self::verdict::{Outcome, Verdict};
use self::way::{Reach, Version, Way};
use crate::fixture::run;
use crate::gateways::{self, End, Gateways, PARALLEL};

/// Ways that some server has to fall for, or this test would show nothing.
const WAYS_MIN: usize = 90;

#[test]
fn a_prompt_that_a_server_read_is_recorded_or_said_to_be_unknown() -> Result<()> {
    run(async {
        let servers = Servers::start().await?;
        let gateways = Gateways::start(|configuration| {
            for (server, port) in servers.ports() {
                configuration.server_by_header("x-server", server, *port)?;
            }
            Ok(())
        });
        let gateways = gateways.await?;
        let ways = ways();
        let trials = trials(&gateways, &ways);
        let sending = stream::iter(trials.iter().map(Trial::send));
        sending
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        let events = gateways.events().await?;
        let reads: BTreeMap<_, _> = servers
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

/// Each way to each server, through each gateway that makes a difference.
fn trials<'a>(gateways: &Gateways, ways: &'a [Way]) -> Vec<Trial<'a>> {
    let mut trials = Vec::new();
    for (&listener, &address) in &gateways.listeners {
        for (number, way) in ways.iter().enumerate() {
            if way.reach == Reach::Shipped && listener != LISTENER {
                continue;
            }
            trials.extend(NAMES.map(|server| Trial {
                id: format!("{listener}.{server}.{number}"),
                address,
                server,
                way,
            }));
        }
    }
    trials
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
        let (bytes, end) = match self.way.version {
            Version::Http2 => (self.way.http2(self.server, &self.id), End::Frame),
            _ => (self.way.http1(self.server, &self.id), End::Connection),
        };
        let sent = gateways::send(self.address, &bytes, end).await;
        sent.with_context(|| format!("{} to {}", self.way.name, self.server))?;
        Ok(())
    }
}
