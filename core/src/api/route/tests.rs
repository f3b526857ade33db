use super::table::{Condition, ROUTES};
use super::*;
use crate::api::FORMATS;
use crate::headers::Headers;
use crate::opening::Destination;

mod spellings;

/// Servers that the configuration names.
fn server(host: Option<&str>, cluster: Option<&str>, route: Option<&str>, name: &str) -> Own {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Own {
        host: owned(host),
        cluster: owned(cluster),
        route: owned(route),
        name: name.to_owned(),
        format: None,
    }
}

fn identity(own: &[Own], pairs: &[(&str, &str)]) -> Option<Identity> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect();
    identify(&Headers(&pairs).into(), own)
}

/// The format and the provider of a call, if it is one.
fn post(own: &[Own], host: &str, path: &str) -> Option<(&'static str, String)> {
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
        (
            "/retrieveAndGenerateStream",
            Some("bedrock.retrieve_and_generate"),
        ),
        (
            "/agents/A/agentAliases/B/sessions/s/text",
            Some("bedrock.invoke_agent"),
        ),
        ("/agents/A", None),
        (
            "/api/v1/services/aigc/text-generation/generation",
            Some("dashscope.generation"),
        ),
        ("/api/v1/apps/a/completion", Some("dashscope.generation")),
        (
            "/v1/projects/p/locations/l/reasoningEngines/42:query",
            Some("google.reasoning_engines"),
        ),
        ("/runtimes/a/invocations", Some("sagemaker.invocations")),
        (
            "/client/v4/accounts/a/ai/run/@cf/meta/llama-3-8b",
            Some("cloudflare.run"),
        ),
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
            at("api.x.ai").is_some_and(|it| it.format.unread.is_some()),
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
        (
            "api.openai.com",
            "/v1/conversations",
            Some("openai.threads"),
        ),
        (
            "api.openai.com",
            "/v1/conversations/conv_1/items",
            Some("openai.threads"),
        ),
        ("api.openai.com", "/v1/threads", Some("openai.threads")),
        (
            "api.openai.com",
            "/v1/threads/thread_1/messages",
            Some("openai.threads"),
        ),
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
    let own = own.map(|(host, name, format)| Own {
        format,
        ..server(Some(host), None, None, name)
    });
    for (host, path, expected) in [
        (
            "eu.llm.example:8443",
            "/v1/messages",
            Some(("anthropic.messages", "house")),
        ),
        ("eu.llm.example", "/ask", Some(("unknown", "house"))),
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
    let document = include_str!("../../../FORMATS.md");
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
    use Evidence::{Body, Enough, Prompt, PromptOrUnknown};
    let tgi = "x.endpoints.huggingface.cloud";
    let vertex = "us-central1-aiplatform.googleapis.com";
    let sagemaker = "runtime.sagemaker.us-east-1.amazonaws.com";
    let replicate = "api.replicate.com";
    let predict = "/v1/publishers/google/models/m:predict";
    for (host, path, name, evidence) in [
        ("10.0.0.1", "/generate", "tgi.generate", Prompt),
        (tgi, "/generate", "tgi.generate", Enough),
        (tgi, "/", "tgi.generate", PromptOrUnknown),
        ("10.0.0.1", "/completion", "llama_cpp.completion", Prompt),
        ("10.0.0.1", "/v1/agents/a:run", "snowflake.agent", Prompt),
        (
            sagemaker,
            "/endpoints/e/invocations",
            "sagemaker.invocations",
            Prompt,
        ),
        (
            replicate,
            "/v1/predictions",
            "replicate.predictions",
            PromptOrUnknown,
        ),
        (vertex, predict, "google.predict", PromptOrUnknown),
        (
            vertex,
            "/v1/publishers/google/models/text-embedding-005:predict",
            "google.embed_content",
            PromptOrUnknown,
        ),
        (vertex, "/v1/models/m:tune", "unknown", Body),
        (
            "10.0.0.1",
            "/ml/v1/text/generation_stream",
            "watsonx.text_generation",
            Enough,
        ),
        ("10.0.0.1", "/api/embeddings", "ollama.embed", Prompt),
        ("10.0.0.1", "/v1/embeddings", "openai.embeddings", Enough),
    ] {
        let pairs = [(":method", "POST"), (":authority", host), (":path", path)];
        let identity = identity(&[], &pairs);
        let identity = identity.map(|it| (it.format.name, it.evidence));
        assert_eq!(identity, Some((name, evidence)), "{host}{path}");
    }
    for path in ["/", "/text/generation"] {
        assert_eq!(post(&[], "10.0.0.1", path), None, "{path}");
    }
}

#[test]
fn any_method_with_a_body_may_ask_a_model() {
    for (method, host, path, expected) in [
        (
            "PUT",
            "10.0.0.1",
            "/v1/chat/completions",
            Some((Evidence::Body, true)),
        ),
        (
            "post",
            "10.0.0.1",
            "/v1/messages",
            Some((Evidence::Body, true)),
        ),
        (
            "GET",
            "10.0.0.1",
            "/v1/messages",
            Some((Evidence::Body, true)),
        ),
        (
            "PATCH",
            "10.0.0.1",
            "/generate",
            Some((Evidence::Prompt, true)),
        ),
        (
            "PUT",
            "api.openai.com",
            "/v1/new",
            Some((Evidence::Body, false)),
        ),
        ("GET", "api.openai.com", "/v1/models", None),
        ("DELETE", "api.openai.com", "/v1/files/f", None),
        ("OPTIONS", "10.0.0.1", "/v1/models", None),
        ("CONNECT", "api.openai.com:443", "", None),
    ] {
        let pairs = [(":method", method), (":authority", host), (":path", path)];
        let found = identity(&[], &pairs);
        let found = found.map(|it| (it.evidence, it.notes == [Note::MethodUnusual]));
        assert_eq!(found, expected, "{method} {host}{path}");
        let pairs = pairs.map(|(name, value)| (name.into(), value.into()));
        let whole = Opening {
            is_whole: true,
            ..Headers(&pairs).into()
        };
        assert!(identify(&whole, &[]).is_none(), "{method} {host}{path}");
    }
}

#[test]
fn a_call_to_a_known_provider_counts_by_any_path() {
    for (host, path, name) in [
        ("api.openai.com", "/v1/evals", Some("unknown")),
        ("api.openai.com.", "/v1/files", Some("unknown")),
        ("api.anthropic.com", "/v1/skills", Some("unknown")),
        (
            "bedrock-agent-runtime.us-east-1.amazonaws.com",
            "/x",
            Some("unknown"),
        ),
        ("api.openai.com", "/v1/fine_tuning/jobs", None),
        ("api.openai.com", "/v1/responses/resp_1/cancel", None),
        (
            "api.openai.com",
            "/v1/responses/resp_1/%63ancel",
            Some("unknown"),
        ),
        ("api.anthropic.com", "/api/event_logging/batch", None),
        (
            "api.openai.com",
            "/api/event_logging/batch",
            Some("unknown"),
        ),
        ("api.cloudflare.com", "/client/v4/zones", None),
        (
            "api.cloudflare.com",
            "/client/v4/accounts/a/ai/finetunes",
            Some("unknown"),
        ),
        ("api.openai.com.evil.example", "/v1/evals", None),
        ("10.0.0.1", "/v1/evals", None),
    ] {
        let found = post(&[], host, path).map(|(name, _)| name);
        assert_eq!(found, name, "{host}{path}");
    }
}

#[test]
fn a_content_type_hides_no_path() {
    for (host, path, name) in [
        (
            "10.0.0.1",
            "/v1/chat/completions",
            Some("openai.chat_completions"),
        ),
        (
            "api.openai.com",
            "/v1/chat/completions",
            Some("openai.chat_completions"),
        ),
        ("10.0.0.1", "/generate", Some("tgi.generate")),
        ("api.x.ai", "/xai_api.Chat/GetCompletion", Some("grpc")),
        ("api.x.ai", "/tgi.Service/Generate", Some("grpc")),
        ("10.0.0.1", "/xai_api.Chat/GetCompletion", None),
    ] {
        for protocol in [
            ("content-type", "application/grpc"),
            ("content-type", "Application/GRPC-web"),
        ] {
            let pairs = [
                (":method", "POST"),
                (":authority", host),
                (":path", path),
                protocol,
            ];
            let found = identity(&[], &pairs).map(|it| it.format.name);
            assert_eq!(found, name, "{host}{path}");
        }
    }
}

#[test]
fn sessions_with_a_model_count_at_any_host() {
    let live = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
    for (method, path, name) in [
        ("GET", "/v1/realtime?model=m", Some("websocket")),
        ("CONNECT", "/v1/realtime", Some("websocket")),
        ("GET", "/openai/v1/Real%74ime", Some("websocket")),
        ("GET", live, Some("websocket")),
        ("GET", "/v1/responses", Some("websocket")),
        ("POST", "/v1/responses", Some("openai.responses")),
        ("GET", "/realtime/v1/websocket", None),
        ("GET", "/chat", None),
    ] {
        for upgrade in [
            ("upgrade", "WebSocket"),
            ("upgrade", "h2c, websocket"),
            (":protocol", "websocket"),
        ] {
            let pairs = [
                (":method", method),
                (":authority", "gw:1"),
                (":path", path),
                upgrade,
            ];
            let found = identity(&[], &pairs).map(|it| it.format.name);
            assert_eq!(found, name, "{method} {path}");
        }
    }
    assert_eq!(
        post(&[], "gw", "/v1/realtime/calls"),
        Some(("webrtc", "openai".to_owned()))
    );
}

#[test]
fn all_that_is_said_of_ones_own_servers_must_fit() {
    let own = [
        server(None, Some("vllm"), Some("local"), "both"),
        server(None, Some("vllm"), None, "cluster"),
        server(Some("llm.example"), None, Some("local"), "route"),
        server(None, Some("openai"), None, "openai"),
    ];
    for (host, cluster, route, expected) in [
        ("gw", Some("vllm"), Some("local"), "both"),
        ("gw", Some("vllm"), Some("other"), "cluster"),
        ("gw", Some("vllm"), None, "cluster"),
        ("llm.example:80", None, Some("local"), "route"),
        ("gw", None, Some("local"), "anthropic"),
        ("gw", Some("openai"), None, "openai"),
        ("gw", None, None, "anthropic"),
    ] {
        let pairs = [
            (":method", "POST"),
            (":authority", host),
            (":path", "/v1/messages"),
        ];
        let pairs = pairs.map(|(name, value)| (name.into(), value.into()));
        let opening = Opening {
            destination: Destination { cluster, route },
            ..Headers(&pairs).into()
        };
        let found = identify(&opening, &own).map(|it| it.provider);
        assert_eq!(
            found.as_deref(),
            Some(expected),
            "{host} {cluster:?} {route:?}"
        );
    }
}
