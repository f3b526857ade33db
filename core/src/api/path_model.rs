//! The model that a path names, where bodies do not.

use std::borrow::Cow;

use super::path::{decode, find, has_readings, readings};

/// The model that a path names: before Google's verbs, after Bedrock's `model`, and where Azure,
/// SageMaker, Databricks and Replicate name what they serve, or the agent. Percent-encoding is
/// undone.
pub fn model_in_path(path: &str) -> Option<Cow<'_, str>> {
    if !has_readings(path) {
        return named(path).map(decode);
    }
    let [normal, decoded @ ..] = &*readings(path).texts else {
        return None;
    };
    // What is decoded has lost which slashes were of the name, but is not encoded any more.
    named(normal)
        .map(decode)
        .or_else(|| decoded.iter().find_map(|path| named(path).map(Cow::from)))
        .map(|name| Cow::Owned(name.into_owned()))
}

fn named(path: &str) -> Option<&str> {
    before_verb(path)
        .or_else(|| between(path, "/models/", "/predictions"))
        .or_else(|| between(path, "/deployments/", "/predictions"))
        .or_else(|| between(path, "/endpoints/", "/invocations"))
        .or_else(|| between(path, "/serving-endpoints/", "/invocations"))
        .or_else(|| between(path, "/agents/", "/agentAliases/"))
        .or_else(|| between(path, "/flows/", "/aliases/"))
        .or_else(|| between(path, "/v1/generation/", "/"))
        .or_else(|| rest(path, "/stable-image/"))
        .or_else(|| between(path, "/runtimes/", "/invocations"))
        .or_else(|| between(path, "/apps/", "/completion"))
        .or_else(|| rest(path, "/ai/run/"))
        .or_else(|| rest(path, "/workers-ai/"))
        .or_else(|| before_last(path, "/model/"))
        .or_else(|| between(path, "/deployments/", "/"))
}

/// Google's tuned and dedicated models have names of their own kinds.
fn before_verb(path: &str) -> Option<&str> {
    let (path, _) = path.rsplit_once(':')?;
    let kinds = [
        "/models/",
        "/tunedModels/",
        "/endpoints/",
        "/reasoningEngines/",
        "/agents/",
    ];
    let named = kinds.iter().find_map(|kind| after_last(path, kind));
    segment(named?)
}

fn between<'a>(path: &'a str, before: &str, end: &str) -> Option<&'a str> {
    let named = after(path, before)?;
    let name = named.get(..find(named, end)?);
    name.filter(|name| !name.is_empty())
}

/// All that follows, but for a slash at the end.
fn rest<'a>(path: &'a str, before: &str) -> Option<&'a str> {
    let named = after(path, before)?;
    let name = named.strip_suffix('/').unwrap_or(named);
    Some(name).filter(|name| !name.is_empty())
}

/// All that follows but for the last segment: an id may hold slashes, an action never does.
fn before_last<'a>(path: &'a str, before: &str) -> Option<&'a str> {
    let (name, _) = rest(path, before)?.rsplit_once('/')?;
    Some(name).filter(|name| !name.is_empty())
}

/// What stands before the next slash, if there is something.
fn segment(path: &str) -> Option<&str> {
    path.split('/').next().filter(|name| !name.is_empty())
}

fn after<'a>(path: &'a str, marker: &str) -> Option<&'a str> {
    let at = find(path, marker)?.checked_add(marker.len())?;
    path.get(at..)
}

fn after_last<'a>(path: &'a str, marker: &str) -> Option<&'a str> {
    let mut rest = after(path, marker)?;
    while let Some(later) = after(rest, marker) {
        rest = later;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_may_be_named_by_the_path() {
        for (path, model) in [
            ("/v1beta/models/gemini-3:generateContent", Some("gemini-3")),
            (
                "/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent",
                Some("g"),
            ),
            (
                "/openai/deployments/my-gpt/chat/completions",
                Some("my-gpt"),
            ),
            (
                "/model/us.amazon.nova-lite-v1%3A0/converse",
                Some("us.amazon.nova-lite-v1:0"),
            ),
            ("/model/meta.llama3-v1:0/invoke", Some("meta.llama3-v1:0")),
            ("/v1beta/tunedModels/t-1:generateContent", Some("t-1")),
            (
                "/v1/projects/p/locations/l/endpoints/42:predict",
                Some("42"),
            ),
            ("/endpoints/llama-2/invocations", Some("llama-2")),
            (
                "/endpoints/llama-2/invocations-response-stream",
                Some("llama-2"),
            ),
            ("/serving-endpoints/dbrx/invocations", Some("dbrx")),
            ("/v1/models/meta/llama-3/predictions", Some("meta/llama-3")),
            ("/v1/deployments/me/mine/predictions", Some("me/mine")),
            ("/V1beta/Models/Gemini-3:GenerateContent", Some("Gemini-3")),
            (
                "/v1beta/models/gemini-3%3AgenerateContent",
                Some("gemini-3"),
            ),
            ("//model/./M-1//converse", Some("M-1")),
            ("/model/other/../m-1/converse", Some("m-1")),
            ("/%6dodel/a%2Fb%3A0/converse", Some("a/b:0")),
            ("/model%2Fm-1%2Fconverse", Some("m-1")),
            ("/model/a%2Fb%3A0%2Finvoke", Some("a/b:0")),
            ("/model/m-1/converse/", Some("m-1")),
            ("/accounts/a/ai/run/@cf/meta/m-1/", Some("@cf/meta/m-1")),
            ("/accounts/a/ai/run/", None),
            ("/model/a%252Fb/converse", Some("a%2Fb")),
            ("/model/m-1;v=1/converse", Some("m-1")),
            (
                "/openai\\deployments/my%20gpt/chat/completions",
                Some("my gpt"),
            ),
            ("/agents/AG1/agentAliases/AL1/sessions/s/text", Some("AG1")),
            ("/api/v1/apps/app-1/completion", Some("app-1")),
            ("/api/v2/databases/D/schemas/S/agents/A:run", Some("A")),
            ("/flows/F1/aliases/A1", Some("F1")),
            ("/v1/generation/sdxl/text-to-image", Some("sdxl")),
            ("/v2beta/stable-image/generate/core", Some("generate/core")),
            (
                "/v1/projects/p/locations/l/reasoningEngines/42:streamQuery",
                Some("42"),
            ),
            (
                "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A1%3Aruntime%2Fa-1/invocations",
                Some("arn:aws:bedrock-agentcore:us-east-1:1:runtime/a-1"),
            ),
            (
                "/client/v4/accounts/a/ai/run/@cf/meta/llama-3-8b",
                Some("@cf/meta/llama-3-8b"),
            ),
            (
                "/v1/a/g/workers-ai/@cf/meta/llama-3-8b",
                Some("@cf/meta/llama-3-8b"),
            ),
            ("/v1/chat/completions", None),
            ("/v1/predictions", None),
            ("/endpoints//invocations", None),
            ("/model//invoke", None),
            ("/v1/messages", None),
        ] {
            assert_eq!(model_in_path(path).as_deref(), model, "{path}");
        }
    }
}
