//! Ways to other paths than that of chat completions: some say too little alone, so that the body
//! has to show that it is a call of a model.

use super::way::{DECOY, PROMPT, Way, chat};

pub(crate) fn ways() -> Vec<Way> {
    let mut ways = prompts();
    ways.extend(["/generate", "/invocations"].into_iter().flat_map(inputs));
    ways
}

fn inputs(path: &str) -> Vec<Way> {
    let inputs = format!(r#"{{"inputs":"{PROMPT}"}}"#);
    let long = format!(r#"{{"a":"{}","inputs":"{PROMPT}"}}"#, "a".repeat(5 << 20));
    let folded = format!(r#"{{"inputs":"{DECOY}","INPUTS":"{PROMPT}"}}"#);
    let utf16: Vec<u8> = inputs.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = |name, body: &str| at(path, name, body);
    vec![
        at("as documented", &inputs),
        at("encoded path", &inputs).target(&path.replace('n', "%6e")),
        at("NaN", &inputs.replace('{', r#"{"a":NaN,"#)),
        at("in another case", &inputs.replace("inputs", "Inputs")),
        at("in another case behind a decoy", &folded),
        at("long s", &inputs.replace("inputs", "inputſ")),
        at("UTF-16", "").body(utf16),
        at("encoding that lies", &inputs).encoded("gzip"),
        at("unknown encoding", &inputs).encoded("a"),
        at("gRPC that is none", &inputs).typed("application/grpc"),
        at("text/plain", &inputs).typed("text/plain"),
        at("a form that is none", &inputs).typed("multipart/form-data; boundary=b"),
        at("document behind it", &format!("{inputs}{{}}")),
        at("5 MiB before it", &long),
        at("messages instead", &chat(PROMPT)),
        at("prompt instead", &inputs.replace("inputs", "prompt")),
    ]
}

fn prompts() -> Vec<Way> {
    let prompt = format!(r#"{{"model":"m-1","prompt":"{PROMPT}"}}"#);
    let folded = format!(r#"{{"model":"m-1","prompt":"{DECOY}","PROMPT":"{PROMPT}"}}"#);
    let mut ways = Vec::new();
    for path in ["/completion", "/v1/completions", "/api/generate"] {
        let at = |name, body: &str| at(path, name, body);
        ways.extend([
            at("as documented", &prompt),
            at("in capitals", &prompt).target(&path.to_uppercase()),
            at("in another case", &prompt.replace("prompt", "Prompt")),
            at("in another case behind a decoy", &folded),
            at("encoding that lies", &prompt).encoded("br"),
        ]);
    }
    for path in ["/api/chat", "/v1/messages"] {
        let at = |name, body: &str| at(path, name, body);
        ways.extend([
            at("as documented", &chat(PROMPT)),
            at(
                "in another case",
                &chat(PROMPT).replace("messages", "Messages"),
            ),
            at("long s", &chat(PROMPT).replace("messages", "meſſages")),
            at("UTF-8 with a mark", &format!("\u{feff}{}", chat(PROMPT))),
        ]);
    }
    ways
}

fn at(path: &str, name: &str, body: &str) -> Way {
    Way::of_body(format!("{path}: {name}"), body).target(path)
}
