//! The response's side of an exchange: its body as it comes, and the answer gathered from it.

use std::collections::BTreeSet;
use std::mem;

use super::{carried, encoding};
use crate::answer::Answer;
use crate::api::{Api, Reader};
use crate::body::Capture;
use crate::decode::Decoder;
use crate::event::{Choice, ContentPolicy, Response, ToolCall};
use crate::framing::{Message, sse};
use crate::headers::Headers;
use crate::json;
use crate::note::Note;
use crate::policy::CapturePolicy;

/// The response as far as it has come.
#[derive(Debug)]
pub(super) struct ResponseSide {
    status: Option<u16>,
    encoding: Option<String>,
    first_byte_ms: Option<u64>,
    bytes: u64,
    ended: bool,
    /// Absent if the encoding is not known: then the body passes unread.
    decoder: Option<Decoder>,
    broken: bool,
    body: Body,
    body_bytes_max: usize,
    reader: Reader,
    answer: Answer,
}

/// How the body is read, which its first byte decides: not what was asked for, nor what the
/// content-type claims.
#[derive(Debug)]
enum Body {
    /// Nothing has come, or only blanks.
    Awaited,
    /// JSON, read when it is whole.
    Plain(Capture),
    /// Events, read as they come.
    Stream { decoder: sse::Decoder, events: u64 },
}

/// What was answered, as far as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: Option<u16>,
    pub(super) encoding: Option<String>,
    pub(super) first_byte_ms: Option<u64>,
    pub(super) bytes: u64,
    pub(super) ended: bool,
    pub(super) streamed: bool,
    pub(super) answer: Answer,
}

impl ResponseSide {
    pub(super) fn new(api: Api, capture: &CapturePolicy) -> Self {
        Self {
            status: None,
            encoding: None,
            first_byte_ms: None,
            bytes: 0,
            ended: false,
            decoder: None,
            broken: false,
            body: Body::Awaited,
            body_bytes_max: capture.limits.response_bytes,
            reader: api.reader(),
            answer: Answer::new(capture.hash.clone(), capture.limits.content_bytes),
        }
    }

    pub(super) fn head(&mut self, headers: Headers<'_>, notes: &mut BTreeSet<Note>) {
        self.status = headers
            .str(":status")
            .and_then(|status| status.parse().ok());
        (self.encoding, self.decoder) = encoding(headers);
        if self.decoder.is_none() {
            notes.insert(Note::ResponseEncodingUnsupported);
        }
    }

    pub(super) fn body(&mut self, chunk: &[u8], elapsed_ms: u64, notes: &mut BTreeSet<Note>) {
        if chunk.is_empty() {
            return;
        }
        self.first_byte_ms.get_or_insert(elapsed_ms);
        let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        let Some(mut decoder) = self.decoder.take() else {
            return;
        };
        if decoder
            .decode(chunk, |piece| self.decoded(piece, notes))
            .is_err()
        {
            self.broken = true;
            notes.insert(Note::ResponseEncodingBroken);
        }
        self.decoder = Some(decoder);
    }

    fn decoded(&mut self, piece: &[u8], notes: &mut BTreeSet<Note>) {
        let piece = match self.body {
            Body::Awaited => self.sniff(piece),
            _ => piece,
        };
        match &mut self.body {
            Body::Awaited => {}
            Body::Plain(body) => body.push(piece),
            Body::Stream { decoder, events } => {
                let (reader, answer) = (&mut self.reader, &mut self.answer);
                decoder.push(piece, |event| {
                    *events = events.saturating_add(1);
                    read_event(event, reader, answer, notes);
                });
            }
        }
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Decides how the body is read, and gives the chunk without the blanks before the body.
    fn sniff<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let start = chunk.iter().position(|byte| !byte.is_ascii_whitespace());
        let chunk = start
            .and_then(|start| chunk.get(start..))
            .unwrap_or_default();
        match chunk.first() {
            None => {}
            // The fields of an event (data, event, id, retry) and comments.
            Some(b'd' | b'e' | b'i' | b'r' | b':') => {
                self.body = Body::Stream {
                    decoder: sse::Decoder::default(),
                    events: 0,
                };
            }
            Some(_) => self.body = Body::Plain(Capture::new(self.body_bytes_max)),
        }
        chunk
    }

    /// Reads what remains to be read.
    pub(super) fn finish(&mut self, notes: &mut BTreeSet<Note>) -> Answered {
        let body = mem::replace(&mut self.body, Body::Awaited);
        let streamed = match body {
            Body::Awaited if self.ended && self.bytes == 0 => {
                notes.insert(Note::ResponseBodyEmpty);
                false
            }
            Body::Awaited => false,
            Body::Plain(body) => {
                self.read_plain(&body, notes);
                false
            }
            Body::Stream { decoder, events } => self.finish_stream(decoder, events, notes),
        };
        Answered {
            status: self.status,
            encoding: self.encoding.take(),
            first_byte_ms: self.first_byte_ms,
            bytes: self.bytes,
            ended: self.ended,
            streamed,
            answer: mem::replace(&mut self.answer, Answer::new(Default::default(), 0)),
        }
    }

    fn read_plain(&mut self, body: &Capture, notes: &mut BTreeSet<Note>) {
        if !body.is_whole() {
            notes.insert(Note::ResponseBodyTruncated);
        }
        let (text, replaced) =
            json::text(body.bytes(), body.is_whole() && self.ended && !self.broken);
        if replaced {
            notes.insert(Note::InvalidUnicodeReplaced);
        }
        if !self.reader.body(&text, &mut self.answer) {
            notes.insert(Note::ResponseUnreadable);
        }
    }

    /// True if it was a stream: text that only looked like one has no events.
    fn finish_stream(
        &mut self,
        mut decoder: sse::Decoder,
        mut events: u64,
        notes: &mut BTreeSet<Note>,
    ) -> bool {
        let (reader, answer) = (&mut self.reader, &mut self.answer);
        // Where the connection broke off, the beginning of an event is no event.
        if self.ended {
            decoder.finish(|event| {
                events = events.saturating_add(1);
                read_event(event, reader, answer, notes);
            });
        }
        if events == 0 {
            notes.insert(Note::ResponseUnreadable);
        }
        events > 0
    }
}

fn read_event(
    event: Message<'_>,
    reader: &mut Reader,
    answer: &mut Answer,
    notes: &mut BTreeSet<Note>,
) {
    if event.cut {
        notes.insert(Note::StreamEventTruncated);
        return;
    }
    let (data, replaced) = json::text(event.data, true);
    if replaced {
        notes.insert(Note::InvalidUnicodeReplaced);
    }
    if !reader.event(&data, answer) {
        notes.insert(Note::StreamEventUnreadable);
    }
}

impl Answered {
    /// `response_content`, and what the event says of the answer beside it.
    pub(super) fn said(
        &mut self,
        capture: &CapturePolicy,
        notes: &mut BTreeSet<Note>,
    ) -> (String, Response) {
        let answer = &mut self.answer;
        if answer.text_cut {
            notes.insert(Note::ResponseContentTruncated);
        }
        if answer.names_cut {
            notes.insert(Note::NameTruncated);
        }
        if answer.calls_cut {
            notes.insert(Note::ToolCallsTruncated);
        }
        let keep = |text: &str| carried(text.to_owned(), capture.content, usize::MAX);
        let choices = match answer.choices.as_slice() {
            [] | [_] => Vec::new(),
            choices => choices
                .iter()
                .map(|choice| Choice {
                    index: choice.index,
                    content: keep(&choice.said().text),
                    finish_reason: choice.finish_reason.clone(),
                })
                .collect(),
        };
        let first = answer.choices.first();
        let present = |text: &String| capture.content == ContentPolicy::Full && !text.is_empty();
        let content = first
            .map(|first| keep(&first.said().text))
            .unwrap_or_default();
        let response = Response {
            id: answer.id.clone(),
            model: answer.model.clone(),
            hash: first
                .map(|first| first.said())
                .filter(|said| !said.is_empty())
                .map(|said| said.hash())
                .unwrap_or_default(),
            reasoning: first.map(|first| first.reasoning.clone()).filter(present),
            refusal: first
                .map(|first| first.refusal.text.clone())
                .filter(present),
            choices,
            tool_calls: tool_calls(answer, capture),
        };
        (content, response)
    }
}

fn tool_calls(answer: &mut Answer, capture: &CapturePolicy) -> Vec<ToolCall> {
    let mut calls = answer.take_tool_calls();
    if capture.content == ContentPolicy::HashOnly {
        for call in &mut calls {
            call.arguments = capture.hash.hash(call.arguments.as_bytes());
        }
    }
    calls
}
