//! Members of a request that no reader takes. What a model may see of them must not be forgotten;
//! what is known to be a setting is left out.

use crate::json::{Json, Oddities};
use crate::prompt::{Kind, MessagePart, is_empty};

/// Members that hold no words for a model: how an answer is made, sent, kept and paid for, and who
/// asks. In the order of their names.
const SETTINGS: &[&str] = &[
    "additionalModelResponseFieldPaths",
    "anthropic_beta",
    "anthropic_version",
    "api_key",
    "api_version",
    "background",
    "billing",
    "cache_salt",
    "cache_ttl",
    "callback",
    "callback_url",
    "client_metadata",
    "debug",
    "encoding_format",
    "executionId",
    "extra_headers",
    "fallbacks",
    "gateway",
    "include",
    "incremental_output",
    "inference_geo",
    "keep_alive",
    "labels",
    "litellm_call_id",
    "litellm_logging_obj",
    "litellm_metadata",
    "litellm_session_id",
    "litellm_trace_id",
    "logging_id",
    "metadata",
    "models",
    "moderation",
    "performanceConfig",
    "priority",
    "project",
    "project_id",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "provider",
    "providerOptions",
    "requestMetadata",
    "request_id",
    "responseModalities",
    "response_modalities",
    "route",
    "safetySettings",
    "safety_settings",
    "schemaVersion",
    "serviceTier",
    "service_tier",
    "sessionId",
    "session_id",
    "space_id",
    "stop",
    "stream",
    "streamOptions",
    "stream_options",
    "tags",
    "trace",
    "trace_id",
    "transforms",
    "usage",
    "user",
    "userId",
    "user_id",
    "user_profile_id",
    "user_prompt_id",
    "webhook",
    "webhook_config",
    "webhook_events_filter",
    "webhooks",
];

/// What no reader took of a document, as parts beside the messages: size and hash, since nobody
/// knows what it is. In the order of the names, since members have none.
pub(super) fn left<'a>(
    oddities: &Oddities,
    document: &'a str,
) -> impl Iterator<Item = MessagePart<'a>> {
    let mut left = oddities.left(document);
    left.retain(|(name, value)| !is_setting(name) && !is_empty(Json::from(*value)));
    left.sort_by(|(one, _), (other, _)| one.cmp(other));
    let part = |(name, value): (String, &'a str)| {
        MessagePart::hashed_json(Kind::Other, Json::from(value)).typed(name)
    };
    left.into_iter().map(part)
}

fn is_setting(name: &str) -> bool {
    SETTINGS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted() {
        assert!(SETTINGS.is_sorted());
    }
}
