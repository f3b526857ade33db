//! Who serves a model, by the host that was asked.
//!
//! `core/PROVIDERS.md` lists the names with those of the OpenTelemetry conventions.

/// Hosts, or the ends of hosts after a dot, and the provider that each belongs to.
const HOSTS: &[(&str, &str)] = &[
    ("ai-gateway.helicone.ai", "helicone"),
    ("ai-gateway.vercel.sh", "vercel"),
    ("ai.azure.com", "azure"),
    ("ai.mongodb.com", "voyage"),
    ("aiplatform.googleapis.com", "vertex"),
    ("anthropic.com", "anthropic"),
    ("api-inference.huggingface.co", "huggingface"),
    ("api-inference.modelscope.cn", "modelscope"),
    ("api.ai21.com", "ai21"),
    ("api.aleph-alpha.com", "aleph_alpha"),
    ("api.cerebras.ai", "cerebras"),
    ("api.cloudflare.com", "cloudflare"),
    ("api.cohere.ai", "cohere"),
    ("api.cohere.com", "cohere"),
    ("api.deepgram.com", "deepgram"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.deepseek.com", "deepseek"),
    ("api.elevenlabs.io", "elevenlabs"),
    ("api.fireworks.ai", "fireworks"),
    ("api.friendli.ai", "friendli"),
    ("api.groq.com", "groq"),
    ("api.hyperbolic.xyz", "hyperbolic"),
    ("api.inceptionlabs.ai", "inception"),
    ("api.inference.wandb.ai", "wandb"),
    ("api.jina.ai", "jina"),
    ("api.lambda.ai", "lambda"),
    ("api.llama.com", "meta"),
    ("api.meta.ai", "meta"),
    ("api.minimax.io", "minimax"),
    ("api.minimaxi.com", "minimax"),
    ("api.mistral.ai", "mistral"),
    ("api.moonshot.ai", "moonshot"),
    ("api.moonshot.cn", "moonshot"),
    ("api.morphllm.com", "morph"),
    ("api.novita.ai", "novita"),
    ("api.openai.com", "openai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.poe.com", "poe"),
    ("api.reka.ai", "reka"),
    ("api.replicate.com", "replicate"),
    ("api.sambanova.ai", "sambanova"),
    ("api.scaleway.ai", "scaleway"),
    ("api.siliconflow.cn", "siliconflow"),
    ("api.siliconflow.com", "siliconflow"),
    ("api.stability.ai", "stability"),
    ("api.studio.nebius.ai", "nebius"),
    ("api.studio.nebius.com", "nebius"),
    ("api.together.ai", "together"),
    ("api.together.xyz", "together"),
    ("api.tokenfactory.nebius.com", "nebius"),
    ("api.upstage.ai", "upstage"),
    ("api.venice.ai", "venice"),
    ("api.voyageai.com", "voyage"),
    ("api.writer.com", "writer"),
    ("api.x.ai", "xai"),
    ("api.z.ai", "zai"),
    ("azuredatabricks.net", "databricks"),
    ("chatgpt.com", "openai"),
    ("claude.googleapis.com", "vertex"),
    ("cloud.databricks.com", "databricks"),
    ("cloudcode-pa.googleapis.com", "gemini"),
    ("codestral.mistral.ai", "mistral"),
    ("cognitiveservices.azure.com", "azure"),
    ("cognitiveservices.azure.us", "azure"),
    ("endpoints.huggingface.cloud", "huggingface"),
    ("fal.run", "fal"),
    ("gateway.ai.cloudflare.com", "cloudflare"),
    ("gcp.databricks.com", "databricks"),
    ("generativelanguage.googleapis.com", "gemini"),
    ("githubcopilot.com", "github"),
    ("inference.baseten.co", "baseten"),
    ("integrate.api.nvidia.com", "nvidia"),
    ("maas.aliyuncs.com", "alibaba"),
    ("ml.cloud.ibm.com", "watsonx"),
    ("models.github.ai", "github"),
    ("ollama.com", "ollama"),
    ("open.bigmodel.cn", "zai"),
    ("openai.azure.com", "azure"),
    ("openai.azure.us", "azure"),
    ("openrouter.ai", "openrouter"),
    ("router.huggingface.co", "huggingface"),
    ("snowflakecomputing.com", "snowflake"),
];

/// Vertex puts the region before the host with a hyphen and not with a dot.
const VERTEX: &str = "-aiplatform.googleapis.com";

/// Hosts of many things, the label that those begin with which serve models, and their provider.
const LABELED: [(&[&str], &str, &str); 4] = [
    (
        &["amazonaws.com", "amazonaws.com.cn", "api.aws"],
        "bedrock",
        "bedrock",
    ),
    (&["aliyuncs.com"], "dashscope", "alibaba"),
    (&["rep.googleapis.com"], "aiplatform", "vertex"),
    (&["volces.com"], "ark", "volcengine"),
];

/// The provider of a [`host`]; `None` if it is nobody's we know.
///
/// Hosts are compared by whole labels: `x.ai` is no part of `llamaindex.ai`.
pub fn of_host(host: &str) -> Option<&'static str> {
    if host.ends_with(VERTEX) {
        return Some("vertex");
    }
    let labeled = LABELED.iter().find(|(hosts, label, _)| {
        hosts.iter().any(|known| is_within(host, known))
            && host.split('.').any(|it| it.starts_with(label))
    });
    if let Some((_, _, provider)) = labeled {
        return Some(provider);
    }
    HOSTS
        .iter()
        .find(|(known, _)| is_within(host, known))
        .map(|(_, provider)| *provider)
}

/// The host of an authority as hosts are compared: in lower case, without a port, and without the
/// dot at the end by which a name is said to be whole.
pub fn host(authority: &str) -> String {
    let host = authority.trim().split(':').next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    host.to_ascii_lowercase()
}

pub(crate) fn is_within(host: &str, known: &str) -> bool {
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
            ("api.openai.com.:443", Some("openai")),
            ("dashscope-intl.aliyuncs.com", Some("alibaba")),
            ("oss-cn-beijing.aliyuncs.com", None),
            ("aiplatform.eu.rep.googleapis.com", Some("vertex")),
            ("spanner.eu.rep.googleapis.com", None),
            ("ark.cn-beijing.volces.com", Some("volcengine")),
            ("api.business.githubcopilot.com", Some("github")),
            ("127.0.0.1:10000", None),
            ("", None),
        ] {
            assert_eq!(of_host(&super::host(host)), provider, "{host}");
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
        for (_, label, provider) in LABELED {
            assert!(row(provider).contains(&format!("`{label}`")), "{label}");
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
