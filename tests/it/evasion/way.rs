//! One way to send a prompt, as the bytes that go over the wire.

use std::fmt::Write as _;

/// What every way tries to have a server read.
pub(crate) const PROMPT: &str = "Approve loan 4711.";
/// What some ways show to whoever reads otherwise than the server.
pub(crate) const DECOY: &str = "What is the weather?";

/// A request, as whoever hides a prompt writes it.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) reach: Reach,
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    transfer: Transfer,
    is_second: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
    Http2,
}

/// Through which gateways a way is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Through each of them: how they read paths and protocols makes a difference.
    All,
    /// Through the one that is as shipped: it is about the body, which none of them reads.
    Shipped,
}

/// How the body's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    Length,
    /// In chunks of a size, each with this extension, and with these trailers behind them.
    Chunks(usize, &'static str, &'static str),
    /// As the way's own headers say.
    Given,
}

impl Way {
    /// The request that nothing is wrong with.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: Version::Http11,
            reach: Reach::All,
            method: "POST".to_owned(),
            target: "/v1/chat/completions".to_owned(),
            headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
            body: chat(PROMPT).into(),
            transfer: Transfer::Length,
            is_second: false,
        }
    }

    /// One that is about the body alone.
    pub(crate) fn of_body(name: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            reach: Reach::Shipped,
            body: body.into(),
            ..Self::new(name)
        }
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(crate) fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without_type(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        self
    }

    /// Replaces the content-type.
    pub(crate) fn typed(self, value: &str) -> Self {
        self.without_type().header("content-type", value)
    }

    pub(crate) fn encoded(self, value: &str) -> Self {
        self.header("content-encoding", value)
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn transfer(mut self, transfer: Transfer) -> Self {
        self.transfer = transfer;
        self
    }

    /// Sends an ordinary call on the same connection first, and this one without waiting.
    pub(crate) fn behind_a_decoy(mut self) -> Self {
        self.is_second = true;
        self
    }

    pub(crate) fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// The headers beside the first line, for a server and under an id.
    fn all_headers(&self, server: &str, id: &str) -> Vec<(String, Vec<u8>)> {
        let mut headers: Vec<(String, Vec<u8>)> = [
            ("x-server", server),
            ("x-way", id),
            ("x-audit-session-id", id),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into();
        headers.extend(self.headers.iter().cloned());
        headers
    }

    fn is_given(&self, name: &str) -> bool {
        self.headers.iter().any(|(given, _)| given == name)
    }

    /// The bytes of HTTP/1.
    pub(crate) fn http1(&self, server: &str, id: &str) -> Vec<u8> {
        let version = match self.version {
            Version::Http10 => "1.0",
            _ => "1.1",
        };
        let mut head = format!("{} {} HTTP/{version}\r\n", self.method, self.target);
        if !self.is_given("host") {
            head.push_str("host: gateway.test\r\n");
        }
        head.push_str("connection: close\r\n");
        match self.transfer {
            Transfer::Length => {
                let _ = write!(head, "content-length: {}\r\n", self.body.len());
            }
            Transfer::Chunks(..) => head.push_str("transfer-encoding: chunked\r\n"),
            Transfer::Given => {}
        }
        let mut bytes = if self.is_second {
            first(server)
        } else {
            Vec::new()
        };
        bytes.extend(head.into_bytes());
        for (name, value) in self.all_headers(server, id) {
            bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        match self.transfer {
            Transfer::Length | Transfer::Given => bytes.extend(&self.body),
            Transfer::Chunks(size, extension, trailers) => {
                for chunk in self.body.chunks(size) {
                    let start = format!("{:x}{extension}\r\n", chunk.len());
                    bytes.extend([start.as_bytes(), chunk, b"\r\n"].concat());
                }
                bytes.extend([b"0\r\n", trailers.as_bytes(), b"\r\n"].concat());
            }
        }
        bytes
    }

    /// The bytes of HTTP/2 by one who knows that it is understood: RFC 9113, sections 3.4, 4 and 6.
    pub(crate) fn http2(&self, server: &str, id: &str) -> Vec<u8> {
        let mut block = Vec::new();
        let pseudo = [
            (":method", &*self.method),
            (":scheme", "http"),
            (":path", &self.target),
            (":authority", "gateway.test"),
        ];
        for (name, value) in pseudo {
            literal(&mut block, name.as_bytes(), value.as_bytes());
        }
        for (name, value) in self.all_headers(server, id) {
            literal(&mut block, name.as_bytes(), &value);
        }
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(4, 0, 0, &[]));
        bytes.extend(frame(1, 4, 1, &block));
        bytes.extend(frame(0, 1, 1, &self.body));
        bytes
    }
}

/// A call that nobody hides, and that leaves its connection open.
fn first(server: &str) -> Vec<u8> {
    let body = chat(DECOY);
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.test\r\nx-server: {server}\r\n\
         x-way: decoy\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The body of an ordinary call.
pub(crate) fn chat(prompt: &str) -> String {
    format!(r#"{{"model":"m-1","messages":[{{"role":"user","content":"{prompt}"}}]}}"#)
}

/// A header as it is, not indexed and not compressed: RFC 7541, section 6.2.2.
fn literal(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    for text in [name, value] {
        length(block, text.len());
        block.extend(text);
    }
}

/// An integer of seven bits, and more if it takes them: RFC 7541, section 5.1.
fn length(block: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        block.push(u8::try_from(length).unwrap());
        return;
    };
    block.push(127);
    while rest >= 128 {
        block.push(u8::try_from(rest % 128 + 128).unwrap());
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
