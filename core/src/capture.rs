//! What is read and kept of each exchange.

use serde::Deserialize;

use crate::digest::HashForm;
use crate::event::ContentPolicy;

/// What is read and kept of each exchange.
#[derive(Debug, Clone)]
pub struct CapturePolicy {
    /// What of prompts and answers an event may carry, where no rule says otherwise.
    pub content: ContentPolicy,
    /// Layout of the canonical prompt text.
    pub prompt_format: PromptFormat,
    /// Form of prompt and answer hashes.
    pub hash: HashForm,
    /// How much is read and kept.
    pub limits: CaptureLimits,
}

/// How much is read and kept of each exchange, in bytes.
#[derive(Debug, Clone)]
pub struct CaptureLimits {
    /// Of a request's body, to be read.
    pub request_bytes: usize,
    /// Of a response's body that is not a stream, to be read.
    pub response_bytes: usize,
    /// Of the prompt's text, and of the answer's texts together, to be kept in the event.
    pub content_bytes: usize,
}

/// How the canonical text is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromptFormat {
    /// As the client wrapper of the provider lays it out.
    #[default]
    Wrapper,
    /// `[role] content` lines for every provider, the role as written.
    Roles,
}
