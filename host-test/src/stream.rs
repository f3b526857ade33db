//! A stream: one request and its response on their way through the plugin.

mod filter;
mod flow;
mod reply;

use std::fmt;
use std::rc::Rc;

use crate::headers::Headers;
use crate::instance::Instance;
use crate::profile::EndOfBody;
use crate::property::{self, Property};
use crate::step::{Passed, Step};
use crate::stream::filter::Filter;
pub(crate) use crate::stream::filter::act;
use crate::stream_state::{Iteration, Side, StreamState};

/// One request and its response on their way through the plugin.
///
/// The test plays the client, the upstream and the other filters; each step says what the guest
/// did and what got past it. Steps that cannot be any more, such as a body after a reset, do
/// nothing.
pub struct Stream {
    filter: Filter,
}

impl Stream {
    pub(crate) fn open(instance: Rc<Instance>, root: u32, bypassed: bool) -> Self {
        let state = instance.open_stream(root);
        state.borrow_mut().bypassed = bypassed;
        Self {
            filter: Filter { instance, state },
        }
    }

    /// The context's id in the guest.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.filter.state.borrow().id
    }

    /// Sets a property of the stream, by the parts of its path.
    pub fn property(&self, path: &[&str], value: impl Into<Property>) {
        let path = property::path(path);
        self.filter
            .state
            .borrow_mut()
            .properties
            .insert(path, value.into().0);
    }

    /// The client sends the request's headers; a body or trailers follow.
    pub fn request_headers(&self, headers: impl Into<Headers>) -> Step {
        self.step(|filter| filter.headers(Side::Request, headers.into(), false))
    }

    /// The client sends a request that is only headers.
    pub fn request_headers_only(&self, headers: impl Into<Headers>) -> Step {
        self.step(|filter| filter.headers(Side::Request, headers.into(), true))
    }

    /// The client sends the request's headers, and another filter keeps them: the plugin can read
    /// them in `proxy_on_log` only.
    pub fn request_headers_kept_from_plugin(&self, headers: impl Into<Headers>) {
        self.filter.state.borrow_mut().request.headers = Some(headers.into());
    }

    /// The client sends a chunk of the body.
    pub fn request_body(&self, chunk: impl AsRef<[u8]>) -> Step {
        self.step(|filter| filter.data(Side::Request, chunk.as_ref(), false))
    }

    /// The client sends the last chunk of the body, ended as the profile says.
    pub fn request_body_end(&self, chunk: impl AsRef<[u8]>) -> Step {
        self.step(|filter| last_chunk(filter, Side::Request, chunk.as_ref()))
    }

    /// The client ends the body without further bytes.
    pub fn request_end(&self) -> Step {
        self.step(|filter| filter.data(Side::Request, &[], true))
    }

    /// The client ends the request with trailers; there is no body callback at the end then.
    pub fn request_trailers(&self, trailers: impl Into<Headers>) -> Step {
        self.step(|filter| filter.trailers(Side::Request, trailers.into()))
    }

    /// The client sends a whole request.
    pub fn request(&self, headers: impl Into<Headers>, body: impl AsRef<[u8]>) -> Step {
        self.step(|filter| message(filter, Side::Request, headers.into(), body.as_ref()))
    }

    /// The upstream sends the response's headers; a body or trailers follow.
    pub fn response_headers(&self, headers: impl Into<Headers>) -> Step {
        self.upstream_step(|filter| filter.headers(Side::Response, headers.into(), false))
    }

    /// The upstream sends a response that is only headers.
    pub fn response_headers_only(&self, headers: impl Into<Headers>) -> Step {
        self.upstream_step(|filter| filter.headers(Side::Response, headers.into(), true))
    }

    /// The upstream sends a chunk of the body.
    pub fn response_body(&self, chunk: impl AsRef<[u8]>) -> Step {
        self.upstream_step(|filter| filter.data(Side::Response, chunk.as_ref(), false))
    }

    /// The upstream sends the last chunk of the body, ended as the profile says.
    pub fn response_body_end(&self, chunk: impl AsRef<[u8]>) -> Step {
        self.upstream_step(|filter| last_chunk(filter, Side::Response, chunk.as_ref()))
    }

    /// The upstream ends the body without further bytes.
    pub fn response_end(&self) -> Step {
        self.upstream_step(|filter| filter.data(Side::Response, &[], true))
    }

    /// The upstream ends the response with trailers.
    pub fn response_trailers(&self, trailers: impl Into<Headers>) -> Step {
        self.upstream_step(|filter| filter.trailers(Side::Response, trailers.into()))
    }

    /// The upstream sends a whole response.
    pub fn response(&self, headers: impl Into<Headers>, body: impl AsRef<[u8]>) -> Step {
        self.upstream_step(|filter| message(filter, Side::Response, headers.into(), body.as_ref()))
    }

    /// The proxy or another filter answers instead of the upstream: data and end come together.
    /// A plugin that has not seen the request does not see the reply either.
    pub fn local_reply(&self, status: u16, body: &str) -> Step {
        self.step(|filter| filter.reply_with(status, body))
    }

    /// The upstream's connection breaks: 503 before the response, else the stream is cut.
    pub fn upstream_reset(&self) -> Step {
        self.upstream_failure(503, UPSTREAM_RESET)
    }

    /// The route's time-out expires: 504 before the response, else the stream is cut.
    pub fn upstream_timeout(&self) -> Step {
        self.upstream_failure(504, "upstream request timeout")
    }

    /// The client goes away; the last callbacks come at once.
    pub fn client_disconnect(&self) -> Step {
        self.step(Filter::reset)
    }

    /// The stream ends as it stands: its log, done and delete callbacks, in Envoy's order.
    pub fn finish(&self) -> Step {
        self.step(Filter::finish)
    }

    /// What happened since the last step, for instance when a tick resumed the stream.
    pub fn poll(&self) -> Step {
        self.step(|_| ())
    }

    /// Whether something of the request or the response is held back.
    #[must_use]
    pub fn is_held(&self) -> bool {
        held(&self.filter.state.borrow())
    }

    /// Whether the stream was reset or has finished.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.filter.state.borrow().over
    }

    /// All that went on towards the upstream.
    #[must_use]
    pub fn upstream(&self) -> Passed {
        self.filter.state.borrow().upstream.clone()
    }

    /// All that went on towards the client.
    #[must_use]
    pub fn downstream(&self) -> Passed {
        self.filter.state.borrow().downstream.clone()
    }

    fn step(&self, act: impl FnOnce(&Filter)) -> Step {
        act(&self.filter);
        let mut state = self.filter.state.borrow_mut();
        let step = std::mem::take(&mut state.step);
        Step {
            held: held(&state),
            ..step
        }
    }

    /// A step of the upstream, which is not listened to once the proxy has replied itself.
    fn upstream_step(&self, act: impl FnOnce(&Filter)) -> Step {
        let replied = self.filter.state.borrow().replied;
        self.step(|filter| {
            if !replied {
                act(filter);
            }
        })
    }

    fn upstream_failure(&self, status: u16, body: &str) -> Step {
        let begun = self.filter.state.borrow().response.headers.is_some();
        self.upstream_step(|filter| {
            if begun {
                filter.reset();
            } else {
                filter.reply_with(status, body);
            }
        })
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stream")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

fn held(state: &StreamState) -> bool {
    let stopped = |side| !state.blocked(side) && state.pipe(side).iteration != Iteration::Continue;
    stopped(Side::Request) || stopped(Side::Response)
}

fn message(filter: &Filter, side: Side, headers: Headers, body: &[u8]) {
    filter.headers(side, headers, body.is_empty());
    if !body.is_empty() {
        last_chunk(filter, side, body);
    }
}

fn last_chunk(filter: &Filter, side: Side, chunk: &[u8]) {
    match filter.profile(|profile| profile.end_of_body) {
        EndOfBody::LastChunk => filter.data(side, chunk, true),
        EndOfBody::ExtraCallback => {
            filter.data(side, chunk, false);
            filter.data(side, &[], true);
        }
    }
}

const UPSTREAM_RESET: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: connection termination";
