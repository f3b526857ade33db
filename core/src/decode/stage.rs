//! One coding of a body.

mod brotli;
mod zstd;

use std::io::Write;
use std::mem;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::error::DecodeError;
use brotli::Brotli;
use zstd::Zstd;

/// One encoding of a body.
#[derive(Debug)]
pub(super) struct Stage {
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

impl Stage {
    /// That of a name; `None` if it is not known.
    pub(super) fn of(name: &str) -> Option<Self> {
        let codec = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Codec::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Codec::Deflate,
            "br" => Codec::Brotli(Box::new(Brotli::new())),
            "zstd" => Codec::Zstd(Box::new(Zstd::new().ok()?)),
            _ => return None,
        };
        Some(Self { codec, decoded: 0 })
    }

    /// Decodes a slice. All that the stage gives may be no more than `max` bytes.
    pub(super) fn decode(
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
