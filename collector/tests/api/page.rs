//! The page at `/`, as files: who may load them, and what they may do in a browser.

use reqwest::Method;

use crate::program::{Answer, Program};

async fn file(program: &Program, path: &str) -> Answer {
    let request = program.anonymous(Method::GET, path);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_page_and_its_files_need_no_key() {
    let program = Program::start().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/?user_id=alice", "text/html; charset=utf-8"),
        ("/page/app.js", "text/javascript; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
    ] {
        let answer = file(&program, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], media_type, "{path}");
    }
    file(&program, "/page/nothing.js")
        .await
        .error(404, "not_found");
    file(&program, "/page/").await.error(404, "not_found");
}

#[tokio::test]
async fn the_page_runs_nothing_but_its_own_files() {
    let program = Program::start().await;
    for path in ["/", "/page/app.js", "/page/style.css", "/page/icon.svg"] {
        let answer = file(&program, path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        let directives: Vec<&str> = policy.split("; ").collect();
        assert_eq!(
            directives,
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "connect-src 'self'",
                "img-src 'self' data:",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "require-trusted-types-for 'script'",
                "trusted-types 'none'",
            ],
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn the_page_names_only_files_that_are_there() {
    let program = Program::start().await;
    let mut paths = vec!["/".to_owned()];
    let mut read = 0;
    while let Some(path) = paths.get(read).cloned() {
        read += 1;
        let answer = file(&program, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        let imports = answer.text.split("from \"./").skip(1);
        let links = answer.text.split("\"page/").skip(1);
        for name in imports.chain(links) {
            let path = format!("/page/{}", name.split('"').next().unwrap());
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    assert!(paths.len() > 10, "{paths:?}");
}

#[tokio::test]
async fn the_page_takes_nothing() {
    let program = Program::start().await;
    let request = program.anonymous(Method::POST, "/").body("x");
    Answer::of(request.send().await.unwrap())
        .await
        .error(405, "method_not_allowed");
}
