//! Requests to known providers that ask no model and hand over no content of a prompt.
//!
//! `core/FORMATS.md` lists them.

use crate::api::path::has_readings;

/// A path by which a provider's host is asked for other things than its models.
struct Harmless {
    /// The provider; absent where the path says it at any.
    provider: Option<&'static str>,
    /// What stands in the path; nothing where the end is enough.
    within: &'static str,
    /// The end of the path.
    end: &'static str,
}

const HARMLESS: &[Harmless] = &[
    // What is under way ends, or what is there gets a name.
    at_any("", "/cancel"),
    at_any("", "/fine_tuning/jobs"),
    at_any("/fine_tuning/", "/pause"),
    at_any("/fine_tuning/", "/resume"),
    // Files that are there already are put together or made searchable.
    at_any("", "/uploads"),
    at_any("/uploads/", "/complete"),
    at_any("", "/vector_stores"),
    at_any("/vector_stores/", "/files"),
    at_any("/vector_stores/", "/file_batches"),
    at_any("", "/containers"),
    // Who may do what.
    at_any("/organization/", ""),
    at_any("/organizations/", ""),
    at_any("", "/oauth/token"),
    at_any("", "/oauth2/token"),
    // Models are fetched and shown, as Ollama does it.
    at_any("", "/api/show"),
    at_any("", "/api/pull"),
    at_any("", "/api/push"),
    at_any("", "/api/copy"),
    // How clients fare.
    at("anthropic", "/api/claude_code/", ""),
    at("anthropic", "/api/event_logging/", ""),
    at("gemini", "", ":loadCodeAssist"),
    at("gemini", "", ":onboardUser"),
    at("gemini", "", ":recordCodeAssistMetrics"),
    at("gemini", "", ":retrieveUserQuota"),
    // Databases and workspaces that have models beside other things.
    at("databricks", "/api/2.0/sql/", ""),
    at("databricks", "/oidc/", ""),
    at("snowflake", "/queries/", ""),
    at("snowflake", "/session/", ""),
    at("snowflake", "/telemetry/", ""),
    at("snowflake", "/api/v2/statements", ""),
];

/// Hosts that serve more than models, and what stands in the paths of those that they serve.
const MORE_THAN_MODELS: [(&str, &str); 2] = [
    ("api.cloudflare.com", "/ai/"),
    ("chatgpt.com", "/backend-api/"),
];

/// Whether a request to a known provider asks no model. Only a path that is written as clients
/// write it is taken for what it says.
pub(super) fn is_harmless(host: &str, path: &str, provider: &str) -> bool {
    if has_readings(path) {
        return false;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut shared = MORE_THAN_MODELS.iter();
    if shared.any(|(shared, within)| host == *shared && !path.contains(within)) {
        return true;
    }
    HARMLESS.iter().any(|harmless| {
        let is_there = harmless.provider.is_none_or(|name| name == provider);
        is_there && path.contains(harmless.within) && path.ends_with(harmless.end)
    })
}

const fn at_any(within: &'static str, end: &'static str) -> Harmless {
    Harmless {
        provider: None,
        within,
        end,
    }
}

const fn at(provider: &'static str, within: &'static str, end: &'static str) -> Harmless {
    Harmless {
        provider: Some(provider),
        within,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_harmless_path_is_documented() {
        let document = include_str!("../../../FORMATS.md");
        for Harmless { within, end, .. } in HARMLESS {
            let path = [*within, end].concat();
            assert!(
                document.contains(&*path) || document.contains(end) && document.contains(within),
                "{path}"
            );
        }
    }
}
