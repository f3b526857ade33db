//! Real traffic, recorded from providers by others: bytes that nobody here wrote.
//!
//! The recordings are in the folder that the variable `RECORDINGS` names; that folder's README says
//! what their members mean. Without them, the tests that read them say so and pass.

pub mod native;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::{Deserialize, Deserializer};

/// All recordings, read once in a process; `None` if there are none to read.
pub fn all() -> Result<Option<&'static [Recording]>> {
    static ALL: OnceLock<Vec<Recording>> = OnceLock::new();
    let Some(folder) = folder() else {
        eprintln!("RECORDINGS is not set: no recorded exchanges were read");
        return Ok(None);
    };
    if let Some(all) = ALL.get() {
        return Ok(Some(all));
    }
    let all = read(&folder)?;
    ensure!(!all.is_empty(), "no recordings in {}", folder.display());
    Ok(Some(ALL.get_or_init(|| all)))
}

/// What `read` makes of some recordings at a time, on as many threads as there are processors; in
/// no order.
pub fn in_parallel<'a, T: Send>(
    recordings: &'a [Recording],
    read: impl Fn(&'a [Recording]) -> Result<Vec<T>> + Sync,
) -> Result<Vec<T>> {
    // Few enough that no thread is left with much more than others.
    const AT_A_TIME: usize = 25;
    let next = AtomicUsize::new(0);
    let some = || {
        recordings
            .chunks(AT_A_TIME)
            .nth(next.fetch_add(1, Ordering::Relaxed))
    };
    let work = || {
        std::iter::from_fn(some).try_fold(Vec::new(), |mut all, some| {
            all.extend(read(some)?);
            Ok(all)
        })
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism()?.get();
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            let read: Result<_> = thread.join().map_err(|_| anyhow!("a reader panicked"))?;
            all.extend(read?);
        }
        Ok(all)
    })
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("RECORDINGS").filter(|folder| !folder.is_empty())?;
    // Cargo runs tests in their package's folder; people name folders from where they stand.
    let from_package = PathBuf::from(&folder);
    let from_workspace = crate::workspace::root().join(&folder);
    Some(if from_workspace.exists() {
        from_workspace
    } else {
        from_package
    })
}

fn read(folder: &Path) -> Result<Vec<Recording>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    // As they come, so that every run replays in the same order.
    files.sort();
    let mut all = Vec::new();
    for path in files {
        if !path.to_string_lossy().ends_with(".jsonl.gz") {
            continue;
        }
        for line in BufReader::new(GzDecoder::new(File::open(&path)?)).lines() {
            let recording: Recording =
                serde_json::from_str(&line?).with_context(|| path.display().to_string())?;
            all.push(Recording {
                number: all.len(),
                ..recording
            });
        }
    }
    Ok(all)
}

/// One recorded exchange.
#[derive(Deserialize)]
pub struct Recording {
    /// Its place among all.
    #[serde(skip)]
    pub number: usize,
    source: String,
    name: String,
    index: usize,
    /// Which API it is, as those who gathered the recordings see it.
    pub api: String,
    /// How the answer is framed: `sse`, `eventstream`, `json-array` or `ndjson`; absent if it came
    /// as one document.
    #[serde(deserialize_with = "present")]
    pub streaming: Option<String>,
    /// The authority that was asked.
    pub host: String,
    method: String,
    /// The path, with its query.
    pub path: String,
    request_headers: BTreeMap<String, String>,
    #[serde(rename = "request_body_base64", deserialize_with = "base64_bytes")]
    request: Vec<u8>,
    request_body_note: String,
    /// The status of the response.
    pub status: u16,
    response_headers: BTreeMap<String, String>,
    #[serde(rename = "response_body_base64", deserialize_with = "base64_bytes")]
    response: Vec<u8>,
    response_body_note: String,
}

/// Headers of one connection, or made wrong by recording: of a body in pieces, whose length and
/// framing are ours.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
];

impl Recording {
    /// A name by which it can be found among all.
    pub fn id(&self) -> String {
        format!("{}:{}#{}", self.source, self.name, self.index)
    }

    /// Whether the request was recorded; of some exchanges only the response was.
    pub fn has_request(&self) -> bool {
        self.request_body_note != "absent"
    }

    /// The path without its query.
    pub fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The request's body, as it was sent.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// The response's body, as it was sent.
    pub fn response(&self) -> &[u8] {
        &self.response
    }

    /// The request's headers, with those by which HTTP names method, path and host.
    pub fn request_head(&self) -> Vec<(String, String)> {
        let mut head = vec![
            (":method".to_owned(), self.method.clone()),
            (":path".to_owned(), self.path.clone()),
            (":authority".to_owned(), self.host.clone()),
        ];
        head.extend(self.request_headers());
        head
    }

    /// The request's headers, without those of its connection.
    pub fn request_headers(&self) -> impl Iterator<Item = (String, String)> {
        end_to_end(&self.request_headers)
    }

    /// The response's headers, with its status.
    pub fn response_head(&self) -> Vec<(String, String)> {
        let mut head = vec![(":status".to_owned(), self.status.to_string())];
        head.extend(self.response_headers());
        head
    }

    /// The response's headers, without those of its connection.
    pub fn response_headers(&self) -> impl Iterator<Item = (String, String)> {
        // Some recorders decoded the body and left the header.
        let is_plain = self.response_body_note.starts_with("decoded-by-recorder");
        end_to_end(&self.response_headers)
            .filter(move |(name, _)| !(is_plain && name == "content-encoding"))
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id())
    }
}

fn end_to_end(headers: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
}

fn base64_bytes<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(text)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

/// An empty text is as good as none.
fn present<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(text)?;
    Ok(text.filter(|text| !text.is_empty()))
}
