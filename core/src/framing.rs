//! How a streamed body is cut into messages.

pub mod sse;
