//! The proxy-wasm filter of the AI Audit Layer.
#![cfg(target_arch = "wasm32")]
