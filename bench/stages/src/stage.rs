//! What is measured: parts of the core's work, and what others need for bytes of the same number.

use std::fmt;
use std::hint::black_box;

use anyhow::{Context, Result};
use audit_layer_core::api::Format;
use audit_layer_core::decode::Decoder;
use audit_layer_core::digest::HashForm;
use audit_layer_core::framing::sse;
use audit_layer_core::json::{self, Json};
use audit_layer_core::outbox::Outbox;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::call::{self, Call, Workload};

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// From the head of the request to the body of the batch that its event is in.
    Whole,
    /// Hashing the prompt and the answer.
    Hash,
    /// Reading the request.
    Json,
    /// Cutting the answer into its events.
    Sse,
    /// Decompressing the answer.
    Decode,
    /// Writing the event.
    Encode,
    /// To compare with: a copy of the request and the answer.
    Copy,
    /// To compare with: SHA-256 of the request and the answer.
    Sha256,
    /// To compare with: serde_json reads the request and keeps nothing.
    SerdeJson,
}

/// Work that is ready to be done.
pub struct Task {
    bytes: usize,
    work: Box<dyn FnMut()>,
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Task")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Task {
    fn new(bytes: usize, work: impl FnMut() + 'static) -> Self {
        Self {
            bytes,
            work: Box::new(work),
        }
    }

    /// Bytes that are worked on.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Does it once.
    pub fn run(&mut self) {
        (self.work)();
    }
}

impl Stage {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Whole,
        Self::Hash,
        Self::Json,
        Self::Sse,
        Self::Decode,
        Self::Encode,
        Self::Copy,
        Self::Sha256,
        Self::SerdeJson,
    ];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole call",
            Self::Hash => "hash",
            Self::Json => "read JSON",
            Self::Sse => "cut SSE",
            Self::Decode => "decompress",
            Self::Encode => "write event",
            Self::Copy => "neighbor: copy",
            Self::Sha256 => "neighbor: SHA-256",
            Self::SerdeJson => "neighbor: serde_json into nothing",
        }
    }

    /// This part of the work on a call; `None` if the call has nothing of it.
    ///
    /// # Errors
    /// The core does not make of the call what it should: nothing would be measured then.
    pub fn task(self, workload: Workload) -> Result<Option<Task>> {
        let call = workload.call()?;
        Ok(Some(match self {
            Self::Whole => whole(call)?,
            Self::Hash => hash(&call)?,
            Self::Json => read(call.request)?,
            Self::Sse if call.pieces.len() > 1 => cut(call.pieces),
            Self::Decode if call.is_compressed() => decompress(call),
            Self::Sse | Self::Decode => return Ok(None),
            Self::Encode => write(&call)?,
            Self::Copy => {
                let bytes = [call.request, call.answer].concat().into_bytes();
                Task::new(bytes.len(), move || {
                    black_box(black_box(&bytes).clone());
                })
            }
            Self::Sha256 => {
                let bytes = [call.request, call.answer].concat().into_bytes();
                Task::new(bytes.len(), move || {
                    black_box(Sha256::digest(black_box(&bytes)));
                })
            }
            Self::SerdeJson => {
                let text = call.request;
                Task::new(text.len(), move || {
                    let read: Result<IgnoredAny, _> = serde_json::from_str(black_box(&text));
                    let _ = black_box(read);
                })
            }
        }))
    }
}

fn whole(call: Call) -> Result<Task> {
    let policy = call::policy()?;
    let mut outbox = Outbox::new(policy.destination.clone(), "measured".to_owned(), 1);
    let linger_ms = policy.delivery.batch.linger_ms;
    let bytes = call.bytes();
    let mut once = move || {
        let event = call.follow(&policy)?;
        outbox.push(event, &policy.delivery, call::now());
        let batch = outbox.poll(&policy.delivery, call::now().plus_ms(linger_ms))?;
        outbox.drain("measured");
        Some(black_box(batch).body.len())
    };
    once().context("a call that gives no event")?;
    Ok(Task::new(bytes, move || {
        once();
    }))
}

fn hash(call: &Call) -> Result<Task> {
    let event = call.follow(&call::policy()?).context("no event")?;
    let texts = [event.prompt_content, event.response_content];
    let bytes = texts.iter().map(String::len).sum();
    let form = HashForm::default();
    Ok(Task::new(bytes, move || {
        for text in &texts {
            black_box(form.hash(black_box(text).as_bytes()));
        }
    }))
}

fn read(request: String) -> Result<Task> {
    let format = Format::named("openai.chat_completions").context("the format")?;
    Ok(Task::new(request.len(), move || {
        let (text, _) = json::text(black_box(&request).as_bytes(), true);
        black_box((format.read_request)(Json::from(&*text)));
    }))
}

fn cut(pieces: Vec<Vec<u8>>) -> Task {
    let bytes = pieces.iter().map(Vec::len).sum();
    Task::new(bytes, move || {
        let mut decoder = sse::Decoder::default();
        for piece in &pieces {
            decoder.push(black_box(piece), |message| {
                black_box(message.data);
            });
        }
    })
}

/// Bytes are those that come out.
fn decompress(call: Call) -> Task {
    Task::new(call.answer.len(), move || {
        let decoder = Decoder::of("gzip");
        let (mut decoder, mut size) = (decoder.unwrap_or_else(Decoder::identity), 0);
        for piece in &call.pieces {
            let decoded = decoder.decode(black_box(piece), |bytes| size += bytes.len());
            debug_assert_eq!(decoded, Ok(()));
        }
        black_box(size);
    })
}

/// Bytes are those that come out.
fn write(call: &Call) -> Result<Task> {
    let event = call.follow(&call::policy()?).context("no event")?;
    let size = json::written(&event, 0)?.len();
    Ok(Task::new(size, move || {
        let _ = black_box(json::written(black_box(&event), size));
    }))
}
