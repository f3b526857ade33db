//! Who serves a model, by the host that was asked.
//!
//! `core/PROVIDERS.md` lists the names with those of the OpenTelemetry conventions.

use crate::api::Format;

/// Hosts, or the ends of hosts after a dot, and the provider that each belongs to.
const HOSTS: &[(&str, &str)] = &[
    ("ai.azure.com", "azure"),
    ("aiplatform.googleapis.com", "vertex"),
    ("anthropic.com", "anthropic"),
    ("api.aleph-alpha.com", "aleph_alpha"),
    ("api.cerebras.ai", "cerebras"),
    ("api.cohere.ai", "cohere"),
    ("api.cohere.com", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.fireworks.ai", "fireworks"),
    ("api.githubcopilot.com", "github"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral"),
    ("api.moonshot.ai", "moonshot"),
    ("api.moonshot.cn", "moonshot"),
    ("api.openai.com", "openai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.replicate.com", "replicate"),
    ("api.together.ai", "together"),
    ("api.together.xyz", "together"),
    ("api.voyageai.com", "voyage"),
    ("api.writer.com", "writer"),
    ("api.x.ai", "xai"),
    ("api.z.ai", "zai"),
    ("azuredatabricks.net", "databricks"),
    ("claude.googleapis.com", "vertex"),
    ("cloud.databricks.com", "databricks"),
    ("codestral.mistral.ai", "mistral"),
    ("cognitiveservices.azure.com", "azure"),
    ("dashscope-intl.aliyuncs.com", "alibaba"),
    ("dashscope-us.aliyuncs.com", "alibaba"),
    ("dashscope.aliyuncs.com", "alibaba"),
    ("endpoints.huggingface.cloud", "huggingface"),
    ("gcp.databricks.com", "databricks"),
    ("generativelanguage.googleapis.com", "gemini"),
    ("ml.cloud.ibm.com", "watsonx"),
    ("models.github.ai", "github"),
    ("openai.azure.com", "azure"),
    ("openrouter.ai", "openrouter"),
    ("router.huggingface.co", "huggingface"),
    ("snowflakecomputing.com", "snowflake"),
];

/// Vertex puts the region before the host with a hyphen and not with a dot.
const VERTEX: &str = "-aiplatform.googleapis.com";

/// Amazon's hosts are many things; Bedrock's have a label that begins with its name.
const AMAZON: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "api.aws"];
const BEDROCK: &str = "bedrock";

/// A host that the configuration names.
#[derive(Debug, Clone)]
pub struct OwnHost {
    /// The host, in lower case; it counts with everything before it, at a dot.
    pub host: String,
    /// Who serves the models there.
    pub name: String,
    /// How calls to paths are read by which no format is known.
    pub format: Option<&'static Format>,
}

impl OwnHost {
    /// Whether a host, which may carry a port, is this one.
    pub fn is_host(&self, host: &str) -> bool {
        is_within(&without_port(host), &self.host)
    }
}

/// The provider of a host, which may carry a port; `None` if it is nobody's we know.
///
/// Hosts are compared by whole labels: `x.ai` is no part of `llamaindex.ai`.
pub fn of_host(host: &str) -> Option<&'static str> {
    let host = without_port(host);
    if host.ends_with(VERTEX) {
        return Some("vertex");
    }
    let is_amazons = AMAZON.iter().any(|known| is_within(&host, known));
    if is_amazons && host.split('.').any(|label| label.starts_with(BEDROCK)) {
        return Some("bedrock");
    }
    HOSTS
        .iter()
        .find(|(known, _)| is_within(&host, known))
        .map(|(_, provider)| *provider)
}

fn without_port(host: &str) -> String {
    let host = host.split(':').next().unwrap_or_default();
    host.to_ascii_lowercase()
}

fn is_within(host: &str, known: &str) -> bool {
    host.strip_suffix(known)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::FORMATS;

    #[test]
    fn hosts_are_known_by_whole_labels() {
        for (host, provider) in [
            ("api.openai.com", Some("openai")),
            ("EU.API.OpenAI.com:443", Some("openai")),
            ("my.openai.azure.com", Some("azure")),
            (
                "bedrock-runtime.eu-central-1.amazonaws.com",
                Some("bedrock"),
            ),
            (
                "vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
                Some("bedrock"),
            ),
            ("my-app.eu-central-1.elb.amazonaws.com", None),
            ("europe-west4-aiplatform.googleapis.com", Some("vertex")),
            ("api.x.ai", Some("xai")),
            ("api.cloud.llamaindex.ai", None),
            ("notapi.openai.com.evil.example", None),
            ("evilapi.openai.com", None),
            ("127.0.0.1:10000", None),
            ("", None),
        ] {
            assert_eq!(of_host(host), provider, "{host}");
        }
    }

    #[test]
    fn every_provider_is_documented() {
        let document = include_str!("../PROVIDERS.md");
        let row = |provider: &str| {
            let start = format!("| `{provider}` |");
            let row = document.lines().find(|line| line.starts_with(&start));
            row.unwrap_or_else(|| panic!("{provider} has no row"))
        };
        for (host, provider) in HOSTS {
            assert!(row(provider).contains(&format!("`{host}`")), "{host}");
        }
        for format in FORMATS {
            assert_eq!(
                row(format.provider).split('|').count(),
                5,
                "{}",
                format.name
            );
        }
    }
}
