//! How a body is read, by its first bytes.

use std::mem;

use super::decoder::Decoder;
use super::{event_stream, json_array, ndjson, sse};

/// What a wire format sends where the first byte alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A body of JSON is one document.
    Json,
    /// A body that begins with `{` is lines of JSON.
    Lines,
    /// A body that begins with `[` is an array that is sent piecewise.
    Array,
    /// A body may be any text or bytes: server-sent events begin with the whole name of a field.
    Other,
}

/// Decides how a body is read by its first bytes: not by what was asked for, nor by what the
/// content-type claims.
///
/// Blanks and a UTF-8 byte order mark before the body are passed over. Then, in this order:
///
/// 1. `d`, `e`, `i`, `r` and `:` begin fields of server-sent events (data, event, id, retry, what
///    servers add such as error) and comments. No JSON document begins so; where the hint allows
///    other documents, the field must be there up to its colon.
/// 2. `{` begins lines and `[` an array, where the hint says so. A line that ends there is the
///    first of one document that is laid out for people.
/// 3. A zero byte begins an AWS event stream, if the twelve bytes from there have their checksum.
///    Its length fills the first byte only from 16 MiB.
/// 4. Anything else is one document.
#[derive(Debug)]
pub struct Sniffer {
    hint: Hint,
    head: Vec<u8>,
}

/// How a body is read.
#[derive(Debug)]
pub enum Framing {
    /// As one document, when it is whole.
    Plain,
    /// Message by message.
    Stream(Decoder),
}

/// What a [`Sniffer`] decided, and the bytes of the body that it has seen.
#[derive(Debug)]
pub struct Sniffed<'a> {
    /// The decision.
    pub framing: Framing,
    /// The first bytes of the body, at most [`event_stream::PRELUDE_BYTES`].
    pub head: Vec<u8>,
    /// What follows them in the chunk.
    pub rest: &'a [u8],
}

impl Sniffer {
    /// Has seen nothing yet.
    pub fn new(hint: Hint) -> Self {
        Self {
            hint,
            head: Vec::new(),
        }
    }

    /// Takes the next bytes; `None` as long as they do not decide. Not to be asked again after a
    /// decision.
    pub fn push<'a>(&mut self, chunk: &'a [u8]) -> Option<Sniffed<'a>> {
        let mut rest = chunk;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            if self.head.is_empty() && byte.is_ascii_whitespace() {
                continue;
            }
            self.head.push(*byte);
            if self.head == BYTE_ORDER_MARK {
                self.head.clear();
            } else if let Some(framing) = self.decide() {
                return Some(Sniffed {
                    framing,
                    head: mem::take(&mut self.head),
                    rest,
                });
            }
        }
        None
    }

    /// The bytes that came and did not decide. A body that ends with them is one document.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    fn decide(&self) -> Option<Framing> {
        let decoder = match (self.head.first()?, self.hint) {
            (_, Hint::Other) if FIELDS.iter().any(|field| self.head.starts_with(field)) => {
                Decoder::Sse(sse::Decoder::default())
            }
            (_, Hint::Other) if FIELDS.iter().any(|field| field.starts_with(&self.head)) => {
                return None;
            }
            (b'd' | b'e' | b'i' | b'r' | b':', Hint::Other) => return Some(Framing::Plain),
            (b'd' | b'e' | b'i' | b'r' | b':', _) => Decoder::Sse(sse::Decoder::default()),
            (b'{', Hint::Lines) => match self.head.get(1)? {
                b'\n' | b'\r' => return Some(Framing::Plain),
                _ => Decoder::Ndjson(ndjson::Decoder::default()),
            },
            (b'[', Hint::Array) => Decoder::JsonArray(json_array::Decoder::default()),
            (0, _) if self.head.len() < event_stream::PRELUDE_BYTES => return None,
            (0, _) if event_stream::is_prelude(&self.head) => {
                Decoder::EventStream(event_stream::Decoder::default())
            }
            _ if BYTE_ORDER_MARK.starts_with(&self.head) => return None,
            _ => return Some(Framing::Plain),
        };
        Some(Framing::Stream(decoder))
    }
}

/// How server-sent events begin; the last begins a comment.
const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
