//! One HTTP call, made as it is, and everything the client sees of the answer.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use audit_layer_tests::sample_llm::{CASE_HEADER, SCRIPT_HEADER};
use audit_layer_tests::stack::Stack;
use audit_layer_tests::wait::PATIENCE;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response};
use serde_json::Value;

use crate::fixture::unique;

/// The paths of the two wire formats.
pub(crate) const OPENAI: &str = "/v1/chat/completions";
pub(crate) const ANTHROPIC: &str = "/v1/messages";

/// A call that is still to be made.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    path: &'static str,
    body: Vec<u8>,
    headers: HeaderMap,
}

impl Call {
    pub(crate) fn new(path: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let call = Self {
            path,
            body: body.into(),
            headers: HeaderMap::new(),
        };
        call.header("content-type", "application/json")
            .header("authorization", "Bearer sk-secret")
    }

    /// Adds a header; its value may be any bytes that HTTP allows.
    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// Takes a header away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Has the sample LLM play a script.
    pub(crate) fn scripted(self, name: &str) -> Self {
        self.header(SCRIPT_HEADER, name)
    }

    /// Has the sample LLM keep the request under a new name, which is returned too.
    pub(crate) fn kept(self) -> (Self, String) {
        let case = unique("case");
        (self.header(CASE_HEADER, &case), case)
    }

    /// Sends the request and returns as soon as the answer's headers are there.
    pub(crate) async fn begin(&self, url: &str) -> Result<Response> {
        let request = Client::new().post(format!("{url}{}", self.path));
        let request = request
            .headers(self.headers.clone())
            .body(self.body.clone());
        Ok(tokio::time::timeout(PATIENCE, request.send()).await??)
    }

    /// Makes the call and reads the answer, however it ends.
    pub(crate) async fn make(&self, url: &str) -> Result<Answer> {
        Answer::read(self.begin(url).await?).await
    }

    /// Makes the call through the gateway.
    pub(crate) async fn through(&self, stack: &Stack) -> Result<Answer> {
        self.make(&stack.url()?).await
    }

    /// Makes the call without the gateway.
    pub(crate) async fn directly(&self, stack: &Stack) -> Result<Answer> {
        self.make(&format!("http://{}", stack.sample.address()))
            .await
    }

    /// Makes the call both ways, checks that the client sees the same, and returns the gateway's.
    pub(crate) async fn both_ways(&self, stack: &Stack) -> Result<Answer> {
        let direct = self.directly(stack).await?;
        let through = self.through(stack).await?;
        assert_eq!(
            direct.seen(),
            through.seen(),
            "the gateway changed what the client sees"
        );
        Ok(through)
    }
}

/// What the client got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the connection broke before the body was whole.
    pub(crate) broken: bool,
}

impl Answer {
    async fn read(mut response: Response) -> Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
            broken: false,
        };
        loop {
            match tokio::time::timeout(PATIENCE, response.chunk()).await? {
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => return Ok(answer),
                Err(_) => {
                    answer.broken = true;
                    return Ok(answer);
                }
            }
        }
    }

    /// The id that the gateway gave the call.
    pub(crate) fn request_id(&self) -> Result<&str> {
        let id = self
            .headers
            .get("x-audit-request-id")
            .context("no x-audit-request-id")?;
        Ok(id.to_str()?)
    }

    /// The event recorded for the call.
    pub(crate) async fn event(&self, stack: &Stack) -> Result<Value> {
        stack.event(self.request_id()?).await
    }

    /// What must be the same with and without the gateway.
    fn seen(&self) -> Seen<'_> {
        let mut headers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, value) in &self.headers {
            // The time of the answer, and the one header that the gateway adds.
            if !["date", "x-audit-request-id"].contains(&name.as_str()) {
                headers
                    .entry(name.as_str())
                    .or_default()
                    .push(value.as_bytes());
            }
        }
        Seen {
            status: self.status,
            headers,
            body: &self.body,
            broken: self.broken,
        }
    }
}

/// An answer without what differs from call to call.
#[derive(Debug, PartialEq, Eq)]
struct Seen<'a> {
    status: u16,
    headers: BTreeMap<&'a str, Vec<&'a [u8]>>,
    body: &'a [u8],
    broken: bool,
}

/// Reads a response until `part` has come, then leaves, as a client does whose user closed the tab.
pub(crate) async fn leave_after(mut response: Response, part: &[u8]) -> Result<()> {
    let mut body = Vec::new();
    while !body.windows(part.len()).any(|window| window == part) {
        let chunk = tokio::time::timeout(PATIENCE, response.chunk()).await??;
        body.extend_from_slice(&chunk.context("the answer ended before the awaited part")?);
    }
    drop(response);
    Ok(())
}
