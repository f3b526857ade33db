//! Content-encodings, decoded as the body comes, in bounded memory and with bounded work.

mod brotli;
mod zstd;

use std::io::Write;
use std::mem;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::limits::{
    DECODED_RATIO_SLACK_BYTES, DECODED_SLICE_BYTES_MAX, ENCODED_SLICE_BYTES, ENCODINGS_MAX,
};
use brotli::Brotli;
use zstd::Zstd;

/// Decodes one body.
#[derive(Debug)]
pub struct Decoder {
    /// In the order of decoding, which is the header's backwards.
    stages: Vec<Stage>,
    broken: bool,
    /// Encoded bytes that have not come of a slice. Slices are counted from the body's beginning,
    /// so that the bound is the same wherever the body is split.
    slice_left: usize,
    /// What each stage may have given by the end of the slice.
    max: u64,
}

/// One encoding of a body.
#[derive(Debug)]
struct Stage {
    codec: Codec,
    decoded: u64,
}

#[derive(Debug)]
enum Codec {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// `deflate`, of which the first byte tells whether it has zlib's header as it should.
    Deflate,
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    RawDeflate(Box<DeflateDecoder<Vec<u8>>>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

/// Why a body cannot be decoded any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not of the encoding.
    #[error("the body is not of its content-encoding")]
    Corrupt,
    /// The body grows beyond any honest ratio.
    #[error("the body grows beyond the limit when decoded")]
    TooLarge,
}

impl Decoder {
    /// The decoder of a content-encoding, which may be a list (RFC 9110, 8.4); `None` if one is
    /// not known, or if there are too many.
    pub fn of(encoding: &str) -> Option<Self> {
        let mut stages = Vec::new();
        for name in encoding.rsplit(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            if stages.len() >= ENCODINGS_MAX {
                return None;
            }
            stages.push(Stage::of(name)?);
        }
        Some(Self {
            stages,
            broken: false,
            slice_left: 0,
            max: DECODED_RATIO_SLACK_BYTES,
        })
    }

    /// Decodes the next bytes and hands over what they give, in pieces.
    ///
    /// # Errors
    /// When the bytes are not of the encoding, or grow too much. After an error every further
    /// piece is passed over.
    pub fn decode(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), DecodeError> {
        if self.broken {
            return Ok(());
        }
        if self.stages.is_empty() {
            take(chunk);
            return Ok(());
        }
        let mut rest = chunk;
        while !rest.is_empty() {
            let slice = self.slice(&mut rest);
            if let Err(error) = pass(&mut self.stages, slice, self.max, &mut take) {
                self.broken = true;
                self.stages.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes what has come of the next slice.
    fn slice<'a>(&mut self, rest: &mut &'a [u8]) -> &'a [u8] {
        if self.slice_left == 0 {
            self.slice_left = ENCODED_SLICE_BYTES;
            self.max = self.max.saturating_add(DECODED_SLICE_BYTES_MAX);
        }
        let (slice, after) = rest
            .split_at_checked(self.slice_left)
            .unwrap_or((*rest, &[]));
        self.slice_left = self.slice_left.saturating_sub(slice.len());
        *rest = after;
        slice
    }
}

/// Passes bytes through the stages, none of which may give more than `max` bytes in all.
fn pass(
    stages: &mut [Stage],
    bytes: &[u8],
    max: u64,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), DecodeError> {
    let Some((stage, later)) = stages.split_first_mut() else {
        take(bytes);
        return Ok(());
    };
    for slice in bytes.chunks(ENCODED_SLICE_BYTES) {
        stage.decode(slice, max, &mut |piece| pass(later, piece, max, take))?;
    }
    Ok(())
}

impl Stage {
    fn of(name: &str) -> Option<Self> {
        let codec = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Codec::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Codec::Deflate,
            "br" => Codec::Brotli(Box::new(Brotli::new())),
            "zstd" => Codec::Zstd(Box::new(Zstd::new().ok()?)),
            _ => return None,
        };
        Some(Self { codec, decoded: 0 })
    }

    fn decode(
        &mut self,
        slice: &[u8],
        max: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if matches!(self.codec, Codec::Deflate) {
            self.choose_deflate(slice);
        }
        let decoded = &mut self.decoded;
        let mut take = |piece: &[u8]| {
            let room = usize::try_from(max.saturating_sub(*decoded)).unwrap_or(usize::MAX);
            let kept = piece.get(..room).unwrap_or(piece);
            *decoded = decoded.saturating_add(size(kept));
            if !kept.is_empty() {
                take(kept)?;
            }
            if kept.len() < piece.len() {
                return Err(DecodeError::TooLarge);
            }
            Ok(())
        };
        let (result, inflated) = match &mut self.codec {
            Codec::Brotli(codec) => return codec.decode(slice, &mut take),
            Codec::Zstd(codec) => return codec.decode(slice, &mut take),
            Codec::Gzip(codec) => (write(codec.as_mut(), slice), codec.get_mut()),
            Codec::Zlib(codec) => (write(codec.as_mut(), slice), codec.get_mut()),
            Codec::RawDeflate(codec) => (write(codec.as_mut(), slice), codec.get_mut()),
            Codec::Deflate => return Ok(()),
        };
        take(&mem::take(inflated))?;
        result
    }

    fn choose_deflate(&mut self, chunk: &[u8]) {
        // RFC 1950: compression method 8 in the low half of the first byte.
        self.codec = match chunk.first() {
            None => return,
            Some(byte) if byte & 0x0f == 8 => Codec::Zlib(Box::new(ZlibDecoder::new(Vec::new()))),
            Some(_) => Codec::RawDeflate(Box::new(DeflateDecoder::new(Vec::new()))),
        };
    }
}

/// Flushing hands over what has been decoded so far, so that an event is read when it comes; also
/// what came before an error, so that it does not depend on where the body is split.
fn write(codec: &mut impl Write, slice: &[u8]) -> Result<(), DecodeError> {
    let written = codec.write_all(slice);
    let flushed = written.and_then(|()| codec.flush());
    flushed.map_err(|_| {
        let _ = codec.flush();
        DecodeError::Corrupt
    })
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use structured_zstd::encoding::{CompressionLevel, compress_slice_to_vec};

    use super::*;
    use crate::limits::DECODED_PIECE_BYTES;

    const TEXT: &[u8] = "data: {\"a\":\"H\u{e9}llo\"}\n\n".as_bytes();

    /// `TEXT` twice, flushed between, as libzstd writes it with a checksum.
    const LIBZSTD: [u8; 44] = [
        40, 181, 47, 253, 4, 88, 176, 0, 0, 100, 97, 116, 97, 58, 32, 123, 34, 97, 34, 58, 34, 72,
        195, 169, 108, 108, 111, 34, 125, 10, 10, 53, 0, 0, 0, 1, 0, 169, 76, 32, 143, 59, 164, 99,
    ];

    /// Where the flush ended.
    const LIBZSTD_FLUSHED: usize = 31;

    /// Long enough for several blocks of compressed text.
    fn long_text() -> Vec<u8> {
        (0..12_000)
            .flat_map(|n| format!("data: {{\"n\":{}}}\n\n", n * 7919 % 10_007).into_bytes())
            .collect()
    }

    fn brotli_encoder(window_bits: u32) -> ::brotli::CompressorWriter<Vec<u8>> {
        ::brotli::CompressorWriter::new(Vec::new(), 4096, 5, window_bits)
    }

    /// Text that is followed by a block of the reserved type (RFC 1951, 3.2.3), so that every
    /// decoder sees the damage at one place, whichever encoder wrote what is before it.
    fn damaged(encoding: &str, text: &[u8]) -> Vec<u8> {
        const RESERVED_BLOCK: [u8; 8] = [0b111; 8];
        let header_len = match encoding {
            "gzip" => 10,
            "zlib" => 2,
            _ => 0,
        };
        let header = &encoded(encoding, b"")[..header_len];
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.flush().unwrap();
        [header, encoder.get_ref(), &RESERVED_BLOCK].concat()
    }

    fn encoded(encoding: &str, text: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        macro_rules! encode {
            ($encoder:ident) => {{
                let mut encoder = $encoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }};
        }
        match encoding {
            "gzip" => encode!(GzEncoder),
            "zlib" => encode!(ZlibEncoder),
            "br" => {
                let mut encoder = brotli_encoder(22);
                encoder.write_all(text).unwrap();
                encoder.into_inner()
            }
            "zstd" => compress_slice_to_vec(text, CompressionLevel::Fastest),
            _ => encode!(DeflateEncoder),
        }
    }

    fn decoded(encoding: &str, body: &[u8], piece: usize) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = Decoder::of(encoding).unwrap();
        let mut text = Vec::new();
        for piece in body.chunks(piece) {
            decoder.decode(piece, |bytes| text.extend_from_slice(bytes))?;
        }
        Ok(text)
    }

    /// All that is handed over, and the first error.
    fn until_error(
        encoding: &str,
        body: &[u8],
        piece: usize,
    ) -> (Vec<u8>, Result<(), DecodeError>) {
        let mut decoder = Decoder::of(encoding).unwrap();
        let mut text = Vec::new();
        let mut result = Ok(());
        for piece in body.chunks(piece) {
            result = result.and(decoder.decode(piece, |bytes| text.extend_from_slice(bytes)));
        }
        (text, result)
    }

    #[test]
    fn every_encoding_is_decoded_in_pieces_of_any_size() {
        for (name, format) in [
            ("gzip", "gzip"),
            ("X-Gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
            ("br", "br"),
            ("ZSTD", "zstd"),
        ] {
            let body = encoded(format, TEXT);
            for piece in 1..=body.len() {
                assert_eq!(
                    decoded(name, &body, piece).unwrap(),
                    TEXT,
                    "{name} {format} {piece}"
                );
            }
        }
        assert_eq!(decoded("identity", TEXT, 3).unwrap(), TEXT);
        assert!(Decoder::of("compress").is_none());
    }

    #[test]
    fn a_long_body_is_decoded_in_pieces_of_any_size() {
        let text = long_text();
        for name in ["gzip", "br", "zstd"] {
            let body = encoded(name, &text);
            for piece in [1, 2, 3, 7, 100, 1023, 1024, 1025, usize::MAX] {
                assert_eq!(decoded(name, &body, piece).unwrap(), text, "{name} {piece}");
            }
        }
    }

    #[test]
    fn an_empty_body_is_empty_in_every_encoding() {
        for name in ["gzip", "deflate", "br", "zstd", "zstd, br"] {
            assert_eq!(decoded(name, b"", 1).unwrap(), b"", "{name}");
        }
        for name in ["gzip", "br", "zstd"] {
            assert_eq!(
                decoded(name, &encoded(name, b""), 1).unwrap(),
                b"",
                "{name}"
            );
        }
    }

    #[test]
    fn what_has_come_is_handed_over_before_the_body_ends() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(TEXT).unwrap();
        encoder.flush().unwrap();
        assert_eq!(decoded("gzip", encoder.get_ref(), 1).unwrap(), TEXT);

        let mut encoder = brotli_encoder(24);
        encoder.write_all(&[b' '; 3 * DECODED_PIECE_BYTES]).unwrap();
        encoder.flush().unwrap();
        let blanks = decoded("br", encoder.get_ref(), usize::MAX).unwrap();
        assert_eq!(blanks.len(), 3 * DECODED_PIECE_BYTES);

        let mut encoder = brotli_encoder(24);
        for times in 1..4 {
            encoder.write_all(TEXT).unwrap();
            encoder.flush().unwrap();
            assert_eq!(
                decoded("br", encoder.get_ref(), 1).unwrap(),
                TEXT.repeat(times)
            );
        }

        assert_eq!(
            decoded("zstd", &LIBZSTD[..LIBZSTD_FLUSHED], 1).unwrap(),
            TEXT
        );
        assert_eq!(decoded("zstd", &LIBZSTD, 1).unwrap(), TEXT.repeat(2));
    }

    #[test]
    fn the_encodings_of_a_list_are_undone_from_the_last() {
        let body = encoded("br", &encoded("gzip", TEXT));
        for piece in 1..=body.len() {
            assert_eq!(decoded("gzip, br", &body, piece).unwrap(), TEXT);
        }
        assert_eq!(decoded(" GZIP ,identity,, BR", &body, 9).unwrap(), TEXT);
        let body = encoded("gzip", &encoded("zstd", &long_text()));
        assert_eq!(decoded("zstd,gzip", &body, 1000).unwrap(), long_text());
        assert!(Decoder::of("gzip, br, zstd").is_none());
        assert!(Decoder::of("gzip, compress").is_none());
    }

    #[test]
    fn frames_of_zstd_follow_each_other() {
        let skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let empty_skippable = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
        let body = [
            &skippable[..],
            &LIBZSTD,
            &empty_skippable,
            &encoded("zstd", TEXT),
            &encoded("zstd", b""),
            &skippable,
        ]
        .concat();
        for piece in 1..=body.len() {
            assert_eq!(decoded("zstd", &body, piece).unwrap(), TEXT.repeat(3));
        }
    }

    #[test]
    fn a_body_that_breaks_off_gives_what_came() {
        let text = long_text();
        for name in ["gzip", "br", "zstd"] {
            let body = encoded(name, &text);
            for len in (0..body.len()).step_by(997) {
                let part = decoded(name, &body[..len], usize::MAX).unwrap();
                assert!(text.starts_with(&part), "{name} {len}");
            }
        }
    }

    #[test]
    fn bytes_of_another_encoding_are_an_error() {
        // Brotli begins with nothing to know it by.
        for name in ["gzip", "zstd"] {
            assert_eq!(
                decoded(name, b"plain text", usize::MAX),
                Err(DecodeError::Corrupt),
                "{name}"
            );
        }
    }

    #[test]
    fn a_wrong_checksum_and_bytes_after_the_end_are_errors() {
        let mut body = LIBZSTD;
        body[43] ^= 1;
        assert_eq!(decoded("zstd", &body, 1), Err(DecodeError::Corrupt));
        for name in ["br", "zstd"] {
            let body = [&encoded(name, TEXT)[..], b"plain text"].concat();
            for piece in [1, 2, 1000] {
                assert_eq!(decoded(name, &body, piece), Err(DecodeError::Corrupt));
            }
        }
    }

    #[test]
    fn what_came_before_an_error_is_handed_over_wherever_the_body_is_split() {
        for (name, format) in [("gzip", "gzip"), ("deflate", "zlib"), ("deflate", "raw")] {
            let damaged = damaged(format, &long_text());
            let ended = [&encoded(format, TEXT)[..], b"not another member"].concat();
            for body in [damaged, ended] {
                let whole = until_error(name, &body, usize::MAX);
                assert_eq!(whole.1, Err(DecodeError::Corrupt), "{format}");
                assert!(!whole.0.is_empty(), "{format}");
                for piece in [1, 2, 3, 7, 100, 1023, 1024, 1025] {
                    assert!(until_error(name, &body, piece) == whole, "{format} {piece}");
                }
            }
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_same_byte_wherever_it_is_split() {
        for name in ["gzip", "br", "zstd"] {
            let body = encoded(name, &vec![0; 8 << 20]);
            let whole = until_error(name, &body, usize::MAX);
            assert_eq!(whole.1, Err(DecodeError::TooLarge), "{name}");
            for piece in [1, 7, 1000, 1025] {
                assert!(until_error(name, &body, piece) == whole, "{name} {piece}");
            }
        }
    }

    #[test]
    fn a_window_over_the_limit_is_refused() {
        // RFC 8878, 3.1.1.1.2: an exponent of 13 is 8 MiB, and the last bit an eighth more.
        let body = |window: u8| [40, 181, 47, 253, 0, window, 1, 0, 0];
        assert_eq!(decoded("zstd", &body(12 << 3 | 7), 1), Ok(Vec::new()));
        assert_eq!(decoded("zstd", &body(13 << 3), 1), Ok(Vec::new()));
        assert_eq!(
            decoded("zstd", &body(13 << 3 | 1), 1),
            Err(DecodeError::Corrupt)
        );
        // The large window that RFC 7932 reserves: 0x11, then its bits.
        assert_eq!(
            decoded("br", &[0x11, 0x1e, 3], 1),
            Err(DecodeError::Corrupt)
        );
    }

    #[test]
    fn a_bomb_is_stopped_within_bounded_memory() {
        let zeros = vec![0; 16 << 20];
        let twice = encoded("br", &encoded("gzip", &zeros));
        // A block of 128 KiB in four bytes, as often as it takes.
        let mut blocks = vec![40, 181, 47, 253, 0, 13 << 3];
        blocks.extend([0x02, 0, 0x10, 0].repeat(10_000));
        for (name, bomb) in [
            ("gzip", encoded("gzip", &zeros)),
            ("br", encoded("br", &zeros)),
            ("zstd", encoded("zstd", &zeros)),
            ("zstd", blocks),
            ("gzip, br", twice),
        ] {
            let mut decoder = Decoder::of(name).unwrap();
            let (mut largest, mut sum) = (0, 0);
            let result = decoder.decode(&bomb, |piece| {
                largest = largest.max(piece.len());
                sum += piece.len();
            });
            assert_eq!(result, Err(DecodeError::TooLarge), "{name}");
            assert!(
                largest < 2 << 20 && sum < 16 << 20,
                "{name} {largest} {sum}"
            );
            assert_eq!(decoder.decode(&bomb, |_| panic!("passed over")), Ok(()));
        }
    }

    #[test]
    fn no_damage_to_a_body_breaks_more_than_the_body() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed >> 33).unwrap() % below
        };
        let text = &long_text()[..2000];
        for name in ["br", "zstd"] {
            let whole = encoded(name, text);
            for _ in 0..1000 {
                let mut body = whole.clone();
                for _ in 0..=random(4) {
                    let at = random(body.len());
                    body[at] = random(256).to_le_bytes()[0];
                }
                let _result = decoded(name, &body, 1 + random(body.len()));
            }
        }
    }
}
