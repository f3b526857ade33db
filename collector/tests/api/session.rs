//! Logging in from a browser: `/session`, and what its cookie opens.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::keys::{key_id, key_of, revoke};
use crate::program::{Answer, Folder, KEY, Program, until_async};
use crate::sample::event;

/// Logs in with these headers as well.
async fn log_in(program: &Program, key: &str, headers: &[(&'static str, &str)]) -> Answer {
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("key", key)
        .finish();
    let request = program.anonymous(Method::POST, "/session").body(form);
    let request = headers.iter().fold(
        request.header("content-type", "application/x-www-form-urlencoded"),
        |request, (name, value)| request.header(*name, *value),
    );
    Answer::of(request.send().await.unwrap()).await
}

/// The cookie of a browser that has just logged in, as it sends it.
async fn cookie(program: &Program, key: &str) -> String {
    let answer = log_in(program, key, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    cookie.split_once(';').unwrap().0.to_owned()
}

async fn with_cookie(program: &Program, method: Method, path: &str, cookie: &str) -> Answer {
    let request = program.anonymous(method, path).header("cookie", cookie);
    Answer::of(request.send().await.unwrap()).await
}

fn attributes(answer: &Answer) -> Vec<&str> {
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    cookie.split("; ").collect()
}

#[tokio::test]
async fn a_session_reads_what_its_key_reads() {
    let program = Program::start().await;
    program.record(&event("a")).await;
    let cookie = cookie(&program, KEY).await;
    for path in [
        "/v1/audit/logs",
        "/v1/audit/logs/a",
        "/v1/audit/completeness",
        "/session",
    ] {
        let answer = with_cookie(&program, Method::GET, path, &cookie).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_session_tells_what_it_is_good_for() {
    let folder = Folder::new();
    let key = key_of(&folder, "read", "org_456").await;
    let program = Program::start_with(&folder, &[]).await;
    let expected = json!({"role": "read", "organization_id": "org_456"});
    assert_eq!(log_in(&program, &key, &[]).await.json(), expected);
    let cookie = cookie(&program, &key).await;
    let who = with_cookie(&program, Method::GET, "/session", &cookie).await;
    assert_eq!(who.json(), expected);
}

#[tokio::test]
async fn a_session_reaches_the_events_of_its_keys_organization_alone() {
    let folder = Folder::new();
    let key = key_of(&folder, "read", "other").await;
    let writer = key_of(&folder, "admin", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&writer);
    program.record(&event("a")).await;
    let cookie = cookie(&program, &key).await;
    let page = with_cookie(&program, Method::GET, "/v1/audit/logs", &cookie).await;
    assert_eq!(page.json()["data"], json!([]));
    let one = with_cookie(&program, Method::GET, "/v1/audit/logs/a", &cookie).await;
    one.error(404, "not_found");
}

#[tokio::test]
async fn a_session_changes_nothing() {
    let program = Program::start().await;
    let cookie = cookie(&program, KEY).await;
    for path in ["/v1/audit/log", "/v1/audit/log/batch"] {
        let request = program
            .anonymous(Method::POST, path)
            .header("cookie", &cookie);
        let request = request.body(event("a").to_string());
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.error(401, "unauthorized");
    }
    program
        .get("/v1/audit/logs/a")
        .await
        .error(404, "not_found");
}

#[tokio::test]
async fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites_and_is_not_the_key() {
    let program = Program::start().await;
    let answer = log_in(&program, KEY, &[]).await;
    let [pair, rest @ ..] = attributes(&answer).try_into().unwrap_or(["", "", "", ""]);
    let id = pair.strip_prefix("audit-session=").unwrap();
    assert_eq!(id.len(), 43);
    assert_eq!(rest, ["HttpOnly", "SameSite=Strict", "Path=/"]);
    assert!(!answer.text.contains(KEY) && !pair.contains(KEY));
    assert_eq!(answer.headers["cache-control"], "no-store");

    let again = log_in(&program, KEY, &[]).await;
    assert_ne!(attributes(&again)[0], pair);
}

#[tokio::test]
async fn behind_a_proxy_with_tls_the_cookie_is_secure_and_of_this_host_alone() {
    let program = Program::start().await;
    let tls = [("x-forwarded-proto", "https")];
    let answer = log_in(&program, KEY, &tls).await;
    let attributes = attributes(&answer);
    assert!(attributes[0].starts_with("__Host-audit-session="));
    assert!(attributes.contains(&"Secure") && attributes.contains(&"Path=/"));
    let status = async |cookie: &str, scheme: &str| {
        let request = program.anonymous(Method::GET, "/session");
        let request = request.header("x-forwarded-proto", scheme);
        let answer = request.header("cookie", cookie).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(status(attributes[0], "https").await, 200);
    // Another host of the domain can set the name without the prefix.
    let plain = attributes[0].trim_start_matches("__Host-");
    assert_eq!(status(plain, "https").await, 401);

    let answer = log_in(&program, KEY, &[("x-forwarded-proto", "http")]).await;
    assert!(!self::attributes(&answer).contains(&"Secure"));
}

#[tokio::test]
async fn logins_that_do_not_come_to_an_end_leave_places_for_others() {
    let program = Program::start().await;
    let mut begun = Vec::new();
    // From another address, as whoever wants to keep others out.
    let local = std::net::SocketAddr::from(([127, 0, 0, 2], 0));
    for _ in 0..300 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(local).unwrap();
        let mut stream = socket
            .connect(program.host().parse().unwrap())
            .await
            .unwrap();
        let head = "POST /session HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nkey=";
        stream.write_all(head.as_bytes()).await.unwrap();
        begun.push(stream);
    }
    assert_eq!(log_in(&program, KEY, &[]).await.status, 200);
    // Each is answered: some at once, the others when their time is over.
    for mut stream in begun {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert!([*b"HTTP/1.1 408", *b"HTTP/1.1 429"].contains(&answer));
    }
}

#[tokio::test]
async fn a_wrong_key_gets_no_session() {
    let program = Program::start().await;
    for key in ["wrong", "", "al_sk_tes"] {
        let answer = log_in(&program, key, &[]).await;
        let error = answer.error(401, "unauthorized");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("invalid or revoked key")
        );
        assert_eq!(answer.headers.get("set-cookie"), None);
    }
}

#[tokio::test]
async fn an_ingest_key_cannot_log_in_and_is_told_why() {
    let folder = Folder::new();
    let key = key_of(&folder, "ingest", "org_456").await;
    let program = Program::start_with(&folder, &[]).await;
    let answer = log_in(&program, &key, &[]).await;
    let error = answer.error(403, "forbidden");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("read, auditor or admin"),
        "{error}"
    );
    assert_eq!(answer.headers.get("set-cookie"), None);
}

#[tokio::test]
async fn a_login_that_is_no_form_of_one_key_says_so() {
    let program = Program::start().await;
    for body in ["", "token=x", "key=a&key=b", "{\"key\":\"a\"}"] {
        let request = program.anonymous(Method::POST, "/session").body(body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.error(400, "invalid_form")["field"], "key", "{body}");
    }
    let at_limit = format!("key={}", "x".repeat(8 * 1024 - 4));
    let request = program
        .anonymous(Method::POST, "/session")
        .body(at_limit.clone());
    Answer::of(request.send().await.unwrap())
        .await
        .error(401, "unauthorized");
    let request = program
        .anonymous(Method::POST, "/session")
        .body(at_limit + "x");
    Answer::of(request.send().await.unwrap())
        .await
        .error(413, "body_too_large");
}

#[tokio::test]
async fn another_site_can_neither_log_in_nor_out() {
    let program = Program::start().await;
    let foreign: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
    ];
    let cookie = cookie(&program, KEY).await;
    for headers in foreign {
        let answer = log_in(&program, KEY, headers).await;
        answer.error(403, "cross_site");
        assert_eq!(answer.headers.get("set-cookie"), None);

        let request = program
            .anonymous(Method::DELETE, "/session")
            .header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.error(403, "cross_site");
    }
    let own = format!("http://{}", program.host());
    assert_eq!(log_in(&program, KEY, &[("origin", &own)]).await.status, 200);
    let who = with_cookie(&program, Method::GET, "/session", &cookie).await;
    assert_eq!(who.status, 200);
}

#[tokio::test]
async fn another_site_cannot_read_with_a_session() {
    let program = Program::start().await;
    let cookie = cookie(&program, KEY).await;
    for (site, expected) in [
        ("same-origin", 200),
        ("none", 200),
        ("same-site", 401),
        ("cross-site", 401),
    ] {
        let request = program
            .anonymous(Method::GET, "/v1/audit/logs")
            .header("cookie", &cookie)
            .header("sec-fetch-site", site);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, expected, "{site}");
    }
}

#[tokio::test]
async fn logging_out_ends_the_session_and_takes_the_cookie_away() {
    let program = Program::start().await;
    let [one, two] = [cookie(&program, KEY).await, cookie(&program, KEY).await];
    let answer = with_cookie(&program, Method::DELETE, "/session", &one).await;
    assert_eq!(answer.status, 204);
    let attributes = attributes(&answer);
    assert_eq!(attributes[0], "audit-session=");
    assert!(attributes.contains(&"Max-Age=0"), "{attributes:?}");
    for path in ["/session", "/v1/audit/logs"] {
        let answer = with_cookie(&program, Method::GET, path, &one).await;
        answer.error(401, "unauthorized");
        let answer = with_cookie(&program, Method::GET, path, &two).await;
        assert_eq!(answer.status, 200);
    }
    // Again, and without one: the browser is logged out either way.
    let answer = with_cookie(&program, Method::DELETE, "/session", &one).await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn logging_in_again_ends_the_browsers_session_before() {
    let program = Program::start().await;
    let before = cookie(&program, KEY).await;
    let answer = log_in(&program, KEY, &[("cookie", &before)]).await;
    assert_eq!(answer.status, 200);
    let answer = with_cookie(&program, Method::GET, "/session", &before).await;
    answer.error(401, "unauthorized");
}

#[tokio::test]
async fn a_session_ends_when_its_key_is_revoked() {
    let folder = Folder::new();
    let [one, two] = [
        key_of(&folder, "read", "one").await,
        key_of(&folder, "read", "two").await,
    ];
    let program = Program::start_with(&folder, &[]).await;
    let [one, two] = [cookie(&program, &one).await, cookie(&program, &two).await];
    revoke(&folder, &key_id(&folder, "one").await).await;
    until_async("the session has ended", async || {
        let answer = with_cookie(&program, Method::GET, "/v1/audit/logs", &one).await;
        answer.status == 401
    })
    .await;
    let answer = with_cookie(&program, Method::GET, "/session", &one).await;
    answer.error(401, "unauthorized");
    let answer = with_cookie(&program, Method::GET, "/v1/audit/logs", &two).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_login_leaves_neither_the_key_nor_the_session_in_the_log() {
    let arguments = ["--api-key", KEY, "--log", "trace"];
    let program = Program::start_with(&Folder::new(), &arguments).await;
    let cookie = cookie(&program, KEY).await;
    let answer = with_cookie(&program, Method::GET, "/v1/audit/logs", &cookie).await;
    assert_eq!(answer.status, 200);
    log_in(&program, "al_sk_wrong", &[]).await;
    let id = cookie.strip_prefix("audit-session=").unwrap();
    for secret in [KEY, id, "al_sk_wrong"] {
        assert!(!program.stderr().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_made_up_session_opens_nothing() {
    let program = Program::start().await;
    let cookie = cookie(&program, KEY).await;
    let key = format!("audit-session={KEY}");
    for wrong in ["", "audit-session=", &cookie[..cookie.len() - 1], &key] {
        for path in ["/session", "/v1/audit/logs"] {
            let answer = with_cookie(&program, Method::GET, path, wrong).await;
            answer.error(401, "unauthorized");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_even_beside_a_session() {
    let program = Program::start().await;
    let cookie = cookie(&program, KEY).await;
    let request = program
        .anonymous(Method::GET, "/v1/audit/logs")
        .header("cookie", cookie)
        .bearer_auth("wrong");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.error(401, "unauthorized")["field"], Value::Null);
}
