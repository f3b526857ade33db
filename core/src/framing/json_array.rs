//! One JSON array that is sent piecewise, decoded incrementally: one message an element.
//!
//! Google's `streamGenerateContent` answers so unless it is asked for events:
//! <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>. Elements are
//! found by the depth of brackets outside strings; whether they are JSON is for the reader to say.

use super::message::{Message, kept};
use crate::json::Kept;

/// Finds the elements in a body that comes in pieces, wherever it is split.
///
/// A body that is one object, as errors are, is one message. Holds at most one element of
/// [`STREAM_EVENT_BYTES_MAX`](crate::limits::STREAM_EVENT_BYTES_MAX) bytes.
#[derive(Debug)]
pub struct Decoder {
    place: Place,
    is_array: bool,
    element: Kept,
    depth: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            place: Place::Before,
            is_array: false,
            element: kept(),
            depth: 0,
        }
    }
}

/// Where in the body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Between,
    Element,
    /// In a string of an element.
    Text,
    /// In such a string, after a backslash.
    Escape,
    After,
}

impl Decoder {
    /// Takes the next bytes and hands every element that they complete to `deliver`.
    pub fn push(&mut self, chunk: &[u8], mut deliver: impl FnMut(Message<'_>)) {
        let mut rest = chunk;
        while let Some((first, after)) = rest.split_first() {
            match self.place {
                Place::Before | Place::Between => {
                    if self.separates(*first) {
                        rest = after;
                    }
                }
                Place::Element | Place::Text | Place::Escape => {
                    let end = self.scan(rest);
                    let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
                    self.element.push(piece);
                    if end.is_some() {
                        self.end_element(&mut deliver);
                    }
                    rest = after;
                }
                Place::After => return,
            }
        }
    }

    /// The body ended: hands over an element that is not whole. A missing `]` is no fault.
    pub fn finish(&mut self, mut deliver: impl FnMut(Message<'_>)) {
        self.end_element(&mut deliver);
        self.place = Place::After;
    }

    /// Whether the byte stands outside elements; if not, it is the first of one.
    fn separates(&mut self, byte: u8) -> bool {
        match (self.place, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') | (Place::Between, b',') => {}
            (Place::Before, b'[') => {
                self.is_array = true;
                self.place = Place::Between;
            }
            (Place::Between, b']') => self.place = Place::After,
            _ => {
                self.place = Place::Element;
                return false;
            }
        }
        true
    }

    /// How many bytes remain of the element, if it ends within `bytes`.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            let behind = at.saturating_add(1);
            match (self.place, byte) {
                (Place::Escape, _) | (Place::Element, b'"') => self.place = Place::Text,
                (Place::Text, b'\\') => self.place = Place::Escape,
                (Place::Text, b'"') => {
                    self.place = Place::Element;
                    if self.depth == 0 {
                        return Some(behind);
                    }
                }
                (Place::Text, _) => {}
                (_, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
                (_, b'}' | b']') if self.depth > 0 => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(behind);
                    }
                }
                // A number or a word ends where something else begins.
                (_, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n') if self.depth == 0 => {
                    return Some(at);
                }
                _ => {}
            }
        }
        None
    }

    fn end_element(&mut self, deliver: &mut impl FnMut(Message<'_>)) {
        let element = Message::kept(&self.element);
        if !element.data.is_empty() {
            deliver(element);
        }
        self.element.clear();
        self.depth = 0;
        self.place = if self.is_array {
            Place::Between
        } else {
            Place::After
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Sent, cut_event, event};
    use super::super::{Decoder, json_array};
    use crate::limits::STREAM_EVENT_BYTES_MAX;

    fn decode(body: &str) -> Vec<Sent> {
        let decoder = || Decoder::JsonArray(json_array::Decoder::default());
        let (sent, result) = testing::decode(decoder(), &[body.as_bytes()]);
        assert_eq!(result, Ok(()));
        if body.len() < 200 {
            testing::check_every_two_cuts(decoder, body.as_bytes());
        }
        sent
    }

    fn events(elements: &[&str]) -> Vec<Sent> {
        elements.iter().map(|element| event("", element)).collect()
    }

    #[test]
    fn elements_are_found_pretty_printed_and_compact() {
        let first = "{\n  \"a\": [1, {\"b\": \"é\"}]\n}";
        assert_eq!(
            decode(&format!("[{first}\n,\r\n{{}}\n]\n")),
            events(&[first, "{}"])
        );
        assert_eq!(
            decode(r#" [{"a":[]},[1,[2]],"x,]",-1.5,null, true ]"#),
            events(&[r#"{"a":[]}"#, "[1,[2]]", r#""x,]""#, "-1.5", "null", "true"])
        );
        assert_eq!(decode("[]"), []);
        assert_eq!(decode("[1] [2]"), events(&["1"]));
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        let elements = [r#"{"a":"}]\"}\\"}"#, r#"{"\\\"":"[{"}"#];
        let body = format!("[{},{}]", elements[0], elements[1]);
        assert_eq!(decode(&body), events(&elements));
    }

    #[test]
    fn a_missing_end_is_no_fault_and_a_broken_element_is_handed_over() {
        assert_eq!(decode("[{},\n{}\n"), events(&["{}", "{}"]));
        assert_eq!(decode("[{},{\"a\":\"b"), events(&["{}", "{\"a\":\"b"]));
        assert_eq!(decode("["), []);
    }

    #[test]
    fn one_object_in_place_of_an_array_is_one_message() {
        let error = "{\n \"error\": {\"code\": 429, \"details\": [{}]}\n}";
        assert_eq!(decode(&format!("{error}\n")), events(&[error]));
        assert_eq!(decode("{} {}"), events(&["{}"]));
    }

    #[test]
    fn an_element_over_the_limit_is_cut_and_the_next_one_whole() {
        for size in [
            STREAM_EVENT_BYTES_MAX - 1,
            STREAM_EVENT_BYTES_MAX,
            STREAM_EVENT_BYTES_MAX + 1,
            STREAM_EVENT_BYTES_MAX * 3,
        ] {
            let element = format!("\"{}\"", "[".repeat(size - 2));
            let first = if size > STREAM_EVENT_BYTES_MAX {
                cut_event(&element[..STREAM_EVENT_BYTES_MAX])
            } else {
                event("", &element)
            };
            let sent = decode(&format!("[{element},{{}}]"));
            assert!(sent == [first, event("", "{}")], "{size}");
        }
    }
}
