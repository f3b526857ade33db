//! The page at `/`: files of HTML, CSS and JavaScript that are part of the program.
//!
//! They are served as they are written. All that they show they ask of the API, as any client would.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_FRAME_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::private::keep_private;

/// The page and the files that it loads.
pub(crate) fn routes() -> Router {
    FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(move || async { file.response() }))
    })
}

/// One file, and where it is found.
struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

impl File {
    fn response(&self) -> Response {
        let mut response = ([(CONTENT_TYPE, self.media_type)], self.text).into_response();
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
        &[$(File { path: $path, media_type: $media_type, text: include_str!(concat!("../page/", $name)) }),*]
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
    fn the_page_explains_every_note_of_the_gateway() {
        let notes = include_str!("../../../core/src/note.rs");
        let (_, notes) = notes.split_once("pub enum Note {").unwrap();
        let (notes, _) = notes.split_once("\n}\n").unwrap();
        let names = notes
            .lines()
            .filter_map(|line| line.trim().strip_suffix(','))
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let words = include_str!("../page/words.js");
        for name in names {
            let mut snake = String::new();
            for letter in name.chars() {
                if letter.is_ascii_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            assert!(words.contains(&format!("  {snake}: \"")), "{snake}");
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
        for file in FILES {
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
