//! The paths by which formats are known.

use super::evidence::Evidence;
use crate::api::path;
use crate::api::{
    Format, aleph_alpha_complete, anthropic_complete, anthropic_messages, bedrock_agent,
    bedrock_converse, bedrock_flow, bedrock_invoke, bedrock_retrieve, cloudflare_run, cohere_chat,
    cohere_embed, cohere_v1, dashscope, dashscope_embed, decisions, google_embed_content,
    google_generate_content, google_interactions, google_predict, hosted_agent,
    llama_cpp_completion, mistral_conversations, mistral_ocr, ollama, ollama_embed,
    openai_assistants, openai_chat, openai_completions, openai_embeddings, openai_images,
    openai_moderations, openai_responses, openai_speech, openai_threads, openai_transcriptions,
    replicate_predictions, sagemaker_invocations, snowflake_agent, snowflake_complete,
    stability_images, tgi_generate, unread, videos, voyage_embed, watsonx_text_generation,
};

/// Paths by which a format is known.
#[derive(Debug)]
pub(super) struct Route {
    /// The end of the path, without the query.
    pub(super) end: &'static str,
    /// What stands somewhere before it; mostly nothing.
    pub(super) within: &'static str,
    pub(super) format: &'static Format,
    pub(super) condition: Condition,
}

/// When a path counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Condition {
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

impl Route {
    /// The first route of a table that a path has at a provider, as [`path::readings`] write it or as it came
    /// without the slash at its end.
    pub(super) fn of(
        table: &'static [Self],
        path: &str,
        provider: Option<&str>,
    ) -> Option<&'static Self> {
        table.iter().find(|route| {
            let is_written = path::ends_with(path, route.end)
                && (route.within.is_empty() || path::find(path, route.within).is_some());
            is_written && route.condition.allows(provider)
        })
    }

    /// Whether a path is written exactly so.
    pub(super) fn is_exact(&self, path: &str) -> bool {
        path.ends_with(self.end) && path.contains(self.within)
    }
}

impl Condition {
    fn allows(self, provider: Option<&str>) -> bool {
        match self {
            Self::At(name) | Self::AtIfPrompt(name) => provider == Some(name),
            Self::AtAny => provider.is_some(),
            Self::Always | Self::WithPrompt | Self::IfPrompt => true,
        }
    }

    /// What a request has to show beside such a path.
    pub(super) fn evidence(self, provider: Option<&str>) -> Evidence {
        match self {
            Self::Always | Self::At(_) | Self::AtAny => Evidence::Enough,
            Self::WithPrompt if provider.is_some() => Evidence::Enough,
            Self::IfPrompt | Self::AtIfPrompt(_) if provider.is_some() => Evidence::PromptOrUnknown,
            Self::WithPrompt | Self::IfPrompt | Self::AtIfPrompt(_) => Evidence::Prompt,
        }
    }
}

/// Whose models Vertex serves as they came.
const ANTHROPIC: &str = "/publishers/anthropic/";
const MISTRAL: &str = "/publishers/mistralai/";

/// Of several that fit, the first counts.
pub(super) const ROUTES: &[Route] = {
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
        route("/systemone", &decisions::ALIBABA, WithPrompt),
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
        route("/realtime/calls", &unread::WEBRTC, Always),
        within("/realtime/calls/", "/accept", &unread::WEBRTC),
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
        thread("openai", "/threads/", "/messages"),
        thread("azure", "/threads/", "/messages"),
        thread("openai", "", "/threads"),
        thread("azure", "", "/threads"),
        thread("openai", "/conversations/", "/items"),
        thread("azure", "/conversations/", "/items"),
        thread("openai", "", "/conversations"),
        thread("azure", "", "/conversations"),
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
        within(ANTHROPIC, "/count-tokens:rawPredict", &unread::TOKEN_COUNT),
        within(ANTHROPIC, ":rawPredict", &anthropic_messages::FORMAT),
        within(ANTHROPIC, ":streamRawPredict", &anthropic_messages::FORMAT),
        within(MISTRAL, ":rawPredict", &openai_chat::FORMAT),
        within(MISTRAL, ":streamRawPredict", &openai_chat::FORMAT),
        // Other publishers, and containers of one's own.
        route(":rawPredict", &openai_chat::FORMAT, AtIfPrompt("vertex")),
        route(
            ":streamRawPredict",
            &openai_chat::FORMAT,
            AtIfPrompt("vertex"),
        ),
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
        within("/agentAliases/", "/text", &bedrock_agent::FORMAT),
        // Agents are listed and prepared by such paths, too.
        Route {
            condition: AtIfPrompt("bedrock"),
            ..within("/agents/", "", &bedrock_agent::FORMAT)
        },
        Route {
            condition: AtIfPrompt("bedrock"),
            ..within("/flows/", "", &bedrock_flow::FORMAT)
        },
        route(
            "/agenticRetrieveStream",
            &bedrock_retrieve::GENERATE,
            Always,
        ),
        route("/retrieveAndGenerate", &bedrock_retrieve::GENERATE, Always),
        route(
            "/retrieveAndGenerateStream",
            &bedrock_retrieve::GENERATE,
            Always,
        ),
        Route {
            condition: WithPrompt,
            ..within("/knowledgebases/", "/retrieve", &bedrock_retrieve::RETRIEVE)
        },
        route("/rerank", &bedrock_retrieve::RETRIEVE, At("bedrock")),
        route("/interactions", &google_interactions::FORMAT, WithPrompt),
        route(":embedContent", &google_embed_content::FORMAT, Always),
        route(":batchEmbedContents", &google_embed_content::FORMAT, Always),
        // Embeddings are told by their model, such as `text-embedding-005`.
        Route {
            condition: AtIfPrompt("vertex"),
            ..within("embedding", ":predict", &google_embed_content::FORMAT)
        },
        route(":predict", &google_predict::FORMAT, AtIfPrompt("vertex")),
        route(":predict", &google_predict::FORMAT, AtIfPrompt("gemini")),
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
        Route {
            condition: WithPrompt,
            ..within("/ai/run/", "", &cloudflare_run::FORMAT)
        },
        Route {
            condition: At("cloudflare"),
            ..within("/workers-ai/", "", &cloudflare_run::FORMAT)
        },
        // Of media, too.
        Route {
            condition: WithPrompt,
            ..within("/services/aigc/", "", &dashscope::GENERATION)
        },
        Route {
            condition: WithPrompt,
            ..within("/services/embeddings/", "", &dashscope_embed::EMBED)
        },
        Route {
            condition: WithPrompt,
            ..within("/services/rerank/", "", &dashscope_embed::RERANK)
        },
        Route {
            condition: WithPrompt,
            ..within("/apps/", "/completion", &dashscope::APPLICATION)
        },
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
        within(
            "/reasoningEngines/",
            ":query",
            &hosted_agent::REASONING_ENGINE,
        ),
        within(
            "/reasoningEngines/",
            ":streamQuery",
            &hosted_agent::REASONING_ENGINE,
        ),
        Route {
            condition: At("bedrock"),
            ..within("/runtimes/", "/invocations", &hosted_agent::AGENTCORE)
        },
        route("/inference:complete", &snowflake_complete::FORMAT, Always),
        Route {
            condition: WithPrompt,
            ..within("/agents/", ":run", &snowflake_agent::FORMAT)
        },
        route("/agent:run", &snowflake_agent::FORMAT, WithPrompt),
        route("/multimodalembeddings", &voyage_embed::FORMAT, WithPrompt),
        route(
            "/contextualizedembeddings",
            &voyage_embed::FORMAT,
            WithPrompt,
        ),
        Route {
            condition: WithPrompt,
            ..within("/stable-image/", "", &stability_images::FORMAT)
        },
        Route {
            condition: At("stability"),
            ..within("/generation/", "", &stability_images::FORMAT)
        },
        route("/v1/ocr", &mistral_ocr::FORMAT, WithPrompt),
        route("/videos", &videos::OPENAI, At("openai")),
        Route {
            condition: At("openai"),
            ..within("/videos/", "", &videos::OPENAI)
        },
        route("/v1/videos", &videos::OPENAI, WithPrompt),
        route(":predictLongRunning", &videos::OPERATION, Always),
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

/// Where messages are handed in; threads and conversations may be made without one.
const fn thread(provider: &'static str, before: &'static str, end: &'static str) -> Route {
    Route {
        condition: Condition::AtIfPrompt(provider),
        ..within(before, end, &openai_threads::FORMAT)
    }
}

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
