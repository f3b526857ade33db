//! The configuration as written: its shape, its defaults and its ranges.
//!
//! With the feature `schema` this is also the source of the published JSON Schema, to which the
//! documentation of each member goes.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::ConfigError;
use crate::api::{FORMATS, Format};
use crate::capture::PromptFormat;
use crate::event::limits::{BATCH_BYTES_MAX, BATCH_LINES_MAX};
use crate::host::Host;
use crate::identity::{Certificate, Field};
use crate::rules::Applies;

mod content;
mod decision;
mod rules;
mod seal;

pub(super) use content::RawContent;
pub(super) use decision::{RawDecision, RawDecisionSource, RawToolCall};
pub(super) use rules::{RawPattern, RawPatterns, RawRedact, RawRule, RawValues, RawWhen};
pub(super) use seal::{RawRecipient, RawSeal};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// A size as the end of a range.
#[expect(
    clippy::as_conversions,
    reason = "no size has more than 64 bits, and `From` is not for constants yet"
)]
const fn size(size: usize) -> u64 {
    size as u64
}

/// Reads the shape and the ranges; how members fit together is checked later.
pub(super) fn read(json: &[u8], host: &Host) -> Result<RawPolicy, ConfigError> {
    if !json.trim_ascii_start().starts_with(b"{") {
        let reason = format!("not a JSON object{}", host.json_hint);
        return Err(ConfigError::new("", reason));
    }
    let value: Value = serde_json::from_slice(json).map_err(|error| ConfigError::new("", error))?;
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let policy = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "" } else { &path };
        ConfigError::new(path, reason(&error.into_inner()))
    })?;
    no_lists(&value, "", false)?;
    Ok(policy)
}

/// Members that may be lists. An object could be read from a list of its members' values, too, which is nobody's
/// intention.
const LISTS: [&str; 23] = [
    "cluster",
    "compliance_tags",
    "confidence_score",
    "decision_outcome",
    "decision_type",
    "fields",
    "format",
    "host",
    "kinds",
    "method",
    "model",
    "organization_id",
    "path",
    "patterns",
    "provider",
    "providers",
    "reasoning",
    "recipients",
    "risk_level",
    "route",
    "rules",
    "session_id",
    "user_id",
];

/// Refuses a list in the place of an object.
fn no_lists(value: &Value, path: &str, may_be_list: bool) -> Result<(), ConfigError> {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let at = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                // What stands in metadata is anything, and a header has any name.
                let is_header = path.ends_with(".match.header");
                if name != "metadata" {
                    no_lists(value, &at, is_header || LISTS.contains(&name.as_str()))?;
                }
            }
        }
        Value::Array(_) if !may_be_list => {
            return Err(ConfigError::new(
                path,
                "invalid type: sequence, expected an object",
            ));
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                no_lists(item, &format!("{path}[{number}]"), false)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Why a member is refused. Text that is no JSON is told with its place, a value by its path.
fn reason(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    // The text is JSON: only what is to be one of several words or objects is refused as if it were not.
    if error.is_syntax() {
        return "must be a word, or an object with exactly one member".to_owned();
    }
    match reason.strip_suffix(&place) {
        Some(short) if error.is_data() => short.to_owned(),
        _ => reason,
    }
}

/// The configuration of the AI Audit Layer's proxy-wasm plugin.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PluginConfiguration"))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPolicy {
    /// The organization that events belong to, in at most 1024 bytes. Default: the environment
    /// variable AUDIT_LAYER_ORG_ID.
    pub(super) organization_id: Option<RawString>,
    /// Where events are sent.
    pub(super) audit_api: RawAuditApi,
    /// How events are delivered.
    pub(super) delivery: RawDelivery,
    /// What is captured from each exchange.
    pub(super) capture: RawCapture,
    /// Who makes a call: where user_id and session_id come from, and which callers' headers are believed.
    pub(super) identity: RawIdentity,
    /// Where the members of a decision come from.
    pub(super) decision: RawDecision,
    /// What is said of some calls, and how much of them an event contains, by rules in order.
    pub(super) rules: Vec<RawRule>,
    /// Which of the rules that match a call apply. Default: the first alone.
    pub(super) rules_apply: Option<Applies>,
    /// What is replaced by tokens where content is redacted.
    pub(super) redact: RawRedact,
    /// For whom sealed content is encrypted.
    pub(super) seal: RawSeal,
    /// What this gateway tells the next gateway.
    pub(super) gateway: RawGateway,
    /// The providers at your own hosts, clusters or routes. The first match wins, and precedes the
    /// hosts that the plugin knows.
    pub(super) providers: Vec<RawProvider>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAuditApi {
    /// The proxy's name for the upstream that receives the events; required.
    pub(super) cluster: Option<RawString>,
    /// Root URL of the audit API. Default: the environment variable AUDIT_LAYER_API_URL, or else
    /// https://api.auditlayer.io/v1. Whether TLS is used depends on the cluster.
    pub(super) url: Option<RawString>,
    /// Bearer key. Default: the environment variable AUDIT_LAYER_API_KEY; without either, requests
    /// carry no key.
    pub(super) api_key: Option<RawString>,
    /// Timeout of one delivery, in milliseconds.
    pub(super) timeout_ms: Bounded<5_000, 1, { 10 * MINUTE_MS }>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDelivery {
    /// When events are sent, and how many at once.
    pub(super) batch: RawBatch,
    /// How many undelivered events each worker keeps; beyond that, the oldest become dead letters.
    pub(super) queue: RawQueue,
    /// What follows a failed attempt: exponential backoff with full jitter.
    pub(super) retry: RawRetry,
    /// How events that cannot be delivered are written to the proxy's log.
    pub(super) dead_letter: RawDeadLetter,
    /// Whether calls wait for the audit API.
    pub(super) guarantee: RawGuarantee,
    /// With the guarantee acknowledged: how long an answer waits for the record of its prompt, in
    /// milliseconds; after that the client gets 503.
    pub(super) hold_ms: Bounded<5_000, 1, { 10 * MINUTE_MS }>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDeadLetter {
    /// Secret for the MAC that proves to `audit-layer import` that this gateway wrote a dead letter.
    /// Default: the environment variable AUDIT_LAYER_DEAD_LETTER_KEY, or else the key of the audit API;
    /// without any, dead letters prove nothing.
    pub(super) key: Option<RawString>,
    /// How much of an event is written to the log.
    pub(super) content: RawDeadLetterContent,
}

/// How much of an event a dead letter contains.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum RawDeadLetterContent {
    /// All of it.
    #[default]
    Full,
    /// Who, when, which model, how it ended, hashes and counts. Prompt, answer, reasoning, parameters
    /// and the caller's metadata are omitted.
    None,
}

/// What is guaranteed to callers.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum RawGuarantee {
    /// No call waits; events follow when calls have ended.
    #[default]
    Async,
    /// No answer reaches a client before the audit API has acknowledged a record of the prompt.
    Acknowledged,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBatch {
    /// Path below the URL that accepts NDJSON, such as /audit/log/batch. Default: each event is sent
    /// alone to /audit/log.
    pub(super) path: Option<RawString>,
    /// A batch is sent when it reaches this many events,
    pub(super) max_events: Bounded<100, 1, { size(BATCH_LINES_MAX) }>,
    /// or this many bytes,
    pub(super) max_bytes: Bounded<{ MIB }, 1, { size(BATCH_BYTES_MAX) }>,
    /// or when its first event has waited this long, in milliseconds.
    pub(super) linger_ms: Bounded<200, 0, { MINUTE_MS }>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawQueue {
    /// The maximum number of events.
    pub(super) max_events: Bounded<10_000, 1, 1_000_000>,
    /// The maximum bytes of events.
    pub(super) max_bytes: Bounded<{ 32 * MIB }, { MIB }, { 512 * MIB }>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetry {
    /// Upper bound of the first wait, in milliseconds; each further failure doubles it.
    pub(super) base_ms: Bounded<100, 1, { MINUTE_MS }>,
    /// Upper bound of every wait, in milliseconds.
    pub(super) max_ms: Bounded<30_000, 1, { HOUR_MS }>,
    /// Age in milliseconds from which an event that fails again becomes a dead letter.
    pub(super) max_age_ms: Bounded<600_000, { SECOND_MS }, { 24 * HOUR_MS }>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCapture {
    /// How much of prompts and answers an event contains: one level for both, or one for each.
    pub(super) content: RawContent,
    /// Layout of the canonical prompt text.
    pub(super) prompt_format: PromptFormat,
    /// Form of prompt and answer hashes. Default: sha256 if all content is full, or else hmac-sha256, since
    /// what is left out could be guessed from a plain hash.
    pub(super) hash: Option<RawHash>,
    /// Key of the hash hmac-sha256. Default: the environment variable AUDIT_LAYER_HASH_KEY.
    pub(super) hash_key: Option<RawString>,
    /// How much is read and kept of each exchange.
    pub(super) limits: RawLimits,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawIdentity {
    /// Which of the x-audit-* headers of callers are believed. What is not believed is recorded as
    /// claimed.
    pub(super) trust: RawTrust,
    /// Sources of user_id; the first that has a value counts. Default: caller, body.
    pub(super) user_id: Option<Vec<RawSource>>,
    /// Sources of session_id; the first that has a value counts. Default: caller, body.
    pub(super) session_id: Option<Vec<RawSource>>,
    /// Sources of organization_id; the first that has a value counts, or else the configuration's organization_id.
    /// Not caller, body, body_member or unverified_jwt_claim: a caller must not choose whose log a call is in. Default: none.
    pub(super) organization_id: Vec<RawSource>,
    /// Secret key of the fingerprints that the source api_key makes.
    pub(super) fingerprint_key: Option<RawString>,
}

/// Which of the callers' own headers are believed.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTrust {
    /// All of them.
    #[default]
    All,
    /// None of them.
    None,
    /// Those of these fields.
    Fields(Vec<Field>),
}

/// Where user_id or session_id comes from.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum RawSource {
    /// The caller's own header, x-audit-user-id or x-audit-session-id, if it is trusted.
    Caller,
    /// The members of the request's body that the wire format has for it.
    Body,
    /// A member of the request's body, by a JSON Pointer (RFC 6901) such as /metadata/user.
    BodyMember(String),
    /// A keyed fingerprint of the request's API key.
    ApiKey,
    /// The address of the client, without its port: that of the connection, or what x-forwarded-for says, as the
    /// gateway's listener has it.
    PeerAddress,
    /// A header of the request, by its name: one that a filter or a proxy in front sets.
    Header(RawString),
    /// A claim of a JWT that the gateway has verified.
    JwtClaim(RawClaim),
    /// Issuer and subject of such a JWT, joined by a slash, as Istio writes a request principal.
    JwtPrincipal(RawPayload),
    /// A claim of the bearer token, whose signature nobody verifies: any caller can write what they like.
    UnverifiedJwtClaim(RawPath),
    /// A field of the client's certificate.
    Certificate(Certificate),
    /// Always the same text.
    Constant(RawString),
}

/// A claim of a verified JWT.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawClaim {
    /// The name under which the gateway keeps the claims: payload_in_metadata of Envoy's jwt_authn.
    #[serde(default = "payload")]
    pub(super) payload: RawString,
    /// The names on the way to the claim, such as ["sub"] or ["realm_access", "user"].
    pub(super) path: Vec<String>,
}

/// The claims of a verified JWT.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawPayload {
    /// The name under which the gateway keeps the claims: payload_in_metadata of Envoy's jwt_authn.
    #[serde(default = "payload")]
    pub(super) payload: RawString,
}

/// A claim of a token that nobody verifies.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawPath {
    /// The names on the way to the claim, such as ["sub"] or ["realm_access", "user"].
    pub(super) path: Vec<String>,
}

/// The name that Istio has for it.
fn payload() -> RawString {
    RawString::Literal("payload".to_owned())
}

#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGateway {
    /// Whether requests are forwarded with the header audit-layer-hop, which tells the plugin in
    /// another proxy that this call is already recorded. Without a key of the audit API there is no
    /// header.
    pub(super) hop_header: bool,
}

impl Default for RawGateway {
    fn default() -> Self {
        Self { hop_header: true }
    }
}

/// The forms of a hash.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawHash {
    /// With the prefix sha256:
    Sha256,
    /// SHA-256 without a prefix, as the client wrappers write it.
    Bare,
    /// Keyed, so that short content cannot be guessed from it.
    HmacSha256,
}

#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    /// Bytes of a request's body that are read.
    pub(super) request_bytes: Bounded<{ 4 * MIB }, { KIB }, { 64 * MIB }>,
    /// Bytes of a response's body that are read; the events of a stream are read one by one.
    pub(super) response_bytes: Bounded<{ 4 * MIB }, { KIB }, { 64 * MIB }>,
    /// Bytes of text that an event carries of the prompt, and of the answer.
    pub(super) content_bytes: Bounded<{ MIB }, { KIB }, { 64 * MIB }>,
}

/// Model servers, by at least one of host, cluster and route; all that are given must match.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = [
    {"required": ["host"]}, {"required": ["cluster"]}, {"required": ["route"]},
])))]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    /// The host that clients ask for, without a port; its subdomains match too.
    pub(super) host: Option<RawString>,
    /// The proxy's name for the upstream to which it sends the call.
    pub(super) cluster: Option<RawString>,
    /// The proxy's name for the route that it uses.
    pub(super) route: Option<RawString>,
    /// Who serves the models: the event's model_provider.
    pub(super) name: RawString,
    /// The format of calls to paths that have no known format, such as openai.chat_completions.
    /// Default: such calls produce an event without content.
    pub(super) format: Option<RawFormat>,
}

/// A wire format, by its name in events.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawFormat(pub(super) &'static Format);

impl<'de> Deserialize<'de> for RawFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Format::named(&name).map(Self).ok_or_else(|| {
            let known: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
            let known = known.join(", ");
            de::Error::custom(format_args!("must be one of {known}"))
        })
    }
}

/// A whole number with its default and its range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounded<const DEFAULT: u64, const MIN: u64, const MAX: u64>(u64);

impl<const DEFAULT: u64, const MIN: u64, const MAX: u64> Bounded<DEFAULT, MIN, MAX> {
    pub(super) fn get(self) -> u64 {
        self.0
    }

    /// As a size in memory.
    pub(super) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const DEFAULT: u64, const MIN: u64, const MAX: u64> Default for Bounded<DEFAULT, MIN, MAX> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: u64, const MIN: u64, const MAX: u64> Deserialize<'de>
    for Bounded<DEFAULT, MIN, MAX>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number if number < MIN => {
                Err(de::Error::custom(format_args!("must be at least {MIN}")))
            }
            number if number > MAX => Err(de::Error::custom(format_args!("must be at most {MAX}"))),
            number => Ok(Self(number)),
        }
    }
}

/// Any string of the configuration: itself, or `{"env": "NAME"}`.
#[derive(Debug)]
pub(super) enum RawString {
    Literal(String),
    Env(String),
}

impl<'de> Deserialize<'de> for RawString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawStringVisitor)
    }
}

struct RawStringVisitor;

impl<'de> Visitor<'de> for RawStringVisitor {
    type Value = RawString;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or {\"env\": \"NAME\"}")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawString, E> {
        Ok(RawString::Literal(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawString, A::Error> {
        let only_env = || de::Error::custom("expected the one member \"env\"");
        match map.next_entry::<String, String>()? {
            Some((member, name)) if member == "env" => match map.next_key::<String>()? {
                None => Ok(RawString::Env(name)),
                Some(_) => Err(only_env()),
            },
            _ => Err(only_env()),
        }
    }
}
