//! How long each callback takes, as histograms of the proxy: for measurements. No module that ships has
//! this.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use crate::host::{self, MetricKind};
use crate::root;

/// The plugin's root context, timed.
#[derive(Default)]
pub(crate) struct Root(root::Root);

struct Http(Box<dyn HttpContext>);

/// Does it, and adds how long it took to the histogram of this name, in microseconds.
fn timed<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let began = host::now_ns();
    let result = act();
    let took = host::now_ns().saturating_sub(began).div_euclid(1000);
    // The host finds the one of that name, which is not part of what is timed.
    if let Some(id) = host::define_metric(MetricKind::Histogram, &format!("callback_us.{name}")) {
        host::record_metric(id, took);
    }
    result
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        timed("callout", || {
            self.0.on_http_call_response(token, headers, body, trailers);
        });
    }

    fn on_done(&mut self) -> bool {
        self.0.on_done()
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        self.0.on_configure(size)
    }

    fn on_tick(&mut self) {
        timed("tick", || self.0.on_tick());
    }

    fn on_queue_ready(&mut self, queue: u32) {
        timed("queue", || self.0.on_queue_ready(queue));
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http(self.0.create_http_context(id)?)))
    }

    fn get_type(&self) -> Option<ContextType> {
        self.0.get_type()
    }
}

impl Context for Http {
    fn on_done(&mut self) -> bool {
        timed("done", || self.0.on_done())
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, count: usize, is_end: bool) -> Action {
        timed("request_headers", || {
            self.0.on_http_request_headers(count, is_end)
        })
    }

    fn on_http_request_body(&mut self, size: usize, is_end: bool) -> Action {
        timed("request_body", || self.0.on_http_request_body(size, is_end))
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        self.0.on_http_request_trailers(count)
    }

    fn on_http_response_headers(&mut self, count: usize, is_end: bool) -> Action {
        timed("response_headers", || {
            self.0.on_http_response_headers(count, is_end)
        })
    }

    fn on_http_response_body(&mut self, size: usize, is_end: bool) -> Action {
        timed("response_body", || {
            self.0.on_http_response_body(size, is_end)
        })
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        self.0.on_http_response_trailers(count)
    }

    fn on_log(&mut self) {
        timed("log", || self.0.on_log());
    }
}
