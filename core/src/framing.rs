//! How a streamed body is cut into messages, and how to tell from its first bytes.

pub mod event_stream;
pub mod json_array;
pub mod ndjson;
pub mod sse;

use std::borrow::Cow;
use std::mem;

use crate::json::{self, Kept};
use crate::limits::STREAM_EVENT_BYTES_MAX;

/// One message of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// What the framing calls it: the field `event` of a server-sent event, the type of an AWS
    /// event or exception, the code of an AWS error. Empty where there is none.
    pub name: &'a [u8],
    /// What it says: mostly JSON. Of an AWS error without payload, its `:error-message`.
    pub data: &'a [u8],
    /// Whether the framing itself calls it an error.
    pub kind: Kind,
    /// Whether `data` is not all that was sent: its beginning, or nothing of it.
    pub cut: bool,
    /// Whether `data` has strings of which only a beginning was kept, with stubs behind them.
    pub has_stubs: bool,
}

/// What a framing says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A part of the answer, as far as the framing knows.
    Event,
    /// An exception or error of an AWS event stream, or a field `error` of server-sent events.
    Error,
}

/// Finds the messages in a body that comes in pieces, wherever it is split.
#[derive(Debug)]
pub enum Decoder {
    /// Server-sent events.
    Sse(sse::Decoder),
    /// Lines of JSON.
    Ndjson(ndjson::Decoder),
    /// Elements of one JSON array.
    JsonArray(json_array::Decoder),
    /// An AWS event stream.
    EventStream(event_stream::Decoder),
}

/// Why the messages of a body cannot be told apart any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A checksum is not that of the bytes.
    #[error("a message does not have its checksum")]
    Checksum,
    /// Lengths contradict each other or are beyond the limits.
    #[error("a message has impossible lengths")]
    Length,
    /// Headers do not end where they should, or are of an unknown type.
    #[error("a message has headers that cannot be read")]
    Headers,
    /// The body ended early.
    #[error("the body ends within a message")]
    Unfinished,
}

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

impl<'a> Message<'a> {
    /// An ordinary, whole message without a name.
    fn of(data: &'a [u8]) -> Self {
        Self {
            name: b"",
            data,
            kind: Kind::Event,
            cut: false,
            has_stubs: false,
        }
    }

    /// The data as text, whether something that is not Unicode was replaced in it, and whether
    /// there are marks of halves of characters.
    pub fn text(&self) -> (Cow<'a, str>, bool, bool) {
        if self.has_stubs {
            let (text, replaced) = json::kept_text(self.data, true);
            (text, replaced, false)
        } else {
            json::text_with_halves(self.data)
        }
    }

    /// An ordinary message without a name, as far as it was kept.
    fn kept(kept: &'a Kept) -> Self {
        Self {
            cut: kept.is_cut(),
            has_stubs: kept.has_stubs(),
            ..Self::of(kept.bytes())
        }
    }
}

impl Decoder {
    /// Takes the next bytes and hands every message that they complete to `deliver`.
    ///
    /// # Errors
    /// When the framing is broken. What follows an error is passed over.
    pub fn push(
        &mut self,
        chunk: &[u8],
        deliver: impl FnMut(Message<'_>),
    ) -> Result<(), FramingError> {
        match self {
            Self::Sse(decoder) => decoder.push(chunk, deliver),
            Self::Ndjson(decoder) => decoder.push(chunk, deliver),
            Self::JsonArray(decoder) => decoder.push(chunk, deliver),
            Self::EventStream(decoder) => return decoder.push(chunk, deliver),
        }
        Ok(())
    }

    /// The body ended: hands over what stands unterminated.
    ///
    /// # Errors
    /// When the end is missing and the framing cannot do without it.
    pub fn finish(&mut self, deliver: impl FnMut(Message<'_>)) -> Result<(), FramingError> {
        match self {
            Self::Sse(decoder) => decoder.finish(deliver),
            Self::Ndjson(decoder) => decoder.finish(deliver),
            Self::JsonArray(decoder) => decoder.finish(deliver),
            Self::EventStream(decoder) => return decoder.finish(),
        }
        Ok(())
    }
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
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What is kept of a message.
fn kept() -> Kept {
    Kept::new(STREAM_EVENT_BYTES_MAX)
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::{decode, frame, text_header};
    use super::*;

    /// The framing's name and all bytes of the body behind what is passed over.
    fn sniff(hint: Hint, pieces: &[&[u8]]) -> (&'static str, Vec<u8>) {
        let mut sniffer = Sniffer::new(hint);
        for (at, piece) in pieces.iter().enumerate() {
            let Some(sniffed) = sniffer.push(piece) else {
                continue;
            };
            let name = match sniffed.framing {
                Framing::Plain => "plain",
                Framing::Stream(Decoder::Sse(_)) => "sse",
                Framing::Stream(Decoder::Ndjson(_)) => "ndjson",
                Framing::Stream(Decoder::JsonArray(_)) => "array",
                Framing::Stream(Decoder::EventStream(_)) => "aws",
            };
            let body = [&sniffed.head, sniffed.rest, &pieces[at + 1..].concat()].concat();
            return (name, body);
        }
        ("undecided", sniffer.head().to_vec())
    }

    #[test]
    fn the_first_bytes_and_the_hint_decide_however_they_are_split() {
        let aws = frame(&text_header(":event-type", "e"), b"{}");
        let mut broken = aws.clone();
        broken[11] ^= 1;
        let cases: [(&[u8], [&str; 4]); 17] = [
            (b"data: {}\n\n", ["sse"; 4]),
            (b"data-driven", ["sse", "sse", "sse", "plain"]),
            (b"dat", ["sse", "sse", "sse", "undecided"]),
            (b": comment", ["sse"; 4]),
            (b"event: e", ["sse"; 4]),
            (b"id:1", ["sse"; 4]),
            (b"retry:1", ["sse"; 4]),
            (b"{\"a\":1}\n", ["plain", "ndjson", "plain", "plain"]),
            (b"{\n  \"a\":1}\n", ["plain"; 4]),
            (b"{", ["plain", "undecided", "plain", "plain"]),
            (b"[{}]", ["plain", "plain", "array", "plain"]),
            (b"\"text\"", ["plain"; 4]),
            (b"<html>", ["plain"; 4]),
            (b"\xefx", ["plain"; 4]),
            (&aws, ["aws"; 4]),
            (&broken, ["plain"; 4]),
            (&aws[..11], ["undecided"; 4]),
        ];
        let before: [&[u8]; 5] = [
            b"",
            b"\n \r\n",
            BYTE_ORDER_MARK,
            b"\n\xef\xbb\xbf",
            b"\xef\xbb\xbf\n",
        ];
        for (body, names) in cases {
            for (hint, name) in [Hint::Json, Hint::Lines, Hint::Array, Hint::Other]
                .into_iter()
                .zip(names)
            {
                for before in before {
                    let sent = [before, body].concat();
                    for cut in 0..=sent.len() {
                        let (first, second) = sent.split_at(cut);
                        let expected = (name, body.to_vec());
                        assert_eq!(sniff(hint, &[first, second]), expected, "{hint:?} {sent:?}");
                    }
                }
            }
        }
        assert_eq!(sniff(Hint::Json, &[b" \n"]), ("undecided", vec![]));
    }

    /// Numbers that look random and are the same in every run (splitmix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
        }

        /// Bytes of which many mean something to some framing, or messages with a fault.
        fn body(&mut self) -> Vec<u8> {
            const WORDS: [&[u8]; 18] = [
                b"data:",
                b"event:",
                b":",
                b" ",
                b"\n",
                b"\r",
                b"\r\n",
                b"{",
                b"}",
                b"[",
                b"]",
                b"\"",
                b"\\",
                b",",
                b"\0",
                b"1",
                "\u{e9}".as_bytes(),
                BYTE_ORDER_MARK,
            ];
            let mut body = Vec::new();
            for _ in 0..self.below(24) {
                match self.below(8) {
                    0 => body.push(u8::try_from(self.below(256)).unwrap()),
                    1 => body.extend(frame(&text_header(":event-type", "e"), b"{}")),
                    _ => body.extend(WORDS[self.below(WORDS.len())]),
                }
            }
            if self.below(2) == 0 && !body.is_empty() {
                let at = self.below(body.len());
                body[at] ^= 1 << self.below(8);
            }
            body
        }
    }

    #[test]
    fn no_bytes_break_a_decoder_and_no_split_changes_what_it_finds() {
        let decoders: [fn() -> Decoder; 4] = [
            || Decoder::Sse(sse::Decoder::default()),
            || Decoder::Ndjson(ndjson::Decoder::default()),
            || Decoder::JsonArray(json_array::Decoder::default()),
            || Decoder::EventStream(event_stream::Decoder::default()),
        ];
        for seed in 0..20_000 {
            let mut random = Random(seed);
            let body = random.body();
            let mut pieces = Vec::new();
            let mut rest = body.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(random.below(rest.len() + 1));
                pieces.push(piece);
                rest = after;
            }
            for decoder in decoders {
                let whole = decode(decoder(), &[&body]);
                assert_eq!(decode(decoder(), &pieces), whole, "seed {seed}");
            }
        }
    }
}
