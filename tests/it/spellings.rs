//! Each wire format by every spelling of its path that some server takes for the same path.

mod request;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use audit_layer_core::api::FORMATS;
use audit_layer_tests::sample_llm::{SCRIPT_HEADER, SampleLlm};
use audit_layer_tests::stack::{self, LISTENER};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use self::request::{Identity, Request};
use self::spelling::SPELLINGS;
use crate::fixture::run;
use crate::gateways::{self, End, Gateways, PARALLEL};

/// Spellings for each format, or this test would show less than it says.
const SPELLINGS_MIN: usize = 10;

/// Spellings that are known to escape, by their names. One that no longer does has to go from here.
const ESCAPES: &[&str] = &[];

#[test]
fn each_format_is_known_by_every_spelling_of_its_path() -> Result<()> {
    run(async {
        let sample = SampleLlm::start(Duration::ZERO).await?;
        let gateways = Gateways::start(|configuration| {
            stack::ask_sample(configuration, &sample)?;
            configuration.web_sockets()?;
            Ok(())
        });
        let gateways = gateways.await?;
        let mut requests = Vec::new();
        for format in FORMATS {
            requests.extend(Request::all_of(format.name)?);
        }
        let calls: Vec<Call<'_>> = requests
            .iter()
            .flat_map(|request| {
                let script = sample.script(request.answer.clone());
                calls(request, &gateways, &script)
            })
            .collect();
        let sending = stream::iter(calls.iter().map(Call::send));
        sending
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        check(&calls, &gateways.events().await?);
        Ok(())
    })
}

/// One request by one spelling through one gateway.
struct Call<'a> {
    request: &'a Request,
    spelling: &'static str,
    target: String,
    session: String,
    address: SocketAddr,
    bytes: Vec<u8>,
}

impl Call<'_> {
    async fn send(&self) -> Result<()> {
        let end = if self.request.is_upgrade() {
            End::Headers
        } else {
            End::Connection
        };
        gateways::send(self.address, &self.bytes, end).await?;
        Ok(())
    }

    /// What is wrong with the events of this call, if anything is.
    fn fault(&self, events: Option<&Vec<Value>>) -> Option<String> {
        let identities = events.into_iter().flatten().map(Identity::of);
        let identities: Vec<_> = identities.collect();
        let [identity] = &identities[..] else {
            return Some(format!("{} events", identities.len()));
        };
        let expected = &self.request.expected;
        (identity != expected).then(|| format!("{identity:?}, expected {expected:?}"))
    }
}

fn calls<'a>(request: &'a Request, gateways: &Gateways, script: &str) -> Vec<Call<'a>> {
    let mut calls = Vec::new();
    for (&listener, &address) in &gateways.listeners {
        // One request of each format shows what the gateway itself makes of paths.
        if listener == LISTENER && !request.name.ends_with("/plain") {
            continue;
        }
        for (spelling, target) in SPELLINGS {
            let Some(target) = target(request) else {
                continue;
            };
            let session = format!("{listener}/{}/{spelling}", request.name);
            let headers = [(SCRIPT_HEADER, script), ("x-audit-session-id", &session)];
            calls.push(Call {
                request,
                spelling,
                bytes: request.bytes(&target, &headers),
                target,
                session,
                address,
            });
        }
    }
    calls
}

fn check(calls: &[Call<'_>], events: &BTreeMap<String, Vec<Value>>) {
    let mut escapes = BTreeSet::new();
    let mut spellings: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in calls {
        let names = spellings.entry(&call.request.name).or_default();
        names.insert(call.spelling);
        if let Some(fault) = call.fault(events.get(&call.session)) {
            println!("{} ({}): {fault}", call.session, call.target);
            escapes.insert(call.spelling);
        }
    }
    println!("{} requests, {} calls", spellings.len(), calls.len());
    for (name, spellings) in spellings {
        assert!(spellings.len() >= SPELLINGS_MIN, "{name}: {spellings:?}");
    }
    let known = ESCAPES.iter().copied().collect();
    let new: Vec<_> = escapes.difference(&known).collect();
    assert!(new.is_empty(), "calls escaped by {new:#?}");
    let gone: Vec<_> = known.difference(&escapes).collect();
    assert!(
        gone.is_empty(),
        "no longer escape; take them out of the table: {gone:#?}"
    );
}
