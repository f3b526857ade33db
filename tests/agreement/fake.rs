//! A scenario in the fake host.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{
    Cluster, Engine, Host, Outcome, Passed, Plugin, Profile, Response, Status, Stream, Thread,
    Writer,
};

use crate::scenario::{Audit, Message, Scenario, Seen, Shown, Step, normalized};

/// What the fake showed, and how many lines the worker's guest had said after each step.
pub(crate) fn play(scenario: &Scenario, module: &Path) -> Result<(Shown, Vec<Vec<usize>>)> {
    let host = Host::new(profile(scenario));
    host.set_cluster("audit", Cluster::always(outcome(scenario.audit)));
    let deployment = host.deploy(&plugin(scenario, module)?, 1)?;
    let mut shown = Shown::default();
    let mut counts = Vec::new();
    for steps in &scenario.exchanges {
        let stream = deployment.workers[0].stream();
        let mut after = Vec::new();
        for step in steps {
            take(step, &stream, &host);
            if stream.downstream().ended {
                stream.finish();
            }
            after.push(said(&host).0.len());
        }
        counts.push(after);
        shown.exchanges.push(seen(&stream, steps));
    }
    host.stop();
    (shown.worker, shown.main) = said(&host);
    Ok((shown, counts))
}

fn profile(scenario: &Scenario) -> Profile {
    let profile = Profile::envoy().header_pause(scenario.header_pause);
    match scenario.buffer_bytes_max {
        Some(bytes) => profile.buffer_bytes_max(usize::try_from(bytes).unwrap_or(usize::MAX)),
        None => profile,
    }
}

fn plugin(scenario: &Scenario, module: &Path) -> Result<Plugin> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    if ENGINE.get().is_none() {
        // Another test may be quicker; either engine will do.
        let _ = ENGINE.set(Engine::new()?);
    }
    let engine = ENGINE.wait();
    Ok(Plugin::new(&engine.module(&std::fs::read(module)?)?)
        .configuration(scenario.guest)
        .failure_policy(scenario.policy)
        .deny(scenario.denied.iter().copied()))
}

fn outcome(audit: Audit) -> Outcome {
    let after = Duration::from_millis(1);
    match audit {
        Audit::Answers => Outcome::Answer {
            after,
            response: Response::new(200)
                .header("content-length", "4")
                // Envoy adds a header of its own; the guest says how many there are.
                .header("x-envoy", "")
                .body("pong"),
        },
        Audit::RefusesConnections => Outcome::ConnectionRefused { after },
        Audit::Hangs => Outcome::Hang,
        Audit::ResetsAfterHeaders => Outcome::Reset { after },
        Audit::HasNoHost => Outcome::Refuse(Status::InternalFailure),
    }
}

fn take(step: &Step, stream: &Stream, host: &Host) {
    let response = [(":status", "200"), ("x", "response")];
    match step {
        Step::RequestOnly("") => drop(stream.request_headers_only(REQUEST)),
        Step::RequestOnly(more) => {
            let [method, path, authority, x] = REQUEST;
            stream.request_headers_only([method, path, authority, x, (more, "1")]);
        }
        Step::RequestRefused => drop(stream.local_reply(400, "")),
        Step::RequestHeaders => drop(stream.request_headers(REQUEST)),
        Step::RequestBody(chunk) => drop(stream.request_body(chunk)),
        Step::RequestEnd => drop(stream.request_end()),
        Step::ResponseOnly => drop(stream.response_headers_only(response)),
        Step::ResponseHeaders => drop(stream.response_headers(response)),
        Step::ResponseBody(chunk) => drop(stream.response_body(chunk)),
        Step::ResponseEnd => drop(stream.response_end()),
        Step::Response(body) => drop(stream.response(response, body)),
        Step::UpstreamGone => drop(stream.upstream_reset()),
        Step::ClientGone => drop(stream.client_disconnect()),
        Step::TimePasses => drop(host.advance(Duration::from_secs(2))),
    }
}

/// What the guest said in the worker, and on the main thread.
fn said(host: &Host) -> (Vec<String>, Vec<String>) {
    let lines = host.log().into_iter();
    let lines = lines.filter(|line| line.writer == Writer::Guest);
    let (worker, main): (Vec<_>, Vec<_>) =
        lines.partition(|line| matches!(line.thread, Thread::Worker(_)));
    let text = |lines: Vec<proxy_wasm_host_test::LogLine>| {
        let lines = lines.iter().map(|line| normalized(&line.text()));
        lines.collect()
    };
    (text(worker), text(main))
}

fn seen(stream: &Stream, steps: &[Step]) -> Seen {
    let gone = steps.iter().any(|step| matches!(step, Step::ClientGone));
    Seen {
        client: (!gone).then(|| message(stream.downstream())).flatten(),
        upstream: message(stream.upstream()),
    }
}

fn message(passed: Passed) -> Option<Message> {
    let status = passed.status();
    let headers = passed.headers?;
    Some(Message {
        status,
        x: headers.text("x").map(str::to_owned),
        body: String::from_utf8_lossy(&passed.body).into_owned(),
        ended: passed.ended,
    })
}

const REQUEST: [(&str, &str); 4] = [
    (":method", "POST"),
    (":path", "/"),
    (":authority", "a"),
    ("x", "request"),
];
