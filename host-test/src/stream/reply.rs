//! Replies that the proxy makes itself, and streams that are cut or end.
//!
//! Source: `sendLocalReply`, `requestDataTooLarge` and `responseDataTooLarge` of Envoy's filter
//! manager.

use crate::callout::Response;
use crate::stream::filter::Filter;
use crate::stream_state::Side;

impl Filter {
    /// A reply with this status, and a text body if there is one.
    pub(crate) fn reply_with(&self, status: u16, body: &str) {
        let mut response = Response::new(status);
        if !body.is_empty() {
            response = response
                .header("content-length", &body.len().to_string())
                .header("content-type", "text/plain")
                .body(body);
        }
        self.reply(response);
    }

    /// Answers the client instead of the upstream.
    ///
    /// Before any response the reply passes the plugin like a response. If the response's
    /// headers are still held by the plugin, the reply takes their place and passes no plugin.
    /// If they have gone out, only cutting the stream is left.
    pub(crate) fn reply(&self, response: Response) {
        if self.state.borrow().over {
            return;
        }
        let status = response
            .headers
            .text(":status")
            .and_then(|status| status.parse().ok());
        let (begun, passed) = {
            let mut state = self.state.borrow_mut();
            state.request.aborted = true;
            (
                state.response.headers.is_some(),
                state.response.headers_passed,
            )
        };
        if passed {
            return self.reset();
        }
        {
            let mut state = self.state.borrow_mut();
            state.replied = true;
            state.step.local_reply = status;
        }
        if begun {
            self.reply_directly(&response);
        } else {
            self.reply_through_plugin(response);
        }
    }

    fn reply_through_plugin(&self, response: Response) {
        let end = response.body.is_empty();
        self.headers(Side::Response, response.headers, end);
        if !end {
            self.data(Side::Response, &response.body, true);
        }
    }

    fn reply_directly(&self, response: &Response) {
        let mut state = self.state.borrow_mut();
        let pipe = state.pipe_mut(Side::Response);
        pipe.aborted = true;
        pipe.held = None;
        pipe.headers = Some(response.headers.clone());
        pipe.headers_passed = true;
        state.pass(Side::Response, |passed| {
            passed.headers = Some(response.headers.clone());
            passed.body.clone_from(&response.body);
            passed.ended = true;
        });
    }

    /// A held body beyond the limit: 413 for a request; for a response 500, or a cut if its
    /// headers have gone out.
    pub(crate) fn check_held(&self, side: Side) {
        let held = self.state.borrow().pipe(side).held_size();
        if held <= self.profile(|profile| profile.buffer_bytes_max) {
            return;
        }
        match side {
            Side::Request => self.reply_with(413, "Payload Too Large"),
            Side::Response => self.reply_with(500, "Internal Server Error"),
        }
    }

    /// Cuts the stream; its last callbacks follow at once.
    pub(crate) fn reset(&self) {
        let first = {
            let mut state = self.state.borrow_mut();
            let first = !state.over;
            state.over = true;
            state.step.reset |= first;
            first
        };
        if first {
            self.finish();
        }
    }

    /// The stream's last callbacks, in Envoy's order: log, done, delete. They come once.
    ///
    /// A context that the guest has not seen is created first: a request that was refused before
    /// it reached the plugin is logged all the same.
    pub(crate) fn finish(&self) {
        if std::mem::replace(&mut self.state.borrow_mut().finished, true) {
            return;
        }
        let (id, root, bypassed) = {
            let mut state = self.state.borrow_mut();
            state.over = true;
            (state.id, state.root, state.bypassed)
        };
        if bypassed {
            return;
        }
        self.create();
        if self.profile(|profile| profile.logs_streams) {
            self.state.borrow_mut().logging = true;
            self.last_callback("proxy_on_log");
            self.state.borrow_mut().logging = false;
        }
        self.last_callback("proxy_on_done");
        self.last_callback("proxy_on_delete");
        self.instance.delete_stream(id, root);
    }

    fn last_callback(&self, name: &'static str) {
        let id = self.state.borrow().id;
        if let Some(fuel) = self.instance.call(id, name, &[]) {
            let callback = crate::step::Callback {
                name,
                size: 0,
                end_of_stream: false,
                action: None,
                fuel,
            };
            self.state.borrow_mut().step.callbacks.push(callback);
        }
    }
}
