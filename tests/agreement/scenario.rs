//! What happens in a proxy, described once for the fake host and for Envoy.

use proxy_wasm_host_test::{FailurePolicy, HeaderPause};

/// A guest, what surrounds it, and what clients and upstreams do to it.
///
/// Both proxies have one worker, and are stopped at the end.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// The plugin's configuration: the guest's name and its argument.
    pub(crate) guest: &'static str,
    pub(crate) policy: FailurePolicy,
    pub(crate) audit: Audit,
    pub(crate) denied: &'static [&'static str],
    pub(crate) header_pause: HeaderPause,
    pub(crate) buffer_bytes_max: Option<u32>,
    pub(crate) lines: Lines,
    /// One after the other, each on connections of its own.
    pub(crate) exchanges: Vec<Vec<Step>>,
}

/// What the cluster `audit` does with callouts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Audit {
    /// 200 with the body `pong`.
    Answers,
    RefusesConnections,
    Hangs,
    ResetsAfterHeaders,
    HasNoHost,
}

/// Whether the guest's lines, and what the upstream saw, are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lines {
    Compared,
    /// For bodies over the buffer's limit, which Envoy reads in pieces of its own choosing: the
    /// guest says one line a piece.
    DependOnChunks,
}

/// One thing that the client or the upstream does.
///
/// The next one waits until Envoy's guest has said as much as the fake's.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A request without a body, with one more header if it is not empty.
    RequestOnly(&'static str),
    /// A request that the proxy refuses before any filter: it names no host.
    RequestRefused,
    RequestHeaders,
    RequestBody(String),
    RequestEnd,
    ResponseOnly,
    ResponseHeaders,
    ResponseBody(String),
    ResponseEnd,
    /// Headers, body and end in one packet.
    Response(&'static str),
    UpstreamGone,
    ClientGone,
    /// Two seconds on a virtual clock, and as long as it takes on a real one.
    TimePasses,
}

/// What a proxy showed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// What the guest said in the worker's VM.
    pub(crate) worker: Vec<String>,
    /// What it said on the main thread, in the canary and then in the VM that stays.
    pub(crate) main: Vec<String>,
    pub(crate) exchanges: Vec<Seen>,
}

/// What the two ends of an exchange saw; nothing where one was not asked or left first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) client: Option<Message>,
    pub(crate) upstream: Option<Message>,
}

/// A request or a response as far as both proxies should agree on it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) status: Option<u16>,
    pub(crate) x: Option<String>,
    pub(crate) body: String,
    pub(crate) ended: bool,
}

impl Scenario {
    pub(crate) fn new(guest: &'static str) -> Self {
        Self {
            guest,
            policy: FailurePolicy::Closed,
            audit: Audit::Answers,
            denied: &[],
            header_pause: HeaderPause::StopAll,
            buffer_bytes_max: None,
            lines: Lines::Compared,
            exchanges: Vec::new(),
        }
    }

    pub(crate) fn exchange(mut self, steps: impl Into<Vec<Step>>) -> Self {
        self.exchanges.push(steps.into());
        self
    }
}

/// What both proxies agree on of a guest's line.
///
/// The bytes that all pairs of a header map take become `some`: Envoy adds headers of its own.
pub(crate) fn normalized(line: &str) -> String {
    let Some((text, sizes)) = line.split_once(" [") else {
        return line.to_owned();
    };
    let sizes = sizes.trim_end_matches(']').split(", ");
    let sizes: Vec<_> = sizes
        .map(|size| if size == "0" { "none" } else { "some" })
        .collect();
    format!("{text} {sizes:?}")
}
