//! The page at `/`: files of HTML, CSS and JavaScript that are part of the program.
//!
//! They are served as they are written, but for one that says what the words in events mean, as gateway and
//! collector have it. All that they show they ask of the API, as any client would.

use std::borrow::Cow;
use std::sync::LazyLock;

use audit_layer_core::event::{
    CapturePoint, CompletionState, DecisionSource, IdentitySource, RiskLevel, UsageSource,
};
use audit_layer_core::note::Note;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_FRAME_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::api::private::keep_private;
use crate::event::in_print;

/// The page and the files that it loads.
pub(crate) fn routes() -> Router {
    let files = FILES.iter().chain([&*CONTRACT]);
    files.fold(Router::new(), |router, file| {
        router.route(file.path, get(move || async { file.response() }))
    })
}

/// One file, and where it is found.
struct File {
    path: &'static str,
    media_type: &'static str,
    text: Cow<'static, str>,
}

impl File {
    fn response(&self) -> Response {
        let mut response = ([(CONTENT_TYPE, self.media_type)], self.text.clone()).into_response();
        // Not kept, so that after an upgrade no browser runs some files of the version before.
        keep_private(&mut response);
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

macro_rules! files {
    ($($path:literal $name:literal $media_type:expr;)*) => {
        &[$(File { path: $path, media_type: $media_type, text: Cow::Borrowed(include_str!(concat!("../page/", $name))) }),*]
    };
}

const FILES: &[File] = files! {
    "/" "index.html" HTML;
    "/page/api.js" "api.js" SCRIPT;
    "/page/app.js" "app.js" SCRIPT;
    "/page/completeness.js" "completeness.js" SCRIPT;
    "/page/conversation.js" "conversation.js" SCRIPT;
    "/page/dom.js" "dom.js" SCRIPT;
    "/page/event.js" "event.js" SCRIPT;
    "/page/facts.js" "facts.js" SCRIPT;
    "/page/filters.js" "filters.js" SCRIPT;
    "/page/format.js" "format.js" SCRIPT;
    "/page/history.js" "history.js" SCRIPT;
    "/page/icon.svg" "icon.svg" "image/svg+xml";
    "/page/json.js" "json.js" SCRIPT;
    "/page/keyboard.js" "keyboard.js" SCRIPT;
    "/page/list.js" "list.js" SCRIPT;
    "/page/read.js" "read.js" SCRIPT;
    "/page/reports.js" "reports.js" SCRIPT;
    "/page/rows.js" "rows.js" SCRIPT;
    "/page/style.css" "style.css" "text/css; charset=utf-8";
    "/page/tail.js" "tail.js" SCRIPT;
    "/page/text.js" "text.js" SCRIPT;
    "/page/words.js" "words.js" SCRIPT;
};

/// The words of events with their meanings.
static CONTRACT: LazyLock<File> = LazyLock::new(|| File {
    path: "/page/contract.js",
    media_type: SCRIPT,
    text: contract().into(),
});

fn contract() -> String {
    let meanings = table(CompletionState::meanings());
    let notes = table(Note::meanings());
    let usage = table(UsageSource::meanings());
    let points = table(CapturePoint::meanings());
    let identity = table(IdentitySource::meanings());
    let decision = table(DecisionSource::meanings());
    let risks = json!(RiskLevel::NAMES);
    format!(
        "// What the words in events mean: made from what gateway and collector share.\n\
         export const MEANINGS = {meanings};\n\
         export const IDENTITY = {identity};\n\
         export const DECISION = {decision};\n\
         export const NOTES = {notes};\n\
         export const POINTS = {points};\n\
         export const RISKS = {risks};\n\
         export const USAGE = {usage};\n"
    )
}

fn table<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    words
        .map(|(name, meaning)| (name, in_print(meaning)))
        .collect()
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What the page may do: run and show its own files, and ask its own collector. Prompts and answers
/// are written by strangers: nothing of them can run, even if it were put into the page as HTML,
/// which `trusted-types` refuses to begin with.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::Action;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let found = FILES.iter().any(|file| match name.as_str() {
                "index.html" => file.path == "/",
                name => file.path.strip_prefix("/page/") == Some(name),
            });
            assert!(found, "{name}");
        }
    }

    #[test]
    fn the_page_knows_every_word_of_an_event_and_says_none_itself() {
        let contract = &CONTRACT.text;
        let words = Note::meanings().chain(UsageSource::meanings());
        for (name, meaning) in words.chain(CompletionState::meanings()) {
            let meaning = in_print(meaning);
            let entry = format!("{}:{}", json!(name), json!(meaning));
            assert!(contract.contains(&entry), "{entry}");
            let twice = FILES.iter().find(|file| file.text.contains(&meaning));
            assert!(twice.is_none(), "{name} in {}", twice.unwrap().path);
        }
        let words = include_str!("../page/words.js");
        for state in CompletionState::NAMES {
            assert!(
                words.contains(&format!("  {state}: [\"")),
                "{state} has no label"
            );
        }
    }

    #[test]
    fn the_page_names_every_action_of_the_access_history() {
        let words = include_str!("../page/words.js");
        for action in Action::ALL {
            let name = action.name();
            assert!(words.contains(&format!("  {name}: \"")), "{name}");
        }
    }

    #[test]
    fn nothing_on_the_page_turns_text_into_html_or_code() {
        for file in FILES.iter().chain([&*CONTRACT]) {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "DOMParser",
                "eval(",
                "new Function",
                "javascript:",
                "<script>",
                "<style>",
                " style=",
                " onclick=",
                "http://",
                "https://",
            ] {
                // The namespace of SVG is a name and no address.
                let text = file.text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(word), "{word} in {}", file.path);
            }
        }
    }
}
