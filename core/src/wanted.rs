//! What of a call is read because the configuration points at it: headers by their names, and members of bodies
//! by JSON Pointers.

mod pointer;

use std::collections::BTreeSet;

use crate::headers::{Headers, text};
use crate::json::{self, Json};
use crate::limits::POINTED_BYTES_MAX;
use crate::note::Note;

pub use pointer::Pointer;

/// What is read, each once; a source names one by its place in its list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Headers of the request.
    pub headers: Vec<Header>,
    /// Headers of the response.
    pub response_headers: Vec<Header>,
    /// Members of the request's body.
    pub body: Vec<Pointer>,
    /// Members of the response's body, if it is one document.
    pub response: Vec<Pointer>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name in lower case.
    pub name: String,
    /// Whether it is a list, of which each value may be in a header of its own.
    pub is_list: bool,
}

/// What was found, for each place of a list.
pub(crate) type Found = Vec<Option<String>>;

/// The place of an item in a list, where it is put if it is new.
pub(crate) fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    let known = list.iter().position(|known| *known == item);
    known.unwrap_or_else(|| {
        list.push(item);
        list.len().saturating_sub(1)
    })
}

/// The values of headers.
pub(crate) fn in_headers(
    wanted: &[Header],
    headers: Headers<'_>,
    notes: &mut BTreeSet<Note>,
) -> Found {
    let value = |wanted: &Header| match wanted.is_list {
        true => in_list(&wanted.name, headers),
        false => in_header(&wanted.name, headers, notes),
    };
    wanted.iter().map(value).collect()
}

/// The values of a header, separated by commas.
fn in_list(name: &str, headers: Headers<'_>) -> Option<String> {
    let values = headers.all(name).map(text);
    let values = values.collect::<Vec<_>>().join(",");
    (!values.trim().is_empty()).then_some(values)
}

/// The value of a header. One that is empty counts as absent, and so does one that occurs with several values: one
/// of them may be the caller's, in front of that of a filter.
pub(crate) fn in_header(
    name: &str,
    headers: Headers<'_>,
    notes: &mut BTreeSet<Note>,
) -> Option<String> {
    let mut values = headers.all(name).map(<[u8]>::trim_ascii);
    let first = values.next()?;
    if values.any(|value| value != first) {
        notes.insert(Note::SourceUnreadable);
        return None;
    }
    (!first.is_empty()).then(|| text(first).into_owned())
}

/// The values of members of a document.
pub(crate) fn in_document(
    pointers: &[Pointer],
    document: &str,
    notes: &mut BTreeSet<Note>,
) -> Found {
    if pointers.is_empty() {
        return Found::new();
    }
    let document: Option<Json<'_>> = json::read(document);
    let mut value = |pointer: &Pointer| in_value(pointer, document?, notes);
    pointers.iter().map(&mut value).collect()
}

/// The value of a member: the text of a string, or else the JSON as it was written. One that is `null` or empty
/// counts as absent.
pub(crate) fn in_value(
    pointer: &Pointer,
    document: Json<'_>,
    notes: &mut BTreeSet<Note>,
) -> Option<String> {
    let value = pointer.value(document)?;
    if value.get().len() > POINTED_BYTES_MAX {
        notes.insert(Note::SourceUnreadable);
        return None;
    }
    let text = json::text_of(value);
    let text = text.trim();
    (!text.is_empty() && value.get() != "null").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_in_several_headers() {
        let headers = [" a, b", "c"].map(|value| (b"X-Tags".to_vec(), value.as_bytes().to_vec()));
        assert_eq!(
            in_list("x-tags", Headers(&headers)).as_deref(),
            Some(" a, b,c")
        );
        assert_eq!(in_list("x-other", Headers(&headers)), None);
    }

    #[test]
    fn a_header_with_several_values_has_none() {
        let read = |values: &[&str]| {
            let headers = values.iter();
            let headers: Vec<_> = headers
                .map(|value| (b"X-User".to_vec(), value.as_bytes().to_vec()))
                .collect();
            let mut notes = BTreeSet::new();
            let found = in_header("x-user", Headers(&headers), &mut notes);
            (found, notes.contains(&Note::SourceUnreadable))
        };
        assert_eq!(read(&[" ann "]), (Some("ann".to_owned()), false));
        assert_eq!(read(&["ann", "ann"]), (Some("ann".to_owned()), false));
        assert_eq!(read(&["mallory", "ann"]), (None, true));
        assert_eq!(read(&[" "]), (None, false));
        assert_eq!(read(&[]), (None, false));
    }

    #[test]
    fn values_are_texts_or_the_json_that_was_written() {
        let pointers = ["/a", "/b/0", "/b", "/c", "/d", "/e", "/f"];
        let pointers = pointers.map(|text| Pointer::parse(text).unwrap());
        let long = "x".repeat(POINTED_BYTES_MAX);
        let document = format!(
            r#"{{"a":" r\u00e9sum\u00e9 ","b":[1.50,true],"c":null,"d":"","e":{{"f":1}},"f":"{long}"}}"#
        );
        let mut notes = BTreeSet::new();
        let found = in_document(&pointers, &document, &mut notes);
        let found: Vec<_> = found.iter().map(Option::as_deref).collect();
        let expected = [
            Some("résumé"),
            Some("1.50"),
            Some("[1.50,true]"),
            None,
            None,
            Some(r#"{"f":1}"#),
            None,
        ];
        assert_eq!(found, expected);
        assert!(notes.contains(&Note::SourceUnreadable));
    }
}
