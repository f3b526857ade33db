//! Which format a call speaks: by its path, its host and its headers, before its body has come.

use super::{
    Format, aleph_alpha_complete, anthropic_complete, anthropic_messages, bedrock_converse,
    bedrock_invoke, cohere_chat, cohere_embed, cohere_v1, decisions, google_embed_content,
    google_generate_content, google_interactions, llama_cpp_completion, mistral_conversations,
    ollama, ollama_embed, openai_assistants, openai_chat, openai_completions, openai_embeddings,
    openai_images, openai_moderations, openai_responses, openai_speech, openai_transcriptions,
    replicate_predictions, sagemaker_invocations, tgi_generate, unread, watsonx_text_generation,
};
use crate::headers::Headers;
use crate::provider::{self, OwnHost};

/// What a call is known to be by the headers of its request.
#[derive(Debug, Clone)]
pub struct Identity {
    /// How it is read.
    pub format: &'static Format,
    /// Who serves the model.
    pub provider: String,
    /// Whether the body must still show that it is one.
    pub evidence: Evidence,
}

/// How sure it is that a request calls a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Path or host are nobody else's.
    Enough,
    /// Other services have such paths too: it is one if its body has a prompt.
    NeedsPrompt,
}

/// Paths by which a format is known.
struct Route {
    /// The end of the path, without the query.
    end: &'static str,
    /// What stands somewhere before it; mostly nothing.
    within: &'static str,
    format: &'static Format,
    condition: Condition,
}

/// When a path counts.
#[derive(Clone, Copy, PartialEq)]
enum Condition {
    /// Always.
    Always,
    /// At the hosts of that provider.
    At(&'static str),
    /// At the hosts of any known provider.
    AtAny,
    /// At the hosts of any known provider; elsewhere if the body has a prompt.
    WithPrompt,
    /// If the body has a prompt: models of all kinds have such paths.
    IfPrompt,
    /// At the hosts of that provider if the body has a prompt: other models have such paths too.
    AtIfPrompt(&'static str),
}

/// Whose models Vertex serves as they came.
const ANTHROPIC: &str = "/publishers/anthropic/";
const MISTRAL: &str = "/publishers/mistralai/";

/// Of several that fit, the first counts.
const ROUTES: &[Route] = {
    use Condition::{Always, At, AtAny, AtIfPrompt, IfPrompt, WithPrompt};
    &[
        route("/chat/completions", &openai_chat::FORMAT, Always),
        // Mistral's agents, before the texts.
        route("/agents/completions", &openai_chat::FORMAT, Always),
        route("/completions", &openai_completions::FORMAT, Always),
        route("/api/embed", &ollama_embed::FORMAT, WithPrompt),
        route("/api/embeddings", &ollama_embed::FORMAT, WithPrompt),
        route("/embeddings", &openai_embeddings::FORMAT, Always),
        route("/responses", &openai_responses::FORMAT, Always),
        route("/responses/compact", &openai_responses::FORMAT, Always),
        route("/v1/decisions", &decisions::GOOGLE, At("gemini")),
        route("/v1beta/decisions", &decisions::GOOGLE, WithPrompt),
        route("/decisions", &decisions::OPENAI, At("openai")),
        route("/v1/decisions", &decisions::OPENAI, WithPrompt),
        route("/moderations", &openai_moderations::FORMAT, WithPrompt),
        route("/images/generations", &openai_images::FORMAT, WithPrompt),
        route("/images/edits", &openai_images::FORMAT, WithPrompt),
        route("/images/variations", &openai_images::FORMAT, WithPrompt),
        route("/audio/speech", &openai_speech::FORMAT, WithPrompt),
        route(
            "/audio/transcriptions",
            &openai_transcriptions::FORMAT,
            WithPrompt,
        ),
        route(
            "/audio/translations",
            &openai_transcriptions::FORMAT,
            WithPrompt,
        ),
        // LangGraph's runs have such paths, too.
        Route {
            condition: WithPrompt,
            ..within("/threads/", "/runs", &openai_assistants::FORMAT)
        },
        Route {
            condition: WithPrompt,
            ..within(
                "/threads/",
                "/submit_tool_outputs",
                &openai_assistants::FORMAT,
            )
        },
        // OpenAI's are only kept there, and asked by responses.
        route(
            "/conversations",
            &mistral_conversations::FORMAT,
            At("mistral"),
        ),
        Route {
            condition: At("mistral"),
            ..within("/conversations/", "", &mistral_conversations::CONTINUED)
        },
        route("/v1/chat", &openai_chat::FORMAT, At("writer")),
        route("/v1/messages", &anthropic_messages::FORMAT, Always),
        route("/v1/complete", &anthropic_complete::FORMAT, WithPrompt),
        route("/count-tokens:rawPredict", &unread::TOKEN_COUNT, Always),
        within(ANTHROPIC, ":rawPredict", &anthropic_messages::FORMAT),
        within(ANTHROPIC, ":streamRawPredict", &anthropic_messages::FORMAT),
        within(MISTRAL, ":rawPredict", &openai_chat::FORMAT),
        within(MISTRAL, ":streamRawPredict", &openai_chat::FORMAT),
        route("/api/chat", &ollama::FORMAT, Always),
        route("/api/generate", &ollama::FORMAT, Always),
        route(":generateContent", &google_generate_content::FORMAT, Always),
        route(
            ":streamGenerateContent",
            &google_generate_content::FORMAT,
            Always,
        ),
        within("/model/", "/converse", &bedrock_converse::FORMAT),
        within("/model/", "/converse-stream", &bedrock_converse::FORMAT),
        within("/model/", "/invoke", &bedrock_invoke::FORMAT),
        within(
            "/model/",
            "/invoke-with-response-stream",
            &bedrock_invoke::FORMAT,
        ),
        route("/interactions", &google_interactions::FORMAT, WithPrompt),
        route(":embedContent", &google_embed_content::FORMAT, Always),
        route(":batchEmbedContents", &google_embed_content::FORMAT, Always),
        route(
            ":predict",
            &google_embed_content::FORMAT,
            AtIfPrompt("vertex"),
        ),
        route("/v2/chat", &cohere_chat::FORMAT, WithPrompt),
        route("/v1/chat", &cohere_v1::CHAT, WithPrompt),
        route("/v1/generate", &cohere_v1::GENERATE, WithPrompt),
        route("/v1/embed", &cohere_embed::EMBED, WithPrompt),
        route("/v2/embed", &cohere_embed::EMBED, WithPrompt),
        route("/rerank", &cohere_embed::RERANK, WithPrompt),
        route("/messages/count_tokens", &unread::TOKEN_COUNT, Always),
        route("/responses/input_tokens", &unread::TOKEN_COUNT, Always),
        route(":countTokens", &unread::TOKEN_COUNT, Always),
        route(":computeTokens", &unread::TOKEN_COUNT, Always),
        within(
            "/model/",
            "/invoke-with-bidirectional-stream",
            &unread::BEDROCK_BIDIRECTIONAL,
        ),
        within("/model/", "/count-tokens", &unread::TOKEN_COUNT),
        route("/messages/batches", &unread::BATCH, Always),
        route("/batches", &unread::BATCH, AtAny),
        route("/batch/jobs", &unread::BATCH, At("mistral")),
        route(":batchGenerateContent", &unread::BATCH, Always),
        route(":asyncBatchEmbedContent", &unread::BATCH, Always),
        route("/batchPredictionJobs", &unread::BATCH, At("vertex")),
        route("/async-invoke", &unread::BATCH, At("bedrock")),
        route("/model-invocation-job", &unread::BATCH, At("bedrock")),
        within("/ml/", "/generation/text", &watsonx_text_generation::FORMAT),
        within(
            "/ml/",
            "/generation/text_stream",
            &watsonx_text_generation::FORMAT,
        ),
        within("/ml/", "/text/generation", &watsonx_text_generation::FORMAT),
        within(
            "/ml/",
            "/text/generation_stream",
            &watsonx_text_generation::FORMAT,
        ),
        within("/ml/", "/text/chat", &openai_chat::FORMAT),
        within("/ml/", "/text/chat_stream", &openai_chat::FORMAT),
        route("/predictions", &replicate_predictions::FORMAT, IfPrompt),
        route("/complete", &aleph_alpha_complete::FORMAT, WithPrompt),
        route("/completion", &llama_cpp_completion::FORMAT, WithPrompt),
        route("/infill", &llama_cpp_completion::FORMAT, WithPrompt),
        route("/invocations", &sagemaker_invocations::FORMAT, IfPrompt),
        route(
            "/invocations-response-stream",
            &sagemaker_invocations::FORMAT,
            IfPrompt,
        ),
        route("/generate", &tgi_generate::FORMAT, WithPrompt),
        route("/generate_stream", &tgi_generate::FORMAT, WithPrompt),
        // Endpoints have no path at all, or the model's name.
        route("", &tgi_generate::FORMAT, AtIfPrompt("huggingface")),
    ]
};

const fn route(end: &'static str, format: &'static Format, condition: Condition) -> Route {
    Route {
        end,
        within: "",
        format,
        condition,
    }
}

const fn within(within: &'static str, end: &'static str, format: &'static Format) -> Route {
    Route {
        end,
        within,
        format,
        condition: Condition::Always,
    }
}

/// What a call is, by the headers of its request; `None` if it is no call of a model.
///
/// Formats are known by paths, as gateways rewrite hosts and self-hosted servers have any; `own`
/// are the hosts that the configuration names.
pub fn identify(headers: Headers<'_>, own: &[OwnHost]) -> Option<Identity> {
    let host = headers.str(":authority").unwrap_or_default();
    let own = own.iter().find(|own| own.is_host(host));
    let known = own.map_or_else(|| provider::of_host(host), |own| Some(&*own.name));
    let identity = |format: &'static Format, evidence| Identity {
        format,
        provider: known.unwrap_or(format.provider).to_owned(),
        evidence,
    };
    if let Some(format) = other_protocol(headers) {
        return known.map(|_| identity(format, Evidence::Enough));
    }
    if headers.str(":method") != Some("POST") {
        return None;
    }
    let path = without_query(headers.str(":path")?);
    if let Some((format, evidence)) = of_path(path, known) {
        return Some(identity(format, evidence));
    }
    Some(identity(own?.format?, Evidence::Enough))
}

/// WebSocket, of HTTP/1 (RFC 6455) or HTTP/2 (RFC 8441), and gRPC.
fn other_protocol(headers: Headers<'_>) -> Option<&'static Format> {
    let is = |name, value: &str| {
        let found = headers.str(name).unwrap_or_default();
        found
            .get(..value.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(value))
    };
    if is("upgrade", "websocket") || is(":protocol", "websocket") {
        return Some(&unread::WEBSOCKET);
    }
    is("content-type", "application/grpc").then_some(&unread::GRPC)
}

fn of_path(path: &str, provider: Option<&str>) -> Option<(&'static Format, Evidence)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let found = ROUTES.iter().find(|route| {
        let fits = path.ends_with(route.end) && path.contains(route.within);
        fits && match route.condition {
            Condition::At(name) | Condition::AtIfPrompt(name) => provider == Some(name),
            Condition::AtAny => provider.is_some(),
            Condition::Always | Condition::WithPrompt | Condition::IfPrompt => true,
        }
    })?;
    Some((found.format, found.condition.evidence(provider)))
}

impl Condition {
    fn evidence(self, provider: Option<&str>) -> Evidence {
        match self {
            Self::Always | Self::At(_) | Self::AtAny => Evidence::Enough,
            Self::WithPrompt if provider.is_some() => Evidence::Enough,
            Self::WithPrompt | Self::IfPrompt | Self::AtIfPrompt(_) => Evidence::NeedsPrompt,
        }
    }
}

/// A path without its query, which may hold a key and so is never recorded.
pub fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::FORMATS;

    fn identity(own: &[OwnHost], pairs: &[(&str, &str)]) -> Option<Identity> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        identify(Headers(&pairs), own)
    }

    /// The format and the provider of a call, if it is one.
    fn post(own: &[OwnHost], host: &str, path: &str) -> Option<(&'static str, String)> {
        let pairs = [(":method", "POST"), (":authority", host), (":path", path)];
        let identity = identity(own, &pairs)?;
        Some((identity.format.name, identity.provider))
    }

    #[test]
    fn a_format_is_known_by_the_end_of_the_path_on_any_host() {
        for (path, name) in [
            ("/v1/chat/completions", Some("openai.chat_completions")),
            (
                "/openai/deployments/x/chat/completions/?api-version=1",
                Some("openai.chat_completions"),
            ),
            ("/v1/completions", Some("openai.completions")),
            ("/v1/messages", Some("anthropic.messages")),
            ("/v1/messages/count_tokens", Some("token_count")),
            (
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:streamRawPredict",
                Some("anthropic.messages"),
            ),
            (
                "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
                Some("token_count"),
            ),
            (
                "/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict",
                Some("openai.chat_completions"),
            ),
            ("/v1/publishers/other/models/m:rawPredict", None),
            ("/model/a%2Fb/converse-stream", Some("bedrock.converse")),
            ("/model/a/invoke", Some("bedrock.invoke_model")),
            ("/model/a/count-tokens", Some("token_count")),
            ("/invoke", None),
            ("/v1/messages/batches", Some("batch")),
            ("/v1/decisions", Some("openai.decisions")),
            ("/v1beta/decisions", Some("google.decisions")),
            ("/decisions", None),
            ("/v1/batches", None),
            ("/messages", None),
            ("/", None),
            ("", None),
        ] {
            let found = post(&[], "10.0.0.1", path).map(|(name, _)| name);
            assert_eq!(found, name, "{path}");
        }
        let get = [(":method", "GET"), (":path", "/v1/chat/completions")];
        assert!(identity(&[], &get).is_none());
    }

    #[test]
    fn what_is_shared_with_other_services_counts_at_known_hosts_only() {
        let batch = |host| post(&[], host, "/v1/batches");
        assert_eq!(
            batch("api.openai.com"),
            Some(("batch", "openai".to_owned()))
        );
        assert_eq!(batch("batches.example"), None);
        let predict = "/v1/projects/p/locations/l/publishers/google/models/m:predict";
        let is_read = |host| post(&[], host, predict).is_some();
        assert!(is_read("us-central1-aiplatform.googleapis.com"));
        assert!(!is_read("10.0.0.1"));
        for (name, value) in [
            ("upgrade", "WebSocket"),
            ("content-type", "application/grpc+proto"),
        ] {
            let at = |host| {
                identity(
                    &[],
                    &[
                        (":method", "GET"),
                        (":authority", host),
                        (":path", "/"),
                        (name, value),
                    ],
                )
            };
            assert!(
                at("api.x.ai").is_some_and(|it| !it.format.is_read),
                "{name}"
            );
            assert!(at("shop.example").is_none(), "{name}");
        }
    }

    #[test]
    fn paths_that_vendors_share_are_told_apart_by_the_host() {
        for (host, path, name) in [
            (
                "api.writer.com",
                "/v1/chat",
                Some("openai.chat_completions"),
            ),
            (
                "api.mistral.ai",
                "/v1/agents/completions",
                Some("openai.chat_completions"),
            ),
            (
                "codestral.mistral.ai",
                "/v1/fim/completions",
                Some("openai.completions"),
            ),
            (
                "api.mistral.ai",
                "/v1/conversations",
                Some("mistral.conversations"),
            ),
            (
                "api.mistral.ai",
                "/v1/conversations/conv_1/restart#stream",
                Some("mistral.conversations"),
            ),
            ("api.openai.com", "/v1/conversations", None),
            ("api.openai.com", "/v1/conversations/conv_1/items", None),
            ("api.openai.com", "/v1/threads", None),
            ("api.openai.com", "/v1/threads/thread_1/messages", None),
            (
                "api.openai.com",
                "/v1/threads/thread_1/runs",
                Some("openai.assistants"),
            ),
            (
                "api.openai.com",
                "/v1/threads/thread_1/runs/run_1/cancel",
                None,
            ),
        ] {
            let found = post(&[], host, path).map(|(name, _)| name);
            assert_eq!(found, name, "{host}{path}");
        }
    }

    #[test]
    fn hosts_of_the_configuration_come_before_known_ones() {
        let own = [
            ("llm.example", "house", None),
            (
                "api.openai.com",
                "mirror",
                Format::named("openai.chat_completions"),
            ),
        ];
        let own = own.map(|(host, name, format)| OwnHost {
            host: host.to_owned(),
            name: name.to_owned(),
            format,
        });
        for (host, path, expected) in [
            (
                "eu.llm.example:8443",
                "/v1/messages",
                Some(("anthropic.messages", "house")),
            ),
            ("eu.llm.example", "/ask", None),
            ("nollm.example", "/ask", None),
            (
                "api.openai.com",
                "/ask",
                Some(("openai.chat_completions", "mirror")),
            ),
            (
                "api.openai.com",
                "/v1/embeddings",
                Some(("openai.embeddings", "mirror")),
            ),
        ] {
            let expected = expected.map(|(format, name)| (format, name.to_owned()));
            assert_eq!(post(&own, host, path), expected, "{host}{path}");
        }
    }

    #[test]
    fn every_path_is_documented() {
        let document = include_str!("../../FORMATS.md");
        let row = |format: &Format| {
            let start = format!("| `{}` |", format.name);
            let row = document.lines().find(|line| line.starts_with(&start));
            row.unwrap_or_else(|| panic!("{} has no row", format.name))
        };
        for route in ROUTES {
            let row = row(route.format);
            assert!(row.contains(route.end), "{}: {}", row, route.end);
        }
        let rows = document.lines().filter(|line| line.starts_with("| `"));
        let names: Vec<_> = rows
            .skip(1)
            .filter_map(|row| row.split('`').nth(1))
            .collect();
        let formats: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names, formats);
    }

    #[test]
    fn where_other_models_have_such_paths_a_prompt_must_be_seen() {
        use Evidence::{Enough, NeedsPrompt};
        let vertex = "us-central1-aiplatform.googleapis.com";
        for (host, path, found) in [
            ("10.0.0.1", "/generate", Some(("tgi.generate", NeedsPrompt))),
            (
                "x.endpoints.huggingface.cloud",
                "/generate",
                Some(("tgi.generate", Enough)),
            ),
            (
                "x.endpoints.huggingface.cloud",
                "/",
                Some(("tgi.generate", NeedsPrompt)),
            ),
            ("10.0.0.1", "/", None),
            (
                "10.0.0.1",
                "/completion",
                Some(("llama_cpp.completion", NeedsPrompt)),
            ),
            (
                "runtime.sagemaker.us-east-1.amazonaws.com",
                "/endpoints/e/invocations",
                Some(("sagemaker.invocations", NeedsPrompt)),
            ),
            (
                "api.replicate.com",
                "/v1/predictions",
                Some(("replicate.predictions", NeedsPrompt)),
            ),
            (
                vertex,
                "/v1/publishers/google/models/m:predict",
                Some(("google.embed_content", NeedsPrompt)),
            ),
            (
                "10.0.0.1",
                "/ml/v1/text/generation_stream",
                Some(("watsonx.text_generation", Enough)),
            ),
            ("10.0.0.1", "/text/generation", None),
            (
                "10.0.0.1",
                "/api/embeddings",
                Some(("ollama.embed", NeedsPrompt)),
            ),
            (
                "10.0.0.1",
                "/v1/embeddings",
                Some(("openai.embeddings", Enough)),
            ),
        ] {
            let pairs = [(":method", "POST"), (":authority", host), (":path", path)];
            let identity = identity(&[], &pairs);
            let identity = identity.map(|it| (it.format.name, it.evidence));
            assert_eq!(identity, found, "{host}{path}");
        }
    }
}
