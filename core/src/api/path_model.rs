//! The model that a path names, where bodies do not.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The model that a path names: before Google's verbs, after Bedrock's `model`, and where Azure,
/// SageMaker, Databricks and Replicate name what they serve. Percent-encoding is undone.
pub fn model_in_path(path: &str) -> Option<Cow<'_, str>> {
    let model = before_verb(path)
        .or_else(|| between(path, "/models/", "/predictions"))
        .or_else(|| between(path, "/deployments/", "/predictions"))
        .or_else(|| between(path, "/endpoints/", "/invocations"))
        .or_else(|| between(path, "/serving-endpoints/", "/invocations"))
        .or_else(|| segment(path.split_once("/model/")?.1))
        .or_else(|| segment(path.split_once("/deployments/")?.1))?;
    Some(percent_decode_str(model).decode_utf8_lossy())
}

/// Google's tuned and dedicated models have names of their own kinds.
fn before_verb(path: &str) -> Option<&str> {
    let (path, _) = path.rsplit_once(':')?;
    let kinds = ["/models/", "/tunedModels/", "/endpoints/"];
    let named = kinds.iter().find_map(|kind| path.rsplit_once(kind));
    segment(named?.1)
}

fn between<'a>(path: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, named) = path.split_once(before)?;
    let (name, _) = named.split_once(after)?;
    Some(name).filter(|name| !name.is_empty())
}

/// What stands before the next slash, if there is something.
fn segment(path: &str) -> Option<&str> {
    path.split('/').next().filter(|name| !name.is_empty())
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
