//! Ways that hide what is called: paths, methods, hosts and versions of HTTP.

use super::way::{Transfer, Version, Way};

/// Each path here is one under which some server finds `/v1/chat/completions`, or might.
const SPELLINGS: &[(&str, &str)] = &[
    ("as documented", "/v1/chat/completions"),
    ("percent-encoded letter", "/v1/chat/complet%69ons"),
    ("percent-encoded capital", "/v1/chat/%43ompletions"),
    (
        "percent-encoded word",
        "/v1/%63%68%61%74/%63%6f%6d%70%6C%65%74%69%6F%6E%73",
    ),
    ("percent-encoded version", "/%76%31/chat/completions"),
    ("encoded slash", "/v1/chat%2fcompletions"),
    ("encoded slash in capitals", "/v1%2Fchat%2Fcompletions"),
    ("encoded first slash", "/%2fv1/chat/completions"),
    ("encoded twice", "/v1/chat/complet%2569ons"),
    ("slash encoded twice", "/v1/chat%252fcompletions"),
    ("encoded three times", "/v1/chat/complet%252569ons"),
    ("capitals", "/V1/CHAT/COMPLETIONS"),
    ("camel case", "/v1/Chat/Completions"),
    ("capital behind a percent sign", "/v1/chat/%43OMPLETIONS"),
    ("two slashes", "/v1//chat//completions"),
    ("two slashes first", "//v1/chat/completions"),
    ("many slashes", "////v1////chat////completions"),
    ("dot", "/v1/./chat/completions"),
    ("dots", "/v1/models/../chat/completions"),
    ("dots above the root", "/../v1/chat/completions"),
    ("dots with a decoy", "/health/../v1/chat/completions"),
    ("encoded dot", "/v1/%2e/chat/completions"),
    ("encoded dots", "/v1/models/%2e%2e/chat/completions"),
    ("dots and encoded slash", "/v1/models/..%2fchat/completions"),
    ("dot last", "/v1/chat/completions/."),
    ("dots last", "/v1/chat/completions/x/.."),
    ("trailing slash", "/v1/chat/completions/"),
    ("trailing slashes", "/v1/chat/completions//"),
    ("encoded trailing slash", "/v1/chat/completions%2f"),
    ("matrix parameter", "/v1/chat/completions;a=b"),
    ("empty matrix parameter", "/v1/chat/completions;"),
    ("matrix parameter within", "/v1;a=b/chat/completions"),
    ("encoded semicolon", "/v1/chat/completions%3ba=b"),
    ("query", "/v1/chat/completions?stream=false"),
    ("empty query", "/v1/chat/completions?"),
    ("query with a path", "/v1/chat/completions?/v1/models"),
    ("encoded question mark", "/v1/chat/completions%3fa=b"),
    ("fragment", "/v1/chat/completions#a"),
    ("encoded fragment", "/v1/chat/completions%23a"),
    ("absolute form", "http://gateway.test/v1/chat/completions"),
    (
        "absolute form in capitals",
        "HTTP://GATEWAY.TEST/v1/chat/completions",
    ),
    (
        "absolute form of another host",
        "http://other.test/v1/chat/complet%69ons",
    ),
    (
        "absolute form with a user",
        "http://a@gateway.test/v1/chat/completions",
    ),
    ("backslashes", "/v1\\chat\\completions"),
    ("encoded backslash", "/v1/chat%5ccompletions"),
    ("encoded blank last", "/v1/chat/completions%20"),
    ("encoded tab last", "/v1/chat/completions%09"),
    ("encoded line end last", "/v1/chat/completions%0a"),
    ("encoded NUL last", "/v1/chat/completions%00"),
    ("stop last", "/v1/chat/completions."),
    ("overlong slash", "/v1/chat%c0%afcompletions"),
    ("percent sign alone", "/v1/chat/completions%"),
    ("without version", "/chat/completions"),
    ("without version, encoded", "/ch%61t/completions"),
    ("under a prefix", "/openai/v1/chat/completions"),
    ("under an encoded prefix", "/openai/v1/%63hat/completions"),
    (
        "of a deployment",
        "/openai/deployments/d/chat/completions?api-version=1",
    ),
    (
        "of a deployment, encoded",
        "/openai/deployments/d/chat/completion%73?api-version=1",
    ),
];

pub(crate) fn ways() -> Vec<Way> {
    let mut ways: Vec<Way> = SPELLINGS
        .iter()
        .map(|(name, path)| Way::new(format!("path: {name}")).target(path))
        .collect();
    let dots = format!("{}/v1/chat/completions", "/a/..".repeat(2000));
    ways.push(Way::new("path: ten thousand bytes of dots").target(&dots));
    let query = format!("/v1/ch%61t/completions?{}", "a=b&".repeat(2500));
    ways.push(Way::new("path: ten thousand bytes of a query").target(&query));
    ways.extend(methods());
    ways.extend(hosts());
    ways.extend(protocols());
    ways
}

fn methods() -> Vec<Way> {
    let names = [
        "post", "Post", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "SEARCH", "QUERY", "CHAT",
    ];
    let mut ways: Vec<Way> = names
        .iter()
        .map(|name| Way::new(format!("method: {name}")).method(name))
        .collect();
    ways.push(Way::new("method: overridden").header("x-http-method-override", "GET"));
    ways.push(
        Way::new("method: overridden by PUT")
            .method("PUT")
            .header("x-http-method-override", "POST"),
    );
    ways.push(
        Way::new("method: PUT to an encoded path")
            .method("PUT")
            .target("/v1/ch%61t/completions"),
    );
    ways
}

/// Paths that are in no table, at the hosts of providers.
fn hosts() -> Vec<Way> {
    let at = |name: &str, host: &str| {
        Way::new(format!("host: {name}"))
            .target("/v9/assistants/ask")
            .header("host", host)
    };
    vec![
        at("unknown path", "api.openai.com"),
        at("unknown path, with a port", "api.openai.com:443"),
        at("unknown path, in capitals", "API.OpenAI.com"),
        at("unknown path, with a stop last", "api.openai.com."),
        at("unknown path of another provider", "api.anthropic.com"),
        at("unknown path by PUT", "api.openai.com").method("PUT"),
        at("known path encoded", "api.openai.com").target("/v1/r%65sponses"),
        at("unknown path in capitals", "api.openai.com").target("/V1/RESPONSES/NEW"),
    ]
}

fn protocols() -> Vec<Way> {
    vec![
        Way::new("HTTP/1.0").version(Version::Http10),
        Way::new("HTTP/1.0, encoded path")
            .version(Version::Http10)
            .target("/v1/ch%61t/completions"),
        Way::new("HTTP/2").version(Version::Http2),
        Way::new("HTTP/2, encoded path")
            .version(Version::Http2)
            .target("/v1/ch%61t/completions"),
        Way::new("HTTP/2, content-encoding that lies")
            .version(Version::Http2)
            .encoded("gzip"),
        Way::new("chunks").transfer(Transfer::Chunks(16, "", "")),
        Way::new("chunks of one byte").transfer(Transfer::Chunks(1, "", "")),
        Way::new("chunks with extensions").transfer(Transfer::Chunks(9, ";a=\"b\";c", "")),
        Way::new("chunks with trailers").transfer(Transfer::Chunks(
            64,
            "",
            "content-type: text/plain\r\nx-trailer: 1\r\n",
        )),
        Way::new("length beside chunks")
            .header("content-length", "2")
            .transfer(Transfer::Chunks(16, "", "")),
        Way::new("second on its connection").behind_a_decoy(),
        Way::new("second on its connection, encoded path")
            .behind_a_decoy()
            .target("/v1/ch%61t/completions"),
        Way::new("second on its connection, content-encoding that lies")
            .behind_a_decoy()
            .encoded("gzip"),
        Way::new("expectation").header("expect", "100-continue"),
        Way::new("transfer-encoding in capitals")
            .header("transfer-encoding", "CHUNKED")
            .transfer(Transfer::Given)
            .body(chunked(&super::way::chat(super::way::PROMPT))),
        Way::new("transfer-encoding identity, chunked")
            .header("transfer-encoding", "identity, chunked")
            .transfer(Transfer::Given)
            .body(chunked(&super::way::chat(super::way::PROMPT))),
        Way::new("upgrade that nobody grants")
            .header("upgrade", "h2c")
            .header("http2-settings", "AAMAAABkAAQAAP__"),
        Way::new("headers in capitals")
            .without_type()
            .header("CONTENT-TYPE", "APPLICATION/JSON"),
    ]
}

fn chunked(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}
