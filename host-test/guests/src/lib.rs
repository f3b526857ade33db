//! Small guests, each written to show one fact about a proxy.
//!
//! A plugin's configuration is the name of its guest, and after a space an argument for it.

mod exports;
mod guests;
mod host;

/// A guest: what it does in each callback. What it does not mention goes on.
pub(crate) trait Guest: Sync {
    fn configure(&self, _root: u32, _argument: &str) -> bool {
        true
    }
    fn request_headers(&self, _stream: u32, _end: bool) -> u32 {
        CONTINUE
    }
    fn request_body(&self, _stream: u32, _size: u32, _end: bool) -> u32 {
        CONTINUE
    }
    fn request_trailers(&self, _stream: u32) -> u32 {
        CONTINUE
    }
    fn response_headers(&self, _stream: u32, _end: bool) -> u32 {
        CONTINUE
    }
    fn response_body(&self, _stream: u32, _size: u32, _end: bool) -> u32 {
        CONTINUE
    }
    fn response_trailers(&self, _stream: u32) -> u32 {
        CONTINUE
    }
    fn log(&self, _stream: u32) {}
    fn done(&self, _context: u32) -> bool {
        true
    }
    fn delete(&self, _context: u32) {}
    fn tick(&self, _root: u32) {}
    fn queue_ready(&self, _root: u32, _queue: u32) {}
    fn call_response(&self, _root: u32, _token: u32, _headers: u32, _body: u32) {}
}

pub(crate) const CONTINUE: u32 = 0;
pub(crate) const PAUSE: u32 = 1;
