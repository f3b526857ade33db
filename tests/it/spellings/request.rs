//! The requests of the core's fixtures, and what their events say of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_tests::sample_llm::script::Script;
use audit_layer_tests::workspace;
use serde_json::Value;

/// A request, as a fixture has it.
#[derive(Debug)]
pub(crate) struct Request {
    /// The format and the fixture, such as `ollama/plain`.
    pub(crate) name: String,
    pub(crate) method: String,
    /// The path without its query.
    pub(crate) path: String,
    /// The query with its question mark; empty if there is none.
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What comes back. Of a question that says nothing itself, the answer shows what it was.
    pub(crate) answer: Script,
    /// What must be the same, however the path is spelt.
    pub(crate) expected: Identity,
}

/// What an event says of who was asked what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) api: Value,
    pub(crate) model: Value,
    pub(crate) prompt: Value,
    pub(crate) hash: Value,
}

impl Identity {
    pub(crate) fn of(event: &Value) -> Self {
        Self {
            api: event["metadata"]["audit_layer"]["capture"]["api"].clone(),
            model: event["model_name"].clone(),
            prompt: event["prompt_content"].clone(),
            hash: event["prompt_hash"].clone(),
        }
    }
}

impl Request {
    /// The requests of a format that differ in their paths, the one of `plain` first.
    pub(crate) fn all_of(format: &str) -> Result<Vec<Self>> {
        let folder = workspace::root().join("core/fixtures").join(format);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).context(folder.display().to_string())? {
            files.push(entry?.path());
        }
        files.retain(|file| file.extension().is_some_and(|it| it == "http"));
        files.sort_by_key(|file| (!file.ends_with("plain.http"), file.clone()));
        let mut paths = BTreeSet::new();
        let mut requests = Vec::new();
        for file in files {
            let request = Self::read(format, &file)?;
            if paths.insert((request.headers.clone(), request.path.clone())) {
                requests.push(request);
            }
        }
        Ok(requests)
    }

    fn read(format: &str, file: &PathBuf) -> Result<Self> {
        let text = std::fs::read_to_string(file)?;
        let (request, response) = text
            .split_once("\n--- response ---\n")
            .with_context(|| file.display().to_string())?;
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let start = lines.next().unwrap_or_default();
        let (method, target) = start.split_once(' ').context("a method and a path")?;
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        let (directives, headers): (Vec<_>, Vec<_>) = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .partition(|(name, _)| name.starts_with("fixture-"));
        let has_crlf = directives.iter().any(|(name, _)| name == "fixture-lines");
        let body = if has_crlf {
            body.replace('\n', "\r\n")
        } else {
            body.to_owned()
        };
        Ok(Self {
            name: format!("{format}/{}", stem(file)),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            answer: answer(method, response),
            body: body.into_bytes(),
            expected: expected(&file.with_extension("json"))?,
        })
    }

    /// The bytes on the wire, for a target and with further headers.
    pub(crate) fn bytes(&self, target: &str, further: &[(&str, &str)]) -> Vec<u8> {
        let given = self.headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        for (name, value) in given.chain(further.iter().copied()) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.is_upgrade() {
            let length = self.body.len().to_string();
            head.extend(["connection: close\r\ncontent-length: ", &length, "\r\n"]);
        }
        head.push_str("\r\n");
        let body = if self.is_upgrade() { &[] } else { &*self.body };
        [head.as_bytes(), body].concat()
    }

    /// Whether what follows is no longer HTTP.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == "upgrade")
    }

    pub(crate) fn host(&self) -> &str {
        let host = self.headers.iter().find(|(name, _)| name == "host");
        host.map_or("gateway.test", |(_, host)| host)
    }
}

/// The fixture's answer where it is fetched, an empty one elsewhere.
fn answer(method: &str, response: &str) -> Script {
    if method != "GET" {
        return Script::plain(200, "application/json", "{}");
    }
    let (head, body) = response.split_once("\n\n").unwrap_or((response, ""));
    let kind = head
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "));
    Script::plain(200, kind.unwrap_or("text/plain"), body.to_owned())
}

fn expected(file: &Path) -> Result<Identity> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(Identity::of(&serde_json::from_str(&text)?))
}

fn stem(file: &Path) -> &str {
    file.file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default()
}
