//! How headers, bodies and trailers move past the plugin.
//!
//! Source: Envoy's filter manager (`commonHandleAfterHeadersCallback`,
//! `commonHandleAfterDataCallback`, `commonContinue`) and the Wasm filter's `decode*` and
//! `encode*`.

use crate::headers::Headers;
use crate::profile::HeaderPause;
use crate::stream::filter::Filter;
use crate::stream_state::{Iteration, Pipe, Side};

impl Filter {
    fn pipe<R>(&self, side: Side, body: impl FnOnce(&mut Pipe) -> R) -> R {
        body(self.state.borrow_mut().pipe_mut(side))
    }

    /// Headers arrive.
    pub(crate) fn headers(&self, side: Side, headers: Headers, end: bool) {
        if self.blocked(side) || self.state.borrow().pipe(side).headers.is_some() {
            return;
        }
        if side == Side::Request {
            self.create();
        }
        let size = headers.len();
        self.state.borrow_mut().end_of_stream = end;
        self.pipe(side, |pipe| {
            pipe.headers = Some(headers);
            pipe.end_seen = end;
            pipe.headers_readable = true;
        });
        let answer = if self.unseen(side) {
            0
        } else {
            self.ask(headers_name(side), size, Some(end))
        };
        if self.blocked(side) {
            return;
        }
        let iteration = self.after_headers(answer);
        self.pipe(side, |pipe| pipe.iteration = iteration);
        if iteration == Iteration::Continue {
            self.pipe(side, |pipe| pipe.headers_readable = false);
            self.pass_headers(side, end);
        }
    }

    fn after_headers(&self, answer: u32) -> Iteration {
        match (answer, self.profile(|profile| profile.header_pause)) {
            (0, _) => Iteration::Continue,
            (1, HeaderPause::StopHeaders) => Iteration::StopSingle,
            (2, _) => Iteration::StopAllBuffer,
            _ => Iteration::StopAllWatermark,
        }
    }

    /// A chunk of the body arrives.
    pub(crate) fn data(&self, side: Side, chunk: &[u8], end: bool) {
        if self.blocked(side) {
            return;
        }
        self.pipe(side, |pipe| pipe.end_seen |= end);
        if self.pipe(side, |pipe| pipe.stops_all()) {
            self.pipe(side, |pipe| pipe.hold(chunk));
            let bounded = self.pipe(side, |pipe| pipe.iteration == Iteration::StopAllBuffer);
            if bounded {
                self.check_held(side);
            }
            return;
        }
        if self.unseen(side) {
            return self.pass_data(side, chunk, end);
        }
        if let Some((answer, data)) = self.ask_about_data(side, chunk, end) {
            self.after_data(side, answer, &data, end);
        }
    }

    /// Asks the guest; nothing if the stream ends before or while it is asked.
    fn ask_about_data(&self, side: Side, chunk: &[u8], end: bool) -> Option<(u32, Vec<u8>)> {
        let buffering = self.pipe(side, |pipe| {
            if pipe.buffering {
                pipe.hold(chunk);
            }
            pipe.buffering
        });
        if buffering {
            self.check_held(side);
            if self.blocked(side) {
                return None;
            }
        }
        let chunk = if buffering {
            Vec::new()
        } else {
            chunk.to_vec()
        };
        self.state.borrow_mut().end_of_stream = end;
        let size = self.pipe(side, |pipe| {
            pipe.chunk = Some(chunk);
            pipe.body().map_or(0, <[u8]>::len)
        });
        let answer = self.ask(body_name(side), size, Some(end));
        let data = self.pipe(side, |pipe| {
            pipe.buffering = false;
            pipe.chunk.take()
        });
        if self.blocked(side) {
            None
        } else {
            Some((answer, data.unwrap_or_default()))
        }
    }

    fn after_data(&self, side: Side, answer: u32, data: &[u8], end: bool) {
        match answer {
            0 if self.pipe(side, |pipe| pipe.iteration == Iteration::StopSingle) => {
                self.pipe(side, |pipe| pipe.hold(data));
                self.resume(side);
            }
            0 => {
                self.pass_data(side, data, end);
                self.pass_added_trailers(side, end);
            }
            1 => {
                self.pipe(side, |pipe| {
                    pipe.iteration = Iteration::StopSingle;
                    pipe.buffering = true;
                    pipe.hold(data);
                });
                self.check_held(side);
            }
            2 => self.pipe(side, |pipe| {
                pipe.iteration = Iteration::StopSingle;
                pipe.hold(data);
            }),
            _ => self.pipe(side, |pipe| {
                pipe.iteration = Iteration::StopSingle;
                if end {
                    pipe.hold(&[]);
                }
            }),
        }
    }

    /// Trailers that the guest added in the last body callback go on without asking it.
    fn pass_added_trailers(&self, side: Side, end: bool) {
        if end && self.pipe(side, |pipe| pipe.trailers.is_some()) {
            self.pass_trailers(side);
        }
    }

    /// Trailers arrive.
    pub(crate) fn trailers(&self, side: Side, trailers: Headers) {
        if self.blocked(side) {
            return;
        }
        self.pipe(side, |pipe| {
            pipe.trailers = Some(trailers);
            pipe.end_seen = true;
        });
        if !self.pipe(side, |pipe| pipe.stops_all()) {
            self.trailers_callback(side);
        }
    }

    fn trailers_callback(&self, side: Side) {
        let size = self.pipe(side, |pipe| {
            pipe.trailers_readable = true;
            pipe.trailers.as_ref().map_or(0, Headers::len)
        });
        let answer = if self.unseen(side) {
            0
        } else {
            self.ask(trailers_name(side), size, None)
        };
        if self.blocked(side) {
            return;
        }
        if answer != 0 {
            return self.pipe(side, |pipe| pipe.iteration = Iteration::StopSingle);
        }
        self.pipe(side, |pipe| pipe.trailers_readable = false);
        if self.pipe(side, |pipe| pipe.iteration == Iteration::StopSingle) {
            self.resume(side);
        } else {
            self.pass_trailers(side);
        }
    }

    /// Goes on where iteration stopped; nothing if it did not stop.
    ///
    /// After a full stop the guest gets its callbacks for what was kept, the body as one chunk;
    /// otherwise it has had them, and what was held goes on without it.
    pub(crate) fn resume(&self, side: Side) {
        if self.blocked(side) || self.pipe(side, |pipe| pipe.iteration == Iteration::Continue) {
            return;
        }
        let all = self.pipe(side, |pipe| {
            let all = pipe.stops_all();
            pipe.iteration = Iteration::Continue;
            pipe.buffering = false;
            all
        });
        let (held, trailers, end) = self.pipe(side, |pipe| {
            (pipe.held.take(), pipe.trailers.is_some(), pipe.end_seen)
        });
        if !self.pipe(side, |pipe| pipe.headers_passed) {
            self.pass_headers(side, end && held.is_none() && !trailers);
        }
        if let Some(held) = held {
            let end = end && !trailers;
            if all {
                self.data(side, &held, end);
            } else {
                self.pass_data(side, &held, end);
            }
        }
        if trailers && !self.blocked(side) {
            if all && !self.pipe(side, |pipe| pipe.stops_all()) {
                self.trailers_callback(side);
            } else {
                self.pass_trailers(side);
            }
        }
    }

    fn pass_headers(&self, side: Side, end: bool) {
        let headers = self.pipe(side, |pipe| {
            pipe.headers_passed = true;
            pipe.headers.clone()
        });
        self.state.borrow_mut().pass(side, |passed| {
            passed.headers = headers.clone();
            passed.ended |= end;
        });
    }

    fn pass_data(&self, side: Side, data: &[u8], end: bool) {
        let end = end && self.pipe(side, |pipe| pipe.trailers.is_none());
        self.state.borrow_mut().pass(side, |passed| {
            passed.body.extend_from_slice(data);
            passed.ended |= end;
        });
    }

    fn pass_trailers(&self, side: Side) {
        let trailers = self.pipe(side, |pipe| pipe.trailers.clone());
        self.state.borrow_mut().pass(side, |passed| {
            passed.trailers = trailers.clone();
            passed.ended = true;
        });
    }
}

fn headers_name(side: Side) -> &'static str {
    match side {
        Side::Request => "proxy_on_request_headers",
        Side::Response => "proxy_on_response_headers",
    }
}

fn body_name(side: Side) -> &'static str {
    match side {
        Side::Request => "proxy_on_request_body",
        Side::Response => "proxy_on_response_body",
    }
}

fn trailers_name(side: Side) -> &'static str {
    match side {
        Side::Request => "proxy_on_request_trailers",
        Side::Response => "proxy_on_response_trailers",
    }
}
