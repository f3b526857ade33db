//! Which event it is that breaks off: whoever looks into a gap of a sequence asks for it.

use std::fmt;

use audit_layer_core::dead_letter;
use memchr::memmem;

use crate::limits;

/// What is known of an event that is not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    request_id: Option<String>,
    writer_id: Option<String>,
    seq: Option<u64>,
}

impl Identity {
    /// What a dead letter that breaks off says, the words at its beginning first, which are in `head`.
    pub(super) fn of_letter(letter: &[u8], head: &[u8]) -> Self {
        let found = Self::of(letter);
        match dead_letter::place(&String::from_utf8_lossy(head)) {
            Some((writer, seq)) => Self {
                writer_id: Some(writer.to_owned()),
                seq: Some(seq),
                ..found
            },
            None => found,
        }
    }

    /// What a part of a dead letter says. In content quotes have backslashes, so that nothing of a
    /// caller is taken for it.
    pub(super) fn of(text: &[u8]) -> Self {
        // It may be in a string of a line of JSON, where each quote has one.
        [&b"\""[..], b"\\\""]
            .into_iter()
            .map(|quote| Self::quoted(text, quote))
            .find(|found| *found != Self::default())
            .unwrap_or_default()
    }

    fn quoted(text: &[u8], quote: &[u8]) -> Self {
        let name =
            |before: &[u8], name: &[u8], after: &[u8]| [before, quote, name, quote, after].concat();
        let request = [name(b"{", b"request_id", b":"), quote.to_vec()].concat();
        let request = memmem::find(text, &request)
            .and_then(|at| text.get(at.saturating_add(request.len())..));
        let writer = [
            name(b"", b"writer", b":{"),
            name(b"", b"id", b":"),
            quote.to_vec(),
        ]
        .concat();
        let writer =
            memmem::rfind(text, &writer).and_then(|at| text.get(at.saturating_add(writer.len())..));
        let seq = writer.and_then(|writer| {
            let begin = [quote, b",", quote, b"seq", quote, b":"].concat();
            let at = memmem::find(writer, &begin).filter(|at| *at <= limits::ID_BYTES_MAX)?;
            number(writer.get(at.saturating_add(begin.len())..)?)
        });
        Self {
            request_id: request.and_then(|rest| id(rest, quote)),
            writer_id: writer.and_then(|rest| id(rest, quote)),
            seq,
        }
    }
}

/// An id up to the quote that ends it.
fn id(rest: &[u8], quote: &[u8]) -> Option<String> {
    let end = memmem::find(rest, quote).filter(|end| *end <= limits::ID_BYTES_MAX)?;
    let id = str::from_utf8(rest.get(..end)?).ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// A number with something behind it: what is cut may have had more digits.
fn number(rest: &[u8]) -> Option<u64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at_checked(digits)?;
    let number = str::from_utf8(digits).ok()?.parse().ok();
    number.filter(|_| !after.is_empty())
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known = Vec::new();
        if let Some(id) = &self.request_id {
            known.push(format!("request_id {}", id.escape_debug()));
        }
        if let Some(id) = &self.writer_id {
            known.push(format!("writer {}", id.escape_debug()));
        }
        if let Some(seq) = self.seq {
            known.push(format!("seq {seq}"));
        }
        let unknown = match (&self.writer_id, self.seq) {
            (None, _) => "; writer and seq are unknown",
            (Some(_), None) => "; seq is unknown",
            (Some(_), Some(_)) => "",
        };
        match known.is_empty() {
            true => f.write_str(unknown),
            false => write!(f, " ({}{unknown})", known.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_says_which_event_it_is() {
        let forged = r#"{"request_id":"forged","writer":{"id":"forged","seq":9},"#;
        let event = format!(
            r#"event={{"request_id":"r","prompt_content":{},"metadata":{{"audit_layer":{{"writer":{{"id":"w","seq":71}},"usage""#,
            json!(forged)
        );
        let shown = |text: &str| Identity::of(text.as_bytes()).to_string();
        assert_eq!(shown(&event), " (request_id r, writer w, seq 71)");
        let in_json = json!(event).to_string();
        assert_eq!(shown(&in_json), " (request_id r, writer w, seq 71)");
        let (begun, _) = event.split_at(60);
        let lost = "; writer and seq are unknown";
        assert_eq!(shown(begun), format!(" (request_id r{lost})"));
        let (_, end) = event.split_at(30);
        assert_eq!(shown(end), " (writer w, seq 71)");
        let (cut, _) = event.split_once("1}").unwrap();
        let lost = "; seq is unknown";
        assert_eq!(shown(cut), format!(" (request_id r, writer w{lost})"));
        let lost = "; writer and seq are unknown";
        assert_eq!(shown("nothing"), lost);
        let whole = format!("{}:1}}}}}}", event.trim_start_matches("event="));
        let letter = dead_letter::line("max_age", &whole, None);
        let (cut, _) = letter.split_once("prompt_content").unwrap();
        let of_letter = Identity::of_letter(cut.as_bytes(), cut.as_bytes());
        assert_eq!(of_letter.to_string(), " (request_id r, writer w, seq 71)");
    }
}
