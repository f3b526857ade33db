//! Content-encodings, decoded as the body comes, in bounded memory and with bounded work.

use std::io::Write;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::limits::{DECODED_RATIO_MAX, DECODED_RATIO_SLACK_BYTES, ENCODED_SLICE_BYTES};

/// Decodes one body.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    encoded: u64,
    decoded: u64,
}

#[derive(Debug)]
enum Codec {
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// `deflate`, of which the first byte tells whether it has zlib's header as it should.
    Deflate,
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    RawDeflate(Box<DeflateDecoder<Vec<u8>>>),
    Broken,
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
    /// The decoder of a content-encoding by its name; `None` if it is not known.
    pub fn of(encoding: &str) -> Option<Self> {
        let codec = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Codec::Identity,
            "gzip" | "x-gzip" => Codec::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Codec::Deflate,
            _ => return None,
        };
        Some(Self {
            codec,
            encoded: 0,
            decoded: 0,
        })
    }

    /// Decodes the next bytes and hands over what they give, in pieces.
    ///
    /// # Errors
    /// When the bytes are not of the encoding, or grow too much. After an error every further
    /// piece is passed over.
    pub fn decode(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), DecodeError> {
        match self.codec {
            Codec::Identity => {
                take(chunk);
                return Ok(());
            }
            Codec::Broken => return Ok(()),
            Codec::Deflate => self.choose_deflate(chunk),
            _ => {}
        }
        for slice in chunk.chunks(ENCODED_SLICE_BYTES) {
            let decoded = self.decode_slice(slice);
            let result = decoded.and_then(|piece| self.within_ratio(slice.len(), piece));
            match result {
                Ok(piece) => take(&piece),
                Err(error) => {
                    self.codec = Codec::Broken;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn choose_deflate(&mut self, chunk: &[u8]) {
        // RFC 1950: compression method 8 in the low half of the first byte.
        self.codec = match chunk.first() {
            None => return,
            Some(byte) if byte & 0x0f == 8 => Codec::Zlib(Box::new(ZlibDecoder::new(Vec::new()))),
            Some(_) => Codec::RawDeflate(Box::new(DeflateDecoder::new(Vec::new()))),
        };
    }

    fn decode_slice(&mut self, slice: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let written = match &mut self.codec {
            Codec::Gzip(codec) => write(codec.as_mut(), slice).map(|()| codec.get_mut()),
            Codec::Zlib(codec) => write(codec.as_mut(), slice).map(|()| codec.get_mut()),
            Codec::RawDeflate(codec) => write(codec.as_mut(), slice).map(|()| codec.get_mut()),
            Codec::Identity | Codec::Deflate | Codec::Broken => return Ok(Vec::new()),
        };
        written
            .map(std::mem::take)
            .map_err(|_| DecodeError::Corrupt)
    }

    fn within_ratio(&mut self, encoded: usize, piece: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
        let size = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
        self.encoded = self.encoded.saturating_add(size(encoded));
        self.decoded = self.decoded.saturating_add(size(piece.len()));
        let max = self
            .encoded
            .saturating_mul(DECODED_RATIO_MAX)
            .saturating_add(DECODED_RATIO_SLACK_BYTES);
        if self.decoded > max {
            Err(DecodeError::TooLarge)
        } else {
            Ok(piece)
        }
    }
}

/// Flushing hands over what has been decoded so far, so that an event is read when it comes.
fn write(codec: &mut impl Write, slice: &[u8]) -> std::io::Result<()> {
    codec.write_all(slice)?;
    codec.flush()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = "data: {\"a\":\"H\u{e9}llo\"}\n\n".as_bytes();

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

    #[test]
    fn every_encoding_is_decoded_in_pieces_of_any_size() {
        for (name, format) in [
            ("gzip", "gzip"),
            ("X-Gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
        ] {
            let body = encoded(format, TEXT);
            for piece in 1..body.len() {
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
    fn what_has_come_is_handed_over_before_the_body_ends() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(TEXT).unwrap();
        encoder.flush().unwrap();
        assert_eq!(
            decoded("gzip", encoder.get_ref(), usize::MAX).unwrap(),
            TEXT
        );
    }

    #[test]
    fn bytes_of_another_encoding_are_an_error() {
        assert_eq!(
            decoded("gzip", b"plain text", usize::MAX),
            Err(DecodeError::Corrupt)
        );
    }

    #[test]
    fn a_bomb_is_stopped_within_bounded_memory() {
        let bomb = encoded("gzip", &vec![0; 64 << 20]);
        let mut decoder = Decoder::of("gzip").unwrap();
        let (mut largest, mut sum) = (0, 0);
        let result = decoder.decode(&bomb, |piece| {
            largest = largest.max(piece.len());
            sum += piece.len();
        });
        assert_eq!(result, Err(DecodeError::TooLarge));
        assert!(largest < 2 << 20 && sum < 16 << 20, "{largest} {sum}");
        assert_eq!(decoder.decode(&bomb, |_| panic!("passed over")), Ok(()));
    }
}
