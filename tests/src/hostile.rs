//! Small bodies that grow when they are decoded, as clients and models send them that mean no good.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// What stands before and behind very many letters.
pub type Around = (&'static str, &'static str);

/// A request of OpenAI's chat.
pub const REQUEST: Around = (
    r#"{"model":"m","messages":[{"role":"user","content":""#,
    r#""}]}"#,
);

/// An answer to it.
pub const RESPONSE: Around = (
    r#"{"id":"c1","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":""#,
    r#""},"finish_reason":"stop"}]}"#,
);

/// Encodes a body of [`TEXT_BYTES`] letters with this around them.
pub type Encode = fn(Around) -> Vec<u8>;

/// The codings by their names in `content-encoding`.
pub const CODINGS: [(&str, Encode); 3] = [("gzip", gzip), ("br", brotli), ("zstd", zstd)];

/// Letters of a body when it is decoded.
pub const TEXT_BYTES: usize = 512 << 10;

fn text((before, behind): Around) -> String {
    format!("{before}{}{behind}", "x".repeat(TEXT_BYTES))
}

fn gzip(around: Around) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(text(around).as_bytes())
        .expect("in memory");
    encoder.finish().expect("in memory")
}

fn brotli(around: Around) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    encoder
        .write_all(text(around).as_bytes())
        .expect("in memory");
    encoder.into_inner()
}

/// A frame with the largest window that is decoded, of blocks as they are and of blocks that repeat
/// one letter (RFC 8878).
fn zstd((before, behind): Around) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3];
    let mut block = |is_last: bool, kind: usize, size: usize, content: &[u8]| {
        let header = usize::from(is_last) | kind << 1 | size << 3;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(content);
    };
    block(false, 0, before.len(), before.as_bytes());
    for _ in 0..TEXT_BYTES >> 17 {
        block(false, 1, 1 << 17, b"x");
    }
    block(true, 0, behind.len(), behind.as_bytes());
    frame
}
