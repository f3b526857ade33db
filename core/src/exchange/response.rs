//! The response's side of an exchange: its body as it comes, and the answer gathered from it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use super::document::{Document, read_list};
use super::encoding::encoding;
use crate::answer::{Answer, Part};
use crate::api::{self, Format, Other, Reader};
use crate::body::Capture;
use crate::capture::CapturePolicy;
use crate::credentials::Secrets;
use crate::decode::{DecodeError, Decoder};
use crate::event::ApiError;
use crate::framing::{self, Framing, Hint, Kind, Message, Sniffer};
use crate::headers::Headers;
use crate::json;
use crate::note::Note;
use crate::wanted::{Found, Pointer, in_document};

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
    reader: Box<dyn Reader>,
    answer: Answer,
    found: Found,
}

/// How the body is read, which its first bytes decide.
#[derive(Debug)]
enum Body {
    /// Too little has come to tell.
    Awaited(Sniffer),
    /// One document, read when it is whole.
    Plain(Capture),
    /// Messages, read as they come.
    Stream(Stream),
    /// No text; only its size counts.
    Unread,
}

/// A body of messages.
#[derive(Debug)]
struct Stream {
    decoder: framing::Decoder,
    messages: u64,
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
    /// The members of the body that the configuration points at.
    pub(super) found: Found,
}

impl ResponseSide {
    pub(super) fn new(format: &Format, capture: &CapturePolicy, secrets: &Arc<Secrets>) -> Self {
        Self {
            status: None,
            encoding: None,
            first_byte_ms: None,
            bytes: 0,
            ended: false,
            decoder: None,
            broken: false,
            body: if format.unread.is_none() {
                Body::Awaited(Sniffer::new(format.hint))
            } else {
                Body::Unread
            },
            body_bytes_max: capture.limits.response_bytes,
            reader: (format.reader)(),
            answer: Answer::new(capture.hash.clone(), capture.limits.content_bytes)
                .without(secrets),
            found: Found::new(),
        }
    }

    /// The status, if its headers have come.
    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    pub(super) fn head(&mut self, headers: Headers<'_>, notes: &mut BTreeSet<Note>) {
        (self.encoding, self.decoder) = encoding(headers);
        if self.decoder.is_none() {
            notes.insert(Note::ResponseEncodingUnsupported);
        }
        self.begin(headers);
    }

    /// The same where the body comes without the encoding that the headers name.
    pub(super) fn head_of_decoded(&mut self, headers: Headers<'_>) {
        (self.encoding, _) = encoding(headers);
        self.decoder = Some(Decoder::identity());
        self.begin(headers);
    }

    fn begin(&mut self, headers: Headers<'_>) {
        self.status = status(headers);
        self.reader.head(headers, &mut self.answer);
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
        let decoded = decoder.decode(chunk, |piece| self.decoded(piece, notes));
        self.broken |= decoded.is_err();
        let note = match decoded {
            Err(DecodeError::Unknown | DecodeError::Window) => {
                Some(Note::ResponseEncodingUnsupported)
            }
            Err(_) => Some(Note::ResponseEncodingBroken),
            Ok(()) => decoder.is_plain().then_some(Note::EncodingNotApplied),
        };
        notes.extend(note);
        self.decoder = Some(decoder);
    }

    fn decoded(&mut self, piece: &[u8], notes: &mut BTreeSet<Note>) {
        let Body::Awaited(sniffer) = &mut self.body else {
            self.take(piece, notes);
            return;
        };
        if let Some(sniffed) = sniffer.push(piece) {
            self.body = match sniffed.framing {
                Framing::Plain => Body::Plain(Capture::new(self.body_bytes_max)),
                Framing::Stream(decoder) => Body::Stream(Stream {
                    decoder,
                    messages: 0,
                }),
            };
            self.take(&sniffed.head, notes);
            self.take(sniffed.rest, notes);
        }
    }

    /// Takes bytes of a body of which it is decided how it is read.
    fn take(&mut self, piece: &[u8], notes: &mut BTreeSet<Note>) {
        match &mut self.body {
            Body::Awaited(_) | Body::Unread => {}
            Body::Plain(body) => body.push(piece),
            Body::Stream(stream) => {
                stream.push(piece, &mut *self.reader, &mut self.answer, notes);
            }
        }
    }

    /// Lets go of the body that has come, and of what comes; true if there was something to read. What
    /// was read of a stream stays.
    pub(super) fn forgo(&mut self) -> bool {
        self.decoder = None;
        let body = mem::replace(&mut self.body, Body::Unread);
        !matches!(body, Body::Unread)
    }

    pub(super) fn asked(&mut self, is_incremental: bool) {
        self.reader.asked(is_incremental);
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The head of a response that has ended without its body having been seen.
    pub(super) fn unseen(&mut self, headers: Headers<'_>) {
        self.status = status(headers);
        self.body = Body::Unread;
        self.end();
    }

    /// What is answered before anything has come.
    pub(super) fn nothing(mut self) -> Answered {
        self.body = Body::Unread;
        self.finish(&[], &mut BTreeSet::new())
    }

    /// Reads what remains to be read, and what `pointers` lead to if the body is one document.
    pub(super) fn finish(&mut self, pointers: &[Pointer], notes: &mut BTreeSet<Note>) -> Answered {
        let body = mem::replace(&mut self.body, Body::Awaited(Sniffer::new(Hint::Json)));
        let streamed = match body {
            Body::Awaited(sniffer) => {
                self.read_head(sniffer.head(), pointers, notes);
                false
            }
            Body::Plain(body) => self.read_plain(&body, pointers, notes),
            Body::Stream(stream) => self.finish_stream(stream, notes),
            Body::Unread => false,
        };
        Answered {
            status: self.status,
            encoding: self.encoding.take(),
            first_byte_ms: self.first_byte_ms,
            bytes: self.bytes,
            ended: self.ended,
            streamed,
            answer: mem::replace(&mut self.answer, Answer::new(Default::default(), 0)),
            found: mem::take(&mut self.found),
        }
    }

    /// Reads a body that ended before it was decided how it is read.
    fn read_head(&mut self, head: &[u8], pointers: &[Pointer], notes: &mut BTreeSet<Note>) {
        if self.ended && self.bytes == 0 {
            notes.insert(Note::ResponseBodyEmpty);
        }
        if !head.is_empty() {
            let mut body = Capture::new(self.body_bytes_max);
            body.push(head);
            self.read_plain(&body, pointers, notes);
        }
    }

    /// Reads a body that is whole; true if it was a stream nevertheless.
    fn read_plain(
        &mut self,
        body: &Capture,
        pointers: &[Pointer],
        notes: &mut BTreeSet<Note>,
    ) -> bool {
        let other = self.other(body.bytes());
        if other == Other::Media {
            self.answer.is_not_text = true;
            return false;
        }
        if !body.is_whole() {
            notes.insert(Note::ResponseBodyTruncated);
        }
        if body.has_stubs() {
            notes.insert(Note::LongStringsSkipped);
        }
        let whole = body.is_whole() && self.ended && !self.broken;
        let (text, replaced) = match other {
            Other::Text => as_text(body.bytes(), whole),
            _ => body.text(whole),
        };
        if replaced {
            notes.insert(Note::InvalidUnicodeReplaced);
        }
        if other == Other::Text {
            self.answer.append(0, Part::Content, &text);
            return false;
        }
        if whole {
            self.found = in_document(pointers, &text, notes);
        }
        let document = Document {
            text: &text,
            status: self.status,
            is_whole: whole,
        };
        document.read(&mut *self.reader, &mut self.answer, notes)
    }

    /// What the body is instead of JSON, if the format knows such answers.
    fn other(&self, body: &[u8]) -> Other {
        let is_answer = self
            .status
            .is_some_and(|status| (200..300).contains(&status));
        if is_answer && !begins_an_object(body) {
            self.reader.other()
        } else {
            Other::Unreadable
        }
    }

    /// True if it was a stream: text that only looked like one has no messages.
    fn finish_stream(&mut self, mut stream: Stream, notes: &mut BTreeSet<Note>) -> bool {
        // Where the connection broke off, the beginning of a message is no message.
        if self.ended {
            stream.finish(&mut *self.reader, &mut self.answer, notes);
        }
        if stream.messages == 0 || (self.ended && self.answer.is_blank()) {
            notes.insert(Note::ResponseUnreadable);
        }
        // One line alone is an answer that was not streamed.
        let is_lines = matches!(stream.decoder, framing::Decoder::Ndjson(_));
        stream.messages > u64::from(is_lines)
    }
}

impl Stream {
    fn push(
        &mut self,
        piece: &[u8],
        reader: &mut dyn Reader,
        answer: &mut Answer,
        notes: &mut BTreeSet<Note>,
    ) {
        let result = self.decoder.push(piece, |message| {
            self.messages = self.messages.saturating_add(1);
            read_message(message, reader, answer, notes);
        });
        if result.is_err() {
            notes.insert(Note::StreamFramingBroken);
        }
    }

    fn finish(&mut self, reader: &mut dyn Reader, answer: &mut Answer, notes: &mut BTreeSet<Note>) {
        let result = self.decoder.finish(|message| {
            self.messages = self.messages.saturating_add(1);
            read_message(message, reader, answer, notes);
        });
        if result.is_err() {
            notes.insert(Note::StreamFramingBroken);
        }
    }
}

fn begins_an_object(body: &[u8]) -> bool {
    let mut bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.next() == Some(&b'{') && matches!(bytes.next(), None | Some(b'"' | b'}'))
}

/// A body that is a text, without half of a character where it was cut.
fn as_text(bytes: &[u8], whole: bool) -> (Cow<'_, str>, bool) {
    let text = if whole {
        bytes
    } else {
        json::without_partial_character(bytes)
    };
    let text = String::from_utf8_lossy(text);
    let replaced = matches!(text, Cow::Owned(_));
    (text, replaced)
}

fn read_message(
    message: Message<'_>,
    reader: &mut dyn Reader,
    answer: &mut Answer,
    notes: &mut BTreeSet<Note>,
) {
    let name = String::from_utf8_lossy(message.name);
    if message.cut {
        notes.insert(Note::StreamEventTruncated);
        if message.kind == Kind::Event {
            reader.passed_over(&name, answer);
            return;
        }
    }
    if message.has_stubs {
        notes.insert(Note::LongStringsSkipped);
    }
    let (data, replaced, has_halves) = message.text();
    answer.expect_halves(has_halves);
    if replaced {
        notes.insert(Note::InvalidUnicodeReplaced);
    }
    if message.kind == Kind::Error {
        answer.fail(error(&name, &data));
        return;
    }
    let mut rest = &*data;
    // Some servers send lines of data without the empty lines that end events.
    while rest.contains('\n') && json::has_more(rest) {
        let Some((first, after)) = json::split(rest) else {
            break;
        };
        read_event(&name, first, reader, answer, notes);
        rest = after;
    }
    read_event(&name, rest, reader, answer, notes);
}

fn read_event(
    name: &str,
    data: &str,
    reader: &mut dyn Reader,
    answer: &mut Answer,
    notes: &mut BTreeSet<Note>,
) {
    // Every format's streams are sent on by servers that end theirs so.
    if api::is_done(data, answer) {
        return;
    }
    if !reader.message(name, data, answer) && !read_list(data, reader, answer) {
        notes.insert(Note::StreamEventUnreadable);
    }
    if name == "error" && answer.error.is_none() {
        answer.fail(error("", data));
    }
}

/// An error that the framing calls so. Its words are members of an object, or the text itself.
fn error(name: &str, data: &str) -> ApiError {
    let said = api::read_error(data).unwrap_or(ApiError {
        kind: None,
        code: None,
        message: Some(data.to_owned()).filter(|data| data != "{}"),
    });
    let kind = Some(name.to_owned()).filter(|kind| !kind.is_empty());
    ApiError {
        kind: kind.or(said.kind),
        message: said.message.filter(|message| !message.is_empty()),
        ..said
    }
}

fn status(headers: Headers<'_>) -> Option<u16> {
    headers.str(":status")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::testing::{frame, text_header};
    use crate::host::Host;
    use crate::limits::STREAM_EVENT_BYTES_MAX;
    use crate::policy::Policy;

    const DELTA: &str = r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#;

    fn answered(hint: Hint, body: &[u8], piece: usize) -> (Answered, Vec<Note>) {
        let config = br#"{"organization_id":"o","audit_api":{"cluster":"c"}}"#;
        let policy = Policy::read(config, &|_| None, &Host::default()).unwrap();
        let mut side = ResponseSide::new(
            Format::named("openai.chat_completions").unwrap(),
            &policy.capture,
            &Arc::default(),
        );
        side.body = Body::Awaited(Sniffer::new(hint));
        let mut notes = BTreeSet::new();
        side.head(Headers(&[]), &mut notes);
        for piece in body.chunks(piece) {
            side.body(piece, 0, &mut notes);
        }
        side.end();
        let answered = side.finish(&[], &mut notes);
        (answered, notes.into_iter().collect())
    }

    fn content(answered: &Answered) -> String {
        let choices = answered.answer.choices.iter();
        choices.map(|choice| &*choice.content.text).collect()
    }

    fn aws(kind: &str, name: &str, value: &str, payload: &str) -> Vec<u8> {
        let headers = [text_header(":message-type", kind), text_header(name, value)];
        frame(&headers.concat(), payload.as_bytes())
    }

    #[test]
    fn every_framing_is_read_alike_in_pieces_of_any_size() {
        let event = aws("event", ":event-type", "chunk", DELTA);
        let bodies: [(Hint, Vec<u8>); 5] = [
            (Hint::Json, format!("data: {DELTA}\n\n").repeat(2).into()),
            (
                Hint::Json,
                format!("\u{feff}data: {DELTA}\n\ndata: {DELTA}").into(),
            ),
            (Hint::Lines, format!("{DELTA}\n{DELTA}").into()),
            (Hint::Array, format!("[{DELTA}\n,\r\n{DELTA}\n]").into()),
            (Hint::Json, event.repeat(2)),
        ];
        for (hint, body) in bodies {
            for piece in 1..=body.len() {
                let (answered, notes) = answered(hint, &body, piece);
                assert_eq!(content(&answered), "aa", "{hint:?} in pieces of {piece}");
                assert_eq!((answered.streamed, notes), (true, vec![]));
            }
        }
    }

    #[test]
    fn an_error_in_the_framing_is_the_answers_error() {
        let large = "x".repeat(STREAM_EVENT_BYTES_MAX + 1);
        for (body, kind, message) in [
            (
                aws(
                    "exception",
                    ":exception-type",
                    "throttled",
                    r#"{"message":"slow"}"#,
                ),
                Some("throttled"),
                Some("slow"),
            ),
            (
                aws(
                    "exception",
                    ":exception-type",
                    "throttled",
                    r#"{"Message":"slow"}"#,
                ),
                Some("throttled"),
                Some("slow"),
            ),
            (
                aws("exception", ":exception-type", "throttled", "{}"),
                Some("throttled"),
                None,
            ),
            (
                aws("exception", ":exception-type", "throttled", &large),
                Some("throttled"),
                None,
            ),
            (
                aws("error", ":error-message", "broke", ""),
                None,
                Some("broke"),
            ),
        ] {
            let (answered, notes) = answered(Hint::Json, &body, usize::MAX);
            let error = answered.answer.error.unwrap();
            assert_eq!(error.kind.as_deref(), kind);
            assert_eq!((error.code, error.message.as_deref()), (None, message));
            let is_cut = body.len() > STREAM_EVENT_BYTES_MAX;
            assert_eq!(notes.contains(&Note::StreamEventTruncated), is_cut);
        }
    }

    #[test]
    fn a_broken_framing_is_told_and_what_came_before_it_stays() {
        let event = aws("event", ":event-type", "chunk", DELTA);
        let mut flipped = event.clone();
        flipped[20] ^= 1;
        for second in [&flipped, &event[..event.len() - 1], b"\0\0\0"] {
            let (answered, notes) = answered(Hint::Json, &[&event, second].concat(), 7);
            assert_eq!(content(&answered), "a");
            assert_eq!(notes, [Note::StreamFramingBroken]);
        }
    }

    #[test]
    fn a_body_that_ends_before_it_is_told_apart_is_unreadable() {
        for body in [b"\0\0\0\x10".as_slice(), b"\xef\xbb"] {
            let (answered, notes) = answered(Hint::Json, body, 1);
            assert!(!answered.streamed);
            assert!(notes.contains(&Note::ResponseUnreadable), "{notes:?}");
        }
    }
}
