//! Reading a body that came as a whole: one document, or several where servers send them so.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::api::{self, Reader};
use crate::json::{self, Json, List, Object};
use crate::note::Note;

/// A body and what is known of it.
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) status: Option<u16>,
    /// Whether its end came.
    pub(super) is_whole: bool,
}

impl Document<'_> {
    /// Reads the body; true if it was a stream that says by nothing that it is one.
    pub(super) fn read(
        &self,
        reader: &mut dyn Reader,
        answer: &mut Answer,
        notes: &mut BTreeSet<Note>,
    ) -> bool {
        let (first, rest) = json::split(self.text).unwrap_or((self.text, ""));
        let is_several = first.starts_with('{') && rest.starts_with('{');
        if is_several {
            return self.read_several(reader, answer, notes);
        }
        let mut is_read = reader.body(self.text, answer) || read_list(self.text, reader, answer);
        if self.is_failure() && answer.error.is_none() {
            api::take_error(self.text, answer);
            is_read |= answer.error.is_some();
        }
        if !is_read {
            notes.insert(Note::ResponseUnreadable);
        } else if !rest.is_empty() {
            notes.insert(Note::TrailingData);
        }
        if is_read && self.is_answer() && answer.is_blank() {
            read_wrapped(self.text, reader, answer);
            if answer.is_blank() {
                notes.insert(Note::ResponseUnreadable);
            }
        }
        false
    }

    /// Reads chunks that stand one after another, as lines or not. What follows a whole answer is
    /// not read: who reads the first alone gets another answer than who reads all.
    fn read_several(
        &self,
        reader: &mut dyn Reader,
        answer: &mut Answer,
        notes: &mut BTreeSet<Note>,
    ) -> bool {
        let mut chunks = 0_usize;
        let mut rest = self.text;
        while rest.starts_with('{') {
            let Some((chunk, after)) = json::split(rest) else {
                break;
            };
            // Where the connection broke off, the beginning of a chunk is no chunk.
            let is_cut = after.is_empty() && !self.is_whole;
            if !is_cut && !reader.message("", chunk, answer) && !reader.body(chunk, answer) {
                notes.insert(Note::StreamEventUnreadable);
            }
            chunks = chunks.saturating_add(1);
            rest = after;
            if answer.is_whole() && !is_chunk(chunk) {
                break;
            }
        }
        if !rest.is_empty() && !api::is_done(rest, answer) {
            notes.insert(Note::TrailingData);
        }
        chunks > 1
    }

    fn is_failure(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }

    fn is_answer(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// Whether a document says that it is a piece, so that others follow it.
fn is_chunk(document: &str) -> bool {
    document.contains("\"delta\"")
}

/// Reads a list that stands in the place of an object: of one it is that one, of several they are
/// chunks. False if it is no list of objects.
pub(super) fn read_list(text: &str, reader: &mut dyn Reader, answer: &mut Answer) -> bool {
    let Some(List(items)) = json::read::<List<Json<'_>>>(text) else {
        return false;
    };
    let is_object = |item: &Json<'_>| item.get().starts_with('{');
    let is_list = !items.is_empty() && items.iter().all(is_object);
    match items.as_slice() {
        [one] if is_list => reader.body(one.get(), answer),
        chunks if is_list => {
            let mut is_read = false;
            for chunk in chunks {
                is_read |= reader.message("", chunk.get(), answer);
            }
            is_read
        }
        _ => false,
    }
}

/// Reads an answer that a gateway put into a member of its own.
fn read_wrapped(text: &str, reader: &mut dyn Reader, answer: &mut Answer) {
    let wrapped: Option<WrappedWire<'_>> = json::object(text);
    let Some(inner) = wrapped.and_then(|wrapped| wrapped.inner) else {
        return;
    };
    if json::read::<Object<WrappedWire<'_>>>(inner).is_some_and(|inner| inner.0.is_some()) {
        reader.body(inner.get(), answer);
    }
}

json::wire! {
    struct WrappedWire<'a> {
        inner: Option<Json<'a>> = "response" | "result" | "data" | "body",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Part;
    use crate::api::{FORMATS, Format};
    use crate::digest::HashForm;

    fn read(format: &Format, status: u16, text: &str) -> (Answer, BTreeSet<Note>, bool) {
        let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
        let mut notes = BTreeSet::new();
        let document = Document {
            text,
            status: Some(status),
            is_whole: true,
        };
        let streamed = document.read(&mut *(format.reader)(), &mut answer, &mut notes);
        (answer, notes, streamed)
    }

    #[test]
    fn every_format_reads_an_error_of_any_shape() {
        for format in FORMATS {
            for body in [
                r#"{"error":{"code":400,"message":"too long","status":"INVALID"}}"#,
                r#"[{"error":{"code":400,"message":"too long","status":"INVALID"}}]"#,
                r#"{"error":[{"code":"400","message":"too long","type":"INVALID"}]}"#,
                r#"{"error":{"type":"INVALID","code":400,"error":{"message":"too long"}}}"#,
                r#"{"error":"too long"}"#,
                r#"{"message":"too long"}"#,
                r#"{"detail":"too long"}"#,
                r#"{"errors":[{"message":"too long"}]}"#,
                r#"{"error_code":400,"error_msg":"too long"}"#,
                r#"{"fault":{"faultstring":"too long"}}"#,
                r#"{"error":{"message":{"message":"too long"}}}"#,
            ] {
                let (answer, notes, streamed) = read(format, 400, body);
                let error = answer.error;
                let error = error.unwrap_or_else(|| panic!("{} {body}", format.name));
                assert_eq!(
                    error.message.as_deref(),
                    Some("too long"),
                    "{} {body}",
                    format.name
                );
                assert!(!streamed, "{} {body}", format.name);
                if body.contains("INVALID") {
                    let told = (error.kind.as_deref(), error.code.as_deref());
                    let known = (Some("INVALID"), Some("400"));
                    let is_bedrock = format.name.starts_with("bedrock");
                    assert!(
                        is_bedrock || told == known,
                        "{} {body} {told:?}",
                        format.name
                    );
                }
                let is_told = notes.contains(&Note::ResponseUnreadable);
                assert!(!is_told, "{} {body}", format.name);
            }
        }
    }

    #[test]
    fn an_answer_of_which_nothing_is_known_is_unreadable() {
        for format in FORMATS {
            let (answer, notes, _) = read(format, 200, r#"{"odd":{"words":"Hi"}}"#);
            let is_generation = !matches!(format.name, "batch" | "token_count");
            let is_read = format.unread.is_none() && is_generation;
            let numbers = ["embed", "rank", "moderations", "images", "retrieve"];
            let is_text = !numbers.iter().any(|name| format.name.contains(name));
            // Where a choice is there, that it is empty is told.
            if is_read && is_text && answer.choices.is_empty() {
                assert!(notes.contains(&Note::ResponseUnreadable), "{}", format.name);
            }
        }
    }

    #[test]
    fn chunks_that_no_framing_tells_apart_are_put_together() {
        let chat = Format::named("openai.chat_completions").unwrap();
        let piece =
            |text: &str| format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#);
        let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
        let [one, two] = [piece("One "), piece("two.")];
        for text in [
            format!("{one}\n{two}\n{end}\n"),
            format!("{one}{two}{end}"),
            format!("{one}\r\n\r\n{two}\r\n{end}\n[DONE]\n"),
            format!("[{one},{two},{end}]"),
        ] {
            let (answer, notes, _) = read(chat, 200, &text);
            assert_eq!(answer.said(0, Part::Content).0, "One two.", "{text}");
            assert!(answer.is_whole() && notes.is_empty(), "{text} {notes:?}");
        }
        let (answer, notes, streamed) = read(chat, 200, &format!("{one}\n{end}\nrubbish"));
        assert_eq!(answer.said(0, Part::Content).0, "One ");
        assert!(streamed && notes.contains(&Note::TrailingData));
    }

    #[test]
    fn an_answer_may_stand_in_an_envelope() {
        let chat = Format::named("openai.chat_completions").unwrap();
        let inner = r#"{"id":"c","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
        for name in ["response", "result", "data", "body"] {
            let text = format!(r#"{{"success":true,"{name}":{inner}}}"#);
            let (answer, notes, _) = read(chat, 200, &text);
            assert_eq!(answer.said(0, Part::Content).0, "Hi", "{name}");
            assert!(notes.is_empty(), "{name}");
        }
    }
}
