//! What one step of a stream did.

use crate::headers::Headers;

/// What the guest answered to a callback of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// 0: go on.
    Continue,
    /// 1, and every other number: stop, in the way that the callback and the profile say.
    Pause,
}

/// One callback of a stream that the guest got.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Callback {
    /// The export that was called.
    pub name: &'static str,
    /// Its count of headers or trailers, or the size of the body that it can read.
    pub size: usize,
    /// Its end-of-stream flag.
    pub end_of_stream: bool,
    /// What it returned; nothing if it trapped, or returns nothing.
    pub action: Option<Action>,
    /// The fuel that it used.
    pub fuel: u64,
}

/// What got past the plugin in one direction.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Passed {
    /// The headers, as the plugin left them.
    pub headers: Option<Headers>,
    /// Bytes of the body.
    pub body: Vec<u8>,
    /// The trailers, as the plugin left them.
    pub trailers: Option<Headers>,
    /// Whether this was all.
    pub ended: bool,
}

impl Passed {
    /// The `:status` of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.headers.as_ref()?.text(":status")?.parse().ok()
    }
}

/// What one step of a stream did: which callbacks the guest got, and what moved.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Step {
    /// The guest's callbacks in their order; none if the plugin did not see the step.
    pub callbacks: Vec<Callback>,
    /// What went on towards the upstream in this step.
    pub upstream: Passed,
    /// What went on towards the client in this step.
    pub downstream: Passed,
    /// Whether something of the request or the response is held back now.
    pub held: bool,
    /// The status of a reply that the proxy made itself in this step.
    pub local_reply: Option<u16>,
    /// Whether the stream was reset in this step: the client sees it cut.
    pub reset: bool,
}

impl Step {
    /// What the guest answered last in this step.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.callbacks
            .iter()
            .rev()
            .find_map(|callback| callback.action)
    }

    /// The names of the callbacks, without `proxy_`.
    #[must_use]
    pub fn callback_names(&self) -> Vec<&'static str> {
        let names = self.callbacks.iter().map(|callback| callback.name);
        names
            .map(|name| name.strip_prefix("proxy_").unwrap_or(name))
            .collect()
    }

    /// The fuel of all its callbacks.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.callbacks.iter().map(|callback| callback.fuel).sum()
    }
}
