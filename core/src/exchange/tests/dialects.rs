//! Requests and answers that are JSON for some servers only, and what is said of them.

use serde_json::json;

use super::*;

const CHAT: &str = "/v1/chat/completions";
const GENERATE: &str = "/v1beta/models/m-1:generateContent";
const CONVERSE: &str = "/model/m-1/converse";
const OLLAMA: &str = "/api/chat";

/// The notes that are about how a request was written.
const ABOUT: [&str; 8] = [
    "invalid_unicode_replaced",
    "json_dialect",
    "member_case_ignored",
    "member_duplicated",
    "request_charset_unknown",
    "request_not_utf8",
    "request_unreadable",
    "trailing_data",
];

/// One question in several formats: the path, the body and its canonical text.
const ASKED: [(&str, &str, &str); 5] = [
    (
        CHAT,
        r#"{"model":"m-1","metadata":{"score":1},"messages":[{"role":"user","content":"Transfer."}]}"#,
        "Transfer.",
    ),
    (
        ANTHROPIC,
        r#"{"model":"m-1","metadata":{"score":1},"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Transfer."}]}]}"#,
        "[SYSTEM] Be brief.\n[USER] Transfer.",
    ),
    (
        GENERATE,
        r#"{"labels":{"score":1},"contents":[{"role":"user","parts":[{"text":"Transfer."}]}]}"#,
        "Transfer.",
    ),
    (
        CONVERSE,
        r#"{"requestMetadata":{"score":1},"messages":[{"role":"user","content":[{"text":"Transfer."}]}]}"#,
        "Transfer.",
    ),
    (
        OLLAMA,
        r#"{"model":"m-1","options":{"score":1},"messages":[{"role":"user","content":"Transfer."}]}"#,
        "Transfer.",
    ),
];

/// The event of a request with this prompt, of which these are the notes on how it was written.
fn check(path: &'static str, body: &[u8], prompt: &str, notes: &[&str]) -> Value {
    let call = Call::new(path, "", "{}").with(|call| call.body = body.to_vec());
    let event = call.event();
    let about = format!("{path} {}", String::from_utf8_lossy(body));
    assert_eq!(event["prompt_content"], prompt, "{about}");
    assert_eq!(event["model_name"], "m-1", "{about}");
    let given = own(&event, "/capture/notes").as_array().unwrap();
    let mut given: Vec<_> = given.iter().filter_map(Value::as_str).collect();
    given.retain(|note| ABOUT.contains(note));
    assert_eq!(given, notes, "{about}");
    let hash = HashForm::Sha256.hash(prompt.as_bytes());
    assert_eq!(event["prompt_hash"], hash, "{about}");
    for piece in [1, 7] {
        let call = call.clone().with(|call| call.piece = piece);
        assert_eq!(call.event(), event, "{about} in pieces of {piece}");
    }
    event
}

#[test]
fn odd_json_hides_no_prompt_in_any_format() {
    for (path, body, prompt) in ASKED {
        check(path, body.as_bytes(), prompt, &[]);
        for odd in [
            body.replace("1}", "NaN}"),
            body.replace("1}", "-Infinity}"),
            body.replace("{\"score\"", "{/* \" */\"score\""),
            format!("// a \"comment\"\n{body}"),
            body.replace("1}", "1,}"),
            body.replace("}]", "},]"),
            body.replace('"', "'"),
        ] {
            check(path, odd.as_bytes(), prompt, &["json_dialect"]);
        }
        for usual in [
            format!("\u{feff}{body}"),
            format!(" \r\n{body}\n\n"),
            body.replace("1}", "1e999}"),
        ] {
            check(path, usual.as_bytes(), prompt, &[]);
        }
        for (written, read, notes) in [
            ("\t\n\u{7}", "\t\n\u{7}", &[][..]),
            ("\\ud83d", "\u{fffd}", &["invalid_unicode_replaced"]),
        ] {
            let body = body.replace("Transfer.", written);
            let prompt = prompt.replace("Transfer.", read);
            check(path, body.as_bytes(), &prompt, notes);
        }
    }
}

#[test]
fn wide_text_is_read_and_told() {
    for (path, body, prompt) in ASKED {
        let body = body.replace("Transfer.", "Transfer \u{20ac}\u{1f600}.");
        let prompt = prompt.replace("Transfer.", "Transfer \u{20ac}\u{1f600}.");
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}{body}");
            let utf16: Vec<_> = text.encode_utf16().collect();
            let utf32: Vec<_> = text.chars().map(u32::from).collect();
            let wide: [Vec<u8>; 4] = [
                utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
                utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
                utf32.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
                utf32.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            ];
            for wide in wide {
                check(path, &wide, &prompt, &["request_not_utf8"]);
            }
        }
    }
}

#[test]
fn what_follows_the_first_document_is_told() {
    for (path, body, prompt) in ASKED {
        for more in ["{}", r#" {"messages":[]}"#, "x", "\0", "]"] {
            let body = format!("{body}{more}");
            check(path, body.as_bytes(), prompt, &["trailing_data"]);
        }
    }
}

#[test]
fn names_in_another_case_hide_no_prompt_in_any_format() {
    for (path, body, prompt) in ASKED {
        for name in ["messages", "contents", "content", "parts", "system", "role"] {
            let quoted = format!("\"{name}\":");
            let first = name[..1].to_uppercase();
            for other in [
                name.to_uppercase(),
                format!("{first}{}", &name[1..]),
                name.replace('s', "\u{17f}"),
            ] {
                if other == name || !body.contains(&quoted) {
                    continue;
                }
                let body = body.replace(&quoted, &format!("\"{other}\":"));
                let event = check(path, body.as_bytes(), prompt, &["member_case_ignored"]);
                let role = own(&event, "/prompt/parts/0/role");
                assert!(role == "user" || role == "system", "{body}");
            }
        }
    }
    let kelvin = ASKED[4]
        .1
        .replace("model", "Model")
        .replace("score", "top_\u{212a}");
    check(
        OLLAMA,
        kelvin.as_bytes(),
        "Transfer.",
        &["member_case_ignored"],
    );
}

#[test]
fn the_last_of_two_members_counts_and_that_servers_differ_is_told() {
    let decoy = r#""messages":[{"role":"user","content":"Decoy."}]"#;
    let hidden = r#""messages":[{"role":"user","content":"Hidden."}]"#;
    let asked = |first: &str, second: &str| format!(r#"{{"model":"m-1",{first},{second}}}"#);
    let other = |member: &str| member.replace("messages", "Messages");
    let twice = ["member_duplicated"];
    for (path, prompt) in [
        (CHAT, "Hidden."),
        (ANTHROPIC, "[USER] Hidden."),
        (OLLAMA, "Hidden."),
    ] {
        check(path, asked(decoy, hidden).as_bytes(), prompt, &twice);
        check(path, asked(hidden, hidden).as_bytes(), prompt, &[]);
        let body = asked(&other(decoy), hidden);
        check(path, body.as_bytes(), prompt, &twice);
    }
    let body = asked(decoy, &other(hidden));
    check(CHAT, body.as_bytes(), "Decoy.", &twice);
    // A server in Go takes the last one, whatever its case.
    let both = ["member_case_ignored", "member_duplicated"];
    check(OLLAMA, body.as_bytes(), "Hidden.", &both);
    let body =
        r#"{"model":"m-1","messages":[{"role":"user","content":"Decoy.","CONTENT":"Hidden."}]}"#;
    check(CHAT, body.as_bytes(), "Decoy.", &twice);
    check(OLLAMA, body.as_bytes(), "Hidden.", &both);
}

#[test]
fn parts_are_read_like_what_they_are_in() {
    let body = |part: &str| {
        format!(r#"{{"model":"m-1","messages":[{{"role":"user","content":[{part}]}}]}}"#)
    };
    for (part, notes) in [
        (
            r#"{"type":"text","text":"Decoy.","text":"Hidden."}"#,
            "member_duplicated",
        ),
        (r#"{"Type":"text","Text":"Hidden."}"#, "member_case_ignored"),
        (r#"{'type':'text',"text":"Hidden."}"#, "json_dialect"),
    ] {
        check(CHAT, body(part).as_bytes(), "Hidden.", &[notes]);
    }
}

#[test]
fn a_charset_that_is_not_read_is_told() {
    let plain = ASKED[0].1.to_owned();
    let accent = plain.replace("Transfer.", "Jos\u{e9}");
    for (kind, body, is_told) in [
        ("application/json", &accent, false),
        ("application/json; charset=UTF-8", &accent, false),
        ("application/json;charset=\"utf8\"", &accent, false),
        ("application/json; charset=iso-8859-1", &plain, false),
        ("application/json; charset=iso-8859-1", &accent, true),
        ("application/json; charset=utf-7", &plain, true),
        ("application/json; a=b; Charset='x-odd'", &plain, true),
    ] {
        let event = Call::new(CHAT, body, "{}")
            .with(|call| call.headers = vec![("content-type", kind.into())])
            .event();
        let notes = own(&event, "/capture/notes").to_string();
        assert_eq!(notes.contains("request_charset_unknown"), is_told, "{kind}");
    }
}

#[test]
fn odd_json_costs_nothing_of_an_answer() {
    let plain = OPENAI_ANSWER.replace(r#""id":"#, r#""logprobs":[-Infinity, NaN,],"id":"#);
    let events = OPENAI_STREAM.replace(r#""index":0,"#, r#""index":0,"logprob":-Infinity,"#);
    for (answer, said, tokens) in [(plain, "Hello", 2), (events, "H\u{e9}llo", 4)] {
        let event = Call::new(CHAT, ASK, &answer).event();
        assert_eq!(event["response_content"], said);
        assert_eq!(event["response_tokens"], tokens);
        assert_eq!(own(&event, "/capture/notes"), &json!([]));
    }
    let two = format!("{OPENAI_ANSWER}{OPENAI_ANSWER}");
    let event = Call::new(CHAT, ASK, &two).event();
    assert_eq!(event["response_content"], "Hello");
    assert_eq!(own(&event, "/capture/notes"), &json!(["trailing_data"]));
}
