//! Answers that are fetched by GET: made before, for a request that has an event of its own.
//!
//! Such a path counts only if an answer comes back: one that is still being made, a list or an error
//! tells nothing that a model said.

use super::table::Condition::{Always, At, AtAny};
use super::table::{Condition, Route};
use crate::api::{
    Format, batch_results, dashscope, google_interactions, openai_assistants, openai_chat,
    openai_responses, openai_threads, replicate_predictions, videos,
};

/// Of several that fit, the first counts. An id follows `within`.
pub(super) const FETCHED: &[Route] = &[
    // Servers of one's own keep them, too.
    fetched("/responses/resp_", "", &openai_responses::FORMAT, Always),
    fetched("/responses/", "", &openai_responses::FORMAT, AtAny),
    fetched("/chat/completions/", "", &openai_chat::FORMAT, AtAny),
    fetched(
        "/chat/deferred-completion/",
        "",
        &openai_chat::FORMAT,
        AtAny,
    ),
    fetched("/interactions/", "", &google_interactions::FORMAT, AtAny),
    fetched(
        "/messages/batches/",
        "/results",
        &batch_results::FORMAT,
        Always,
    ),
    fetched("/files/", "/content", &batch_results::FORMAT, AtAny),
    fetched("/files/", ":download", &batch_results::FORMAT, At("gemini")),
    fetched(
        "/predictions/",
        "",
        &replicate_predictions::FORMAT,
        At("replicate"),
    ),
    // What a run that is not streamed has answered stands in its thread.
    fetched("/threads/", "/messages", &openai_threads::FORMAT, AtAny),
    fetched("/runs/", "", &openai_assistants::FORMAT, AtAny),
    fetched("/videos/", "", &videos::OPENAI, AtAny),
    fetched("/operations/", "", &videos::OPERATION, At("gemini")),
    fetched("/tasks/", "", &dashscope::GENERATION, At("alibaba")),
];

const fn fetched(
    within: &'static str,
    end: &'static str,
    format: &'static Format,
    condition: Condition,
) -> Route {
    Route {
        end,
        within,
        format,
        condition,
    }
}

/// The id of what is fetched: the last segment of a path that is no word of the API's own.
pub fn fetched_id(path: &str) -> Option<&str> {
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let last = segments.next()?;
    let id = match last {
        "results" | "content" => segments.next()?,
        last => last.strip_suffix(":download").unwrap_or(last),
    };
    Some(id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_documented() {
        let document = include_str!("../../../FORMATS.md");
        for route in FETCHED {
            let path = match route.within {
                "/responses/resp_" => "/responses/{id}".to_owned(),
                "/runs/" => "/threads/{id}/runs/{id}".to_owned(),
                within => [within, "{id}", route.end].concat(),
            };
            let row = document.lines().find(|line| line.contains(&path));
            let row = row.unwrap_or_else(|| panic!("{path}"));
            assert!(row.contains(route.format.name), "{row}");
        }
    }

    #[test]
    fn the_id_of_what_is_fetched_stands_in_the_path() {
        for (path, id) in [
            ("/v1/responses/resp_1", Some("resp_1")),
            (
                "/v1/messages/batches/msgbatch_1/results",
                Some("msgbatch_1"),
            ),
            ("/v1/files/file-1/content/", Some("file-1")),
            ("/download/v1beta/files/b-1:download", Some("b-1")),
            ("/", None),
        ] {
            assert_eq!(fetched_id(path), id, "{path}");
        }
    }
}
