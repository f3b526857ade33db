//! A filter that does nothing for anyone. Its cost is the least that a proxy-wasm filter can cost that
//! sees what the plugin sees.
//!
//! Its configuration is what it does: `callbacks`, to be called and go on; or `bodies`, to copy each
//! piece of both bodies out of the host as well.

use std::hint::black_box;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType};

mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(crate::Root { copies: false }));
    }}
}

struct Root {
    copies: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        match self.get_plugin_configuration().as_deref() {
            Some(b"callbacks") => self.copies = false,
            Some(b"bodies") => self.copies = true,
            _ => return false,
        }
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Call {
            copies: self.copies,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Call {
    copies: bool,
}

impl Context for Call {}

impl HttpContext for Call {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, _: bool) -> Action {
        self.pass(BufferType::HttpRequestBody, size)
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        self.pass(BufferType::HttpResponseBody, size)
    }

    fn on_log(&mut self) {}
}

impl Call {
    fn pass(&self, body: BufferType, size: usize) -> Action {
        if self.copies && size > 0 {
            // Whether there is anything to copy is no concern of a filter that does nothing with it.
            let _ = black_box(hostcalls::get_buffer(body, 0, size));
        }
        Action::Continue
    }
}
