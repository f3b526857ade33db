//! Every path of the table, written in the ways that servers forgive.

use super::*;

/// Ways to write a path, and whether a client of a model would.
const USUAL: [fn(&str) -> String; 3] = [
    |path| format!("{path}/"),
    |path| format!("{path}?x=/a;b&key=%2e"),
    |path| format!("{path}/#part"),
];

const UNUSUAL: [fn(&str) -> String; 24] = [
    |path| encoded(path, |_, byte| byte.is_ascii_lowercase()),
    |path| encoded(path, |at, byte| at % 3 == 0 && byte.is_ascii_lowercase()),
    |path| encoded(path, |at, byte| at + 2 > path.len() && byte != b':'),
    |path| encoded(path, |_, byte| matches!(byte, b'/' | b'e')).replacen("%2F", "/", 1),
    |path| encoded(path, |_, _| true).replacen("%2F", "/", 1),
    |path| encoded(path, |_, _| true).to_lowercase(),
    |path| encoded(path, |at, byte| at % 2 == 0 && byte.is_ascii_lowercase()).replace('%', "%25"),
    |path| path.to_uppercase(),
    |path| capitalized(path),
    |path| path.replace('/', "//"),
    |path| path.replacen('/', "///", 2),
    |path| path.replace('/', "/./"),
    |path| path.replace('/', "/%2e/"),
    |path| path.replace('/', "/x/../"),
    |path| path.replace('/', "/x/%2E./"),
    |path| path.replace('/', "\\"),
    |path| path.replacen('/', "/%5c", 2),
    |path| format!("{path}/x/..%2f"),
    |path| format!("{}/", path.replace('/', ";v=1/")),
    |path| format!("{path};jsessionid=1?x"),
    |path| format!("{path}%20%00."),
    |path| format!("{path}%"),
    |path| path.replacen('/', "/%C0%AF", 2),
    |path| format!("http://user:secret@h.example:8080{path}"),
];

fn encoded(path: &str, which: impl Fn(usize, u8) -> bool) -> String {
    let bytes = path.bytes().enumerate().map(|(at, byte)| {
        if which(at, byte) {
            format!("%{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    });
    bytes.collect()
}

fn capitalized(path: &str) -> String {
    let mut last = 'a';
    let letters = path.chars().map(|letter| {
        let is_first = !last.is_ascii_alphanumeric();
        last = letter;
        if is_first {
            letter.to_ascii_uppercase()
        } else {
            letter
        }
    });
    letters.collect()
}

/// A path of a route, and a host where it counts.
fn example(route: &Route) -> (String, &'static str) {
    let host = match route.condition {
        Condition::At(name) | Condition::AtIfPrompt(name) => match name {
            "gemini" => "generativelanguage.googleapis.com",
            "openai" => "api.openai.com",
            "azure" => "my.openai.azure.com",
            "stability" => "api.stability.ai",
            "cloudflare" => "gateway.ai.cloudflare.com",
            "mistral" => "api.mistral.ai",
            "writer" => "api.writer.com",
            "vertex" => "aiplatform.googleapis.com",
            "bedrock" => "bedrock-runtime.us-east-1.amazonaws.com",
            "huggingface" => "x.endpoints.huggingface.cloud",
            name => panic!("{name} has no host here"),
        },
        Condition::AtAny => "api.openai.com",
        _ => "10.0.0.1",
    };
    let id = if route.end.starts_with(':') {
        "models/m-1"
    } else {
        "m-1"
    };
    let path = match route.within {
        "" if route.end.starts_with(':') => format!("/v1/{id}{}", route.end),
        "" => format!("/v1{}", route.end),
        within => format!("/v1{within}{id}{}", route.end),
    };
    (path, host)
}

fn call(host: &str, path: &str) -> Option<Identity> {
    let pairs = [(":method", "POST"), (":authority", host), (":path", path)];
    identity(&[], &pairs)
}

#[test]
fn no_spelling_of_a_path_hides_it() {
    for route in ROUTES.iter().filter(|route| !route.end.is_empty()) {
        let (path, host) = example(route);
        let plain = call(host, &path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(plain.notes, [], "{path}");
        let usual = USUAL.iter().map(|spell| (spell, None));
        let unusual = UNUSUAL.iter().map(|spell| (spell, Some(Note::PathUnusual)));
        for (number, (spell, note)) in usual.chain(unusual).enumerate() {
            let spelled = spell(&path).replace("h.example", host);
            let found = call(host, &spelled).unwrap_or_else(|| panic!("{number}: {spelled}"));
            assert_eq!(found.format.name, plain.format.name, "{number}: {spelled}");
            assert_eq!(found.evidence, plain.evidence, "{number}: {spelled}");
            assert_eq!(found.notes, Vec::from_iter(note), "{number}: {spelled}");
        }
    }
}

#[test]
fn an_encoded_id_is_a_clients_way_to_write_a_path() {
    for path in [
        "/model/us.amazon.nova-lite-v1%3A0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Feu.m-1/invoke",
        "/openai/deployments/my%20gpt/chat/completions",
        "/v1/models/%E6%9D%8E:generateContent",
    ] {
        let found = call("10.0.0.1", path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(found.notes, [], "{path}");
    }
}

#[test]
fn an_encoded_slash_that_parts_a_path_is_unusual() {
    let found = call("10.0.0.1", "/v1/chat%2Fcompletions").unwrap();
    assert_eq!(found.format.name, "openai.chat_completions");
    assert_eq!(found.notes, [Note::PathUnusual]);
}

#[test]
fn another_path_stays_another() {
    for path in [
        "/v1/messages/..",
        "/v1/messages/%2e%2e",
        "/v1/chatcompletions",
        "/v1/chat%5f/completion_s",
        "/%",
        "/%zz/%2",
        "*",
        "/v1/messages/..;/drafts",
        "http://h/",
    ] {
        assert!(call("10.0.0.1", path).is_none(), "{path}");
    }
}

#[test]
fn bytes_that_are_no_text_hide_nothing() {
    for path in [
        &b"/v1/chat/completions?x=\xe9"[..],
        b"/\xff/v1/chat/completions",
        b"/v1/chat/%63ompletions;\xff",
    ] {
        let pairs = [(":method", &b"POST"[..]), (":path", path)];
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
            .collect();
        let found = identify(&Headers(&pairs).into(), &[]);
        assert!(found.is_some(), "{}", path.escape_ascii());
    }
}

#[test]
fn no_target_shows_a_query_or_a_password() {
    for (target, text) in [
        ("/v1/x?key=secret", "/v1/x"),
        ("/v1/x#?key=secret", "/v1/x"),
        ("http://u:secret@h/v1/x?key=secret", "http://h/v1/x"),
        ("/v1/%78;a=1", "/v1/%78;a=1"),
    ] {
        assert_eq!(Path::of(target.as_bytes()).text, text);
    }
}
