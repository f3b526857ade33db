use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use structured_zstd::encoding::{CompressionLevel, compress_slice_to_vec};

use super::*;
use crate::limits::DECODED_PIECE_BYTES;

const TEXT: &[u8] = "data: {\"a\":\"H\u{e9}llo\"}\n\n".as_bytes();

/// `TEXT` twice, flushed between, as libzstd writes it with a checksum.
const LIBZSTD: [u8; 44] = [
    40, 181, 47, 253, 4, 88, 176, 0, 0, 100, 97, 116, 97, 58, 32, 123, 34, 97, 34, 58, 34, 72, 195,
    169, 108, 108, 111, 34, 125, 10, 10, 53, 0, 0, 0, 1, 0, 169, 76, 32, 143, 59, 164, 99,
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
fn until_error(encoding: &str, body: &[u8], piece: usize) -> (Vec<u8>, Result<(), DecodeError>) {
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
fn a_body_that_is_text_is_read_whatever_its_header_names() {
    let texts: [&[u8]; 4] = [TEXT, b"{\"a\":1}", b"[{\"a\":1}]", b": ping\n\ndata: 1\n\n"];
    for text in texts {
        for name in ["gzip", "deflate", "br", "zstd", "gzip, br", "snappy", "dcb"] {
            for piece in [1, 2, 5, usize::MAX] {
                assert_eq!(decoded(name, text, piece).unwrap(), text, "{name} {piece}");
            }
            let mut decoder = Decoder::of(name).unwrap();
            decoder.decode(text, |_| {}).unwrap();
            assert!(decoder.is_plain() && !decoder.is_identity(), "{name}");
        }
        for name in [
            "",
            "identity",
            "none",
            "Binary",
            "utf-8",
            "text/event-stream",
        ] {
            assert_eq!(decoded(name, text, 1).unwrap(), text, "{name}");
            let decoder = Decoder::of(name).unwrap();
            assert!(decoder.is_identity() && !decoder.is_plain(), "{name}");
        }
    }
}

#[test]
fn bytes_of_an_encoding_that_is_not_known_are_an_error() {
    for body in [b"\x1f\x9d\x90abc".as_slice(), b"\xff\x06\0\0sNaPpY"] {
        for piece in [1, usize::MAX] {
            let result = decoded("compress", body, piece);
            assert_eq!(result, Err(DecodeError::Unknown), "{body:?}");
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

    let mut encoder = brotli_encoder(22);
    encoder.write_all(&[b' '; 3 * DECODED_PIECE_BYTES]).unwrap();
    encoder.flush().unwrap();
    let blanks = decoded("br", encoder.get_ref(), usize::MAX).unwrap();
    assert_eq!(blanks.len(), 3 * DECODED_PIECE_BYTES);

    let mut encoder = brotli_encoder(22);
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
    let result = decoded("gzip, compress", &encoded("gzip", TEXT), 1);
    assert_eq!(result, Err(DecodeError::Unknown));
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
fn a_window_of_brotli_over_4_mib_is_refused() {
    for bits in 10..=24 {
        let mut encoder = brotli_encoder(bits);
        encoder.write_all(TEXT).unwrap();
        let body = encoder.into_inner();
        let decoded = decoded("br", &body, usize::MAX);
        match bits {
            ..=22 => assert_eq!(decoded.unwrap(), TEXT, "{bits}"),
            _ => assert_eq!(decoded, Err(DecodeError::Window), "{bits}"),
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
