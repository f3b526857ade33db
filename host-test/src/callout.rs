//! HTTP calls that guests make, and what upstreams do with them.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::headers::Headers;
use crate::status::Status;
use crate::thread::{Thread, VmNumber};

/// One call of `proxy_http_call` that left the proxy.
#[derive(Clone, Debug)]
pub struct Callout {
    /// The VM that made it.
    pub vm: VmNumber,
    /// The thread of that VM.
    pub thread: Thread,
    /// The root context that owns it; never a stream.
    pub root: u32,
    /// The token that the guest got: 4, 8 and so on within its VM.
    pub token: u32,
    /// The cluster it goes to.
    pub cluster: String,
    /// The request's headers, with the `content-length` that Envoy adds.
    pub headers: Headers,
    /// The request's body.
    pub body: Vec<u8>,
    /// The request's trailers. Envoy does not send them.
    pub trailers: Headers,
    /// The time-out that the guest asked for.
    pub timeout: Option<Duration>,
    /// The virtual time since the host started.
    pub sent_at: Duration,
    /// What became of it.
    pub state: CalloutState,
    pub(crate) generation: u32,
}

/// What became of a callout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CalloutState {
    /// Waiting for the upstream.
    InFlight,
    /// The guest has had its callback.
    Answered,
    /// Its root context or VM ended first.
    Cancelled,
}

/// What an upstream does with one callout.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// `proxy_http_call` itself fails with this status and no callback comes: no healthy host or
    /// a full circuit breaker is [`Status::InternalFailure`].
    Refuse(Status),
    /// The upstream answers after a while. If the call's time-out is shorter, the guest sees 504.
    Answer {
        /// How long it takes.
        after: Duration,
        /// What it says.
        response: Response,
    },
    /// The connection breaks before any response: the guest sees Envoy's own 503.
    ConnectionRefused {
        /// How long it takes.
        after: Duration,
    },
    /// The connection breaks after the response's headers: the guest sees no headers at all.
    Reset {
        /// How long it takes.
        after: Duration,
    },
    /// The upstream never answers: 504 at the call's time-out, nothing if it has none.
    Hang,
}

impl Outcome {
    /// An empty answer with this status, after one millisecond.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer {
            after: Duration::from_millis(1),
            response: Response::new(status),
        }
    }
}

/// An upstream's response to a callout.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// Headers with `:status`.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
    /// Trailers, if any.
    pub trailers: Headers,
}

impl Response {
    /// A response with this status and nothing else.
    #[must_use]
    pub fn new(status: u16) -> Self {
        let headers = Headers::from([(":status", status.to_string())]);
        Self {
            headers,
            ..Self::default()
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name.as_bytes(), value.as_bytes());
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// A cluster of the proxy, to which guests can send callouts.
pub struct Cluster {
    respond: Box<dyn FnMut(&Callout) -> Outcome>,
    pub(crate) in_flight_max: usize,
}

impl Cluster {
    /// A cluster that decides about each callout by a function.
    #[must_use]
    pub fn new(respond: impl FnMut(&Callout) -> Outcome + 'static) -> Self {
        Self {
            respond: Box::new(respond),
            in_flight_max: IN_FLIGHT_MAX,
        }
    }

    /// A cluster that does the same with every callout.
    #[must_use]
    pub fn always(outcome: Outcome) -> Self {
        Self::new(move |_| outcome.clone())
    }

    /// A cluster that does these in turn, and then `last` for ever.
    #[must_use]
    pub fn in_turn(outcomes: impl IntoIterator<Item = Outcome>, last: Outcome) -> Self {
        let mut outcomes: VecDeque<Outcome> = outcomes.into_iter().collect();
        Self::new(move |_| outcomes.pop_front().unwrap_or_else(|| last.clone()))
    }

    /// The circuit breaker: over so many callouts in flight, further ones are refused.
    #[must_use]
    pub fn in_flight_max(mut self, in_flight_max: usize) -> Self {
        self.in_flight_max = in_flight_max;
        self
    }

    pub(crate) fn respond(&mut self, callout: &Callout) -> Outcome {
        (self.respond)(callout)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.in_flight_max;
        formatter
            .debug_struct("Cluster")
            .field("in_flight_max", &limit)
            .finish_non_exhaustive()
    }
}

/// What arrives at the guest: a response, or nothing of one.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    Response(Response),
    Nothing,
}

/// When what arrives, if anything ever does.
pub(crate) fn arrival(outcome: Outcome, timeout: Option<Duration>) -> Option<(Duration, Arrival)> {
    let (after, arrival) = match outcome {
        Outcome::Answer { after, response } => (after, Arrival::Response(response)),
        Outcome::ConnectionRefused { after } => (
            after,
            Arrival::Response(proxy_response(503, CONNECTION_REFUSED)),
        ),
        Outcome::Reset { after } => (after, Arrival::Nothing),
        Outcome::Hang | Outcome::Refuse(_) => (Duration::MAX, Arrival::Nothing),
    };
    match timeout {
        Some(timeout) if timeout <= after => {
            Some((timeout, Arrival::Response(proxy_response(504, TIMED_OUT))))
        }
        _ => (after != Duration::MAX).then_some((after, arrival)),
    }
}

/// A response that Envoy makes itself.
fn proxy_response(status: u16, body: &str) -> Response {
    Response::new(status)
        .header("content-length", &body.len().to_string())
        .header("content-type", "text/plain")
        .body(body)
}

/// Envoy's default circuit breaker for requests in flight to one cluster.
const IN_FLIGHT_MAX: usize = 1024;

const TIMED_OUT: &str = "upstream request timeout";

const CONNECTION_REFUSED: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: remote connection failure";
