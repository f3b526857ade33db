//! The audit event: what is recorded of one call.
//!
//! The top level is the audit API's documented event, so that any implementation of that API
//! accepts it. What the gateway knows beyond that stands under `metadata.audit_layer`.

mod content;
mod decided;
mod documented;
pub(crate) mod edit;
mod identity;
mod kind;
pub mod limits;
#[cfg(feature = "schema")]
mod schema;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decision::Decision;
use crate::note::Note;

pub use content::{ContentLevel, ContentPolicy};
pub use decided::{Decided, DecidedBy, DecisionSource};
pub use documented::{AuditEvent, Member, Need, Shape};
pub use identity::{Claimed, Identity, IdentitySource, Provenance};
pub use kind::Kind;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use sealed::{Sealed, SealedKey};

/// The version of what stands under `metadata.audit_layer`.
pub const SCHEMA: &str = "audit-layer/1";

words! {
    /// The audit API's risk levels.
    #[derive(Default)]
    pub enum RiskLevel {
        #[default]
        Low "low" "The API's default.",
        Medium "medium" "Above the default.",
        High "high" "Such as a decision about a person.",
        Critical "critical" "Such as a decision that cannot be undone.",
    }
}

impl RiskLevel {
    /// Reads a level as callers write it, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|level| text.eq_ignore_ascii_case(level.name()))
    }
}

/// Members of a JSON object in the order they came, each value byte for byte as it was written.
#[derive(Debug, Clone, Default)]
pub struct Members(pub Vec<(String, Box<RawValue>)>);

impl Members {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the first member of each name: an object with one name twice is read in as many ways as there are
    /// readers.
    pub(crate) fn keep_first_of_each_name(&mut self) {
        let mut names = BTreeSet::new();
        self.0.retain(|(name, _)| names.insert(name.clone()));
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The event's `metadata`: the caller's members, then the gateway's under `audit_layer`.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// What the caller sent; never a member named `audit_layer`.
    pub caller: Members,
    /// What the gateway observed.
    pub audit_layer: AuditLayer,
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.caller.0 {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("audit_layer", &self.audit_layer)?;
        map.end()
    }
}

/// What the gateway observed of the call, beyond the documented event.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLayer {
    /// The version of this schema.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::version"))]
    pub schema: &'static str,
    /// Who recorded the event, and its number in that sequence.
    pub writer: Option<Writer>,
    /// How the exchange ended.
    pub completion: Completion,
    /// Token counts and where they come from.
    pub usage: Usage,
    /// When things happened, from the start of the request.
    pub timing: Timing,
    /// Who made the call, and who says so; absent if nobody says anything.
    #[serde(skip_serializing_if = "Identity::is_empty")]
    pub identity: Identity,
    /// Where the members of the decision come from; absent unless the configuration names sources.
    #[serde(skip_serializing_if = "Decided::is_empty")]
    pub decision: Decided,
    /// The conversation that the model was asked about, part by part; `null` if no
    /// prompt was read.
    pub prompt: Option<Conversation>,
    /// What the model answered, beyond the text.
    pub response: Response,
    /// How the exchange was read.
    pub capture: Capture,
    /// What the gateway knows of the request.
    pub gateway: Gateway,
    /// The event with its content, encrypted; absent unless the content level is `sealed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Box<Sealed>>,
}

/// The place of an event in one outbox's sequence. A gap in `seq` means a lost event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Writer {
    /// Identifies the outbox's owner, such as a proxy's VM.
    pub id: String,
    /// 1, 2, 3 … without gaps.
    pub seq: u64,
}

/// How the exchange ended.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Completion {
    /// The end in one word.
    pub state: CompletionState,
    /// The status that the client got; `null` if there was no response.
    pub http_status: Option<u16>,
    /// Why the model stopped, one for each choice; `error` if a reason was due but never arrived.
    pub finish_reasons: Vec<String>,
    /// The host's short names for what happened, such as Envoy's response flags.
    pub flags: Vec<&'static str>,
    /// The proxy's own words on the response, such as `via_upstream`.
    pub details: Option<String>,
    /// The error the provider reported, whatever the status.
    pub error: Option<ApiError>,
}

words! {
    /// The end of an exchange in one word.
    pub enum CompletionState {
        Pending "pending" "The prompt is recorded; the answer is still to come (only with the guarantee `acknowledged`). An event with the same `request_id` supersedes this one.",
        Complete "complete" "The provider's answer is complete.",
        ClientAbort "client_abort" "The client disconnected before the answer was complete.",
        UpstreamAbort "upstream_abort" "The provider's answer ended early.",
        UpstreamError "upstream_error" "The provider reported an error: a 5xx status, or an error inside the answer.",
        Rejected "rejected" "The provider refused the call with a 4xx status.",
        LocalReply "local_reply" "The gateway answered instead of the provider.",
        Timeout "timeout" "The call exceeded a time limit of the gateway.",
        Shutdown "shutdown" "The call was still open when the gateway stopped or dropped it.",
        Redirected "redirected" "The gateway followed a redirect itself; the plugin did not see the result.",
    }
}

/// An error as the provider reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiError {
    /// The provider's class of error, such as `rate_limit_error`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The provider's code; numbers are written out.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
}

/// Token counts, `null` where the provider reported nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Usage {
    /// Where the counts come from.
    pub source: UsageSource,
    /// All input tokens, those read from and written to a cache included.
    pub input_tokens: Option<u64>,
    /// All output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache.
    pub cache_write: Option<u64>,
    /// Output tokens spent on reasoning.
    pub reasoning: Option<u64>,
}

words! {
    /// Where token counts come from. Counts are never estimated.
    #[derive(Default)]
    pub enum UsageSource {
        Reported "reported" "The provider's final counts.",
        Partial "partial" "Counts that the provider reported before the answer ended early.",
        InputOnly "input_only" "The provider reported only the input count; the output count is unknown.",
        OutputOnly "output_only" "The provider reported only the output count; the input count is unknown.",
        #[default]
        Absent "absent" "The provider reported none, and none are estimated.",
    }
}

/// When things happened, in milliseconds from the start of the request.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timing {
    /// The first byte of the response's body.
    pub first_byte_ms: Option<u64>,
}

/// The parts of a prompt in order, and a hash of all of them.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conversation {
    /// Hash of all parts, listed or not, in the form of `prompt_hash`; empty if the prompt could
    /// not be read completely. `core/PROMPT.md` specifies it.
    pub hash: String,
    /// The parts, at most 4096.
    pub parts: Vec<PromptPart>,
}

/// One part of a prompt. Its text is in `prompt_content` (`at`, `bytes`) or here (`text`,
/// `arguments`), or there are only its size and its hash.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PromptPart {
    /// The number of its message, from 0.
    pub message: u64,
    /// The message's role as written; empty if there was none.
    pub role: String,
    /// What it is.
    pub kind: Kind,
    /// Its media type, or the name of its type or member if the kind does not say everything.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The id of the tool call that it is, or that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of the tool, or the title of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where its text begins in the whole canonical text, in bytes of UTF-8. What the
    /// event contains of that text may end before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// The size of its text, or of its data, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its text, if it is not in the canonical text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The arguments of a tool call, as they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// The address or the id of data that is stored elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The hash of what the event does not contain: of a text in the form of `prompt_hash`, of data
    /// the SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// What the model answered, beyond the text of the first choice.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Response {
    /// The provider's id of the response.
    pub id: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Hash of the whole `response_content`, in the form of `prompt_hash`; empty without an answer.
    pub hash: String,
    /// Reasoning text of the first choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The first choice's refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What the provider's moderation or content filter found in prompt or answer, by its names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// What the model decided, where it was asked for decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The tool calls that the model asks for, of every choice.
    pub tool_calls: Vec<ToolCall>,
    /// What else the answer contains: results of the provider's own tools, and summaries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ResponsePart>,
    /// Every choice, when there is more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// A part of an answer that is neither its text nor a tool call. If the event does not contain all
/// of it, size and hash replace the text.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResponsePart {
    /// What it is.
    pub kind: Kind,
    /// The provider's name of its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The id of the tool call that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The size of its text in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Hash of its text, in the form of `prompt_hash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// One of several answers to the same prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// The provider's number of the choice.
    pub index: u64,
    /// Its text, or its refusal.
    pub content: String,
    /// Why it ended.
    pub finish_reason: Option<String>,
}

/// A call of a tool that the model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToolCall {
    /// The choice it belongs to.
    pub choice: u64,
    /// The provider's id of the call.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them: JSON text, unless the model erred.
    pub arguments: String,
}

words! {
    /// Where a call was recorded.
    #[derive(Default)]
    pub enum CapturePoint {
        #[default]
        Gateway "gateway" "A gateway that the call passed.",
        Sdk "sdk" "The application that made the call.",
    }
}

/// How the exchange was read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Capture {
    /// Where the call was recorded.
    pub point: CapturePoint,
    /// The wire format.
    pub api: &'static str,
    /// Whether the answer came as a stream.
    pub streamed: bool,
    /// Size of the request's body on the wire.
    pub request_bytes: u64,
    /// Size of the response's body on the wire.
    pub response_bytes: u64,
    /// SHA-256 of the request's body on the wire, whatever its size, if there is no hash of the
    /// prompt.
    pub request_hash: Option<String>,
    /// The response's content-encoding; `null` if there is none.
    pub encoding: Option<String>,
    /// What the policy lets the event contain.
    pub content: ContentPolicy,
    /// The operator's rules that apply to the call, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The event's own members whose values are the operator's, by a rule or by what was found, and not the
    /// caller's or the answer's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_by_policy: Vec<&'static str>,
    /// How many different values of each kind were replaced by tokens, by the kind's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redacted: BTreeMap<String, u64>,
    /// Whether a limit cut content of this event.
    pub truncated: bool,
    /// Why facts are missing or changed.
    pub notes: Vec<Note>,
}

/// What the gateway knows of the request. Never a credential.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gateway {
    /// The gateway's `x-request-id`.
    pub request_id: Option<String>,
    /// The `request_id` of the event that a gateway before this one recorded of the same call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer_request_id: Option<String>,
    /// The W3C trace context of the request.
    pub traceparent: Option<String>,
    /// The authority the client asked for.
    pub host: Option<String>,
    /// The path, with its query removed.
    pub path: Option<String>,
    /// The request's method.
    pub method: Option<String>,
    /// The proxy's route.
    pub route: Option<String>,
    /// The proxy's upstream cluster.
    pub cluster: Option<String>,
    /// Address of the client, as the gateway's listener determines it: of the connection, or from `x-forwarded-for`.
    pub source: Option<String>,
    /// The client's `user-agent`.
    pub user_agent: Option<String>,
    /// How many times the proxy tried upstreams.
    pub upstream_attempts: Option<u64>,
    /// The SDK's count of its own retries: above 0, this call repeats an earlier one.
    pub retry_count: Option<u64>,
    /// Name and version of the program that recorded the call.
    pub plugin: String,
}
