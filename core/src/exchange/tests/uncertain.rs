//! Calls that may be none of a model: they count unless the body shows that they are not.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

const TGI: &str = "/generate";
const PROMPT: &str = r#"{"inputs":"Hi","parameters":{}}"#;

fn uncertain(event: &Value) -> bool {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.contains(&json!("call_uncertain"))
}

/// The notes of a call to a path that other services have too; `None` if it gives no event.
fn notes(change: impl FnOnce(&mut Call)) -> Option<String> {
    let event = Call::new(TGI, PROMPT, "{}").with(change).run()?;
    let event = serde_json::to_value(event).unwrap();
    assert_ne!(
        event["prompt_content"] == "Hi",
        uncertain(&event),
        "{event}"
    );
    Some(own(&event, "/capture/notes").to_string())
}

#[test]
fn a_body_that_cannot_be_read_may_have_a_prompt() {
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let encoded = |name: &'static str| vec![("content-encoding", name.as_bytes().to_vec())];
    for (what, body, headers) in [
        ("lies", b"\0\x01\x02".to_vec(), encoded("gzip")),
        ("unknown encoding", b"\x5d\0\0".to_vec(), encoded("lzma")),
        ("undeclared encoding", gzip(PROMPT), Vec::new()),
        ("cut encoding", gzip(PROMPT)[..20].to_vec(), encoded("gzip")),
        ("words", b"inputs: Hi".to_vec(), Vec::new()),
        (
            "a document that breaks off",
            PROMPT[..12].into(),
            Vec::new(),
        ),
        (
            "members within members",
            b"inputs[0]=Hi".to_vec(),
            Vec::new(),
        ),
        ("a form with a prompt", b"inputs=Hi".to_vec(), Vec::new()),
        ("another name", br#"{"prompt":"Hi"}"#.to_vec(), Vec::new()),
        (
            "JSON in JSON",
            br#""{\"inputs\":\"Hi\"}""#.to_vec(),
            Vec::new(),
        ),
        (
            "base64",
            b"eyJpbnB1dHMiOiJIaSwgd2hvIGFyZSB5b3U/In0=".to_vec(),
            Vec::new(),
        ),
        (
            "base64 for addresses",
            b"eyJpbnB1dHMiOiJIaSwgd2hvIGFyZSB5b3U_In0=".to_vec(),
            Vec::new(),
        ),
    ] {
        let notes = notes(|call| (call.body, call.headers) = (body, headers));
        let notes = notes.unwrap_or_else(|| panic!("{what}"));
        assert!(notes.contains("call_uncertain"), "{what}: {notes}");
    }
}

#[test]
fn a_body_that_did_not_come_whole_may_have_a_prompt() {
    let padded = format!("{}{PROMPT}", " ".repeat(2_000));
    let small = MINIMAL.replacen('{', r#"{"capture":{"limits":{"request_bytes":1024}},"#, 1);
    let found = notes(|call| (call.body, call.config) = (padded.into(), small)).unwrap();
    assert!(found.contains("request_body_truncated"), "{found}");

    for (body, headers) in [
        (&b"{"[..], Vec::new()),
        (b"", Vec::new()),
        (b"", vec![("content-length", b"31".to_vec())]),
    ] {
        let ends = !headers.is_empty();
        let found = notes(|call| {
            (call.body, call.headers, call.request_ends) = (body.to_vec(), headers, ends);
        });
        let found = found.unwrap_or_else(|| panic!("{body:?}, {ends}"));
        assert!(found.contains("request_incomplete"), "{found}");
    }
    // What came has its prompt.
    let found = notes(|call| {
        call.body.truncate(call.body.len() - 2);
        call.request_ends = false;
    });
    assert!(found.unwrap().contains("request_incomplete"));
}

#[test]
fn a_body_that_shows_what_it_is_gives_no_event_of_another() {
    for body in [
        &br#"{"order":7}"#[..],
        b"[1]",
        b"",
        b"order=7&total=8",
        b"order=",
        b"<order/>",
        b"--x\r\ncontent-disposition: form-data; name=\"order\"\r\n\r\n7\r\n--x--\r\n",
        b"\0\0\0\0\x02ab",
    ] {
        assert_eq!(
            notes(|call| call.body = body.to_vec()),
            None,
            "{}",
            body.escape_ascii()
        );
    }
}

#[test]
fn a_content_type_hides_no_prompt() {
    let grpc = || vec![("content-type", b"application/grpc".to_vec())];
    assert!(notes(|call| call.headers = grpc()).is_some());
    for (body, prompt, note) in [(ASK, "Hi", false), ("\0\0\0\0\u{2}ab", "", true)] {
        let event = Call::new(OPENAI, body, "{}")
            .with(|call| call.headers = grpc())
            .event();
        assert_eq!(event["prompt_content"], prompt);
        let notes = own(&event, "/capture/notes").to_string();
        assert_eq!(notes.contains("request_unreadable"), note, "{notes}");
    }
}

#[test]
fn a_known_provider_that_is_asked_otherwise_gives_an_event_without_content() {
    let at = |path: &'static str, body: &str| {
        let host = vec![(":authority", b"api.replicate.com".to_vec())];
        let call = Call::new(path, body, r#"{"id":"p1","output":"secret"}"#);
        call.with(|call| call.headers = host)
    };
    let prompt = r#"{"version":"v","input":{"prompt":"Hi"}}"#;
    let event = at("/v1/predictions", prompt).event();
    assert_eq!(own(&event, "/capture/api"), "replicate.predictions");
    for (path, body) in [
        (
            "/v1/predictions",
            r#"{"version":"v","input":{"image":"secret"}}"#,
        ),
        ("/v1/trainings", r#"{"prompt":"secret"}"#),
    ] {
        let event = at(path, body).event();
        assert_eq!(own(&event, "/capture/api"), "unknown", "{path}");
        assert_eq!(event["model_provider"], "replicate");
        let size = body.len();
        assert_eq!(own(&event, "/capture/request_bytes"), size);
        assert!(!event.to_string().contains("secret"), "{event}");
        let notes = own(&event, "/capture/notes").to_string();
        assert!(
            notes.contains("api_unknown") && !notes.contains("unreadable"),
            "{notes}"
        );
    }
    assert!(at("/v1/trainings", "").run().is_none());
    assert!(at("/v1/predictions", "").run().is_none());
}

#[test]
fn who_serves_is_told_by_where_the_call_went_in_the_end() {
    let config = MINIMAL.replacen(
        '{',
        r#"{"providers":[{"cluster":"vllm","name":"house"},{"route":"r","name":"other"}],"#,
        1,
    );
    for (cluster, route, provider) in [
        (Some("vllm"), Some("r"), "house"),
        (Some("openai"), Some("r"), "other"),
        (Some("openai"), None, "openai"),
        (None, None, "openai"),
    ] {
        let event = Call::new(OPENAI, ASK, "{}")
            .with(|call| {
                call.config = config.clone();
                call.end.cluster = cluster.map(str::to_owned);
                call.end.route = route.map(str::to_owned);
            })
            .event();
        assert_eq!(event["model_provider"], provider, "{cluster:?} {route:?}");
    }
}

#[test]
fn another_method_counts_if_it_has_a_body() {
    for (method, body, is_call) in [("PUT", ASK, true), ("GET", ASK, true), ("GET", "", false)] {
        let call = Call::new(OPENAI, body, "{}");
        let event = call.with(|call| call.method = method).run();
        assert_eq!(event.is_some(), is_call, "{method}");
        let Some(event) = event else { continue };
        let event = serde_json::to_value(event).unwrap();
        assert_eq!(event["prompt_content"], "Hi");
        let notes = own(&event, "/capture/notes").to_string();
        assert!(notes.contains("method_unusual"), "{notes}");
    }
}

#[test]
fn the_path_stands_as_it_came() {
    let event = Call::new("/v1//Chat/%63ompletions/?key=secret", ASK, "{}").event();
    assert_eq!(own(&event, "/gateway/path"), "/v1//Chat/%63ompletions/");
    let notes = own(&event, "/capture/notes").to_string();
    assert!(notes.contains("path_unusual"), "{notes}");
    assert!(!event.to_string().contains("secret"));
    let event = Call::new(
        "/openai/Deployments/D-1/chat/./completions",
        r#"{"messages":[]}"#,
        "{}",
    );
    assert_eq!(event.event()["model_name"], "D-1");
}
