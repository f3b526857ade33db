//! How a streamed body is cut into messages, and how to tell from its first bytes.

mod decoder;
pub mod event_stream;
pub mod json_array;
mod message;
pub mod ndjson;
mod sniff;
pub mod sse;

pub use decoder::Decoder;
pub use message::{FramingError, Kind, Message};
pub use sniff::{Framing, Hint, Sniffed, Sniffer};

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::sniff::BYTE_ORDER_MARK;
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
