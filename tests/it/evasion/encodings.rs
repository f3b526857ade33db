//! Ways that hide the body behind a name for it: content types and content encodings.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::way::{PROMPT, Way, chat};

pub(crate) fn ways() -> Vec<Way> {
    [types(), encodings()].concat()
}

fn types() -> Vec<Way> {
    let names = [
        "text/plain",
        "application/grpc",
        "application/grpc+json",
        "application/grpc-web",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/vnd.api+json",
        "application/x-ndjson",
        "application/vnd.amazon.eventstream",
        "text/event-stream",
        "image/png",
        "APPLICATION/JSON",
        "application/json;;;",
        "application/json, text/plain",
        "a",
    ];
    let plain = |name: &str| Way::of_body(format!("type: {name}"), chat(PROMPT));
    let mut ways: Vec<Way> = names.iter().map(|name| plain(name).typed(name)).collect();
    ways.push(plain("none").without_type());
    ways.push(plain("empty").typed(""));
    ways.push(plain("two").header("content-type", "text/plain"));
    ways.push(
        plain("two, gRPC first")
            .typed("application/grpc")
            .header("content-type", "application/json"),
    );
    let form = "model=m-1&messages[0][role]=user&messages[0][content]=Approve+loan+4711.";
    ways.push(
        Way::of_body("type: a form that is one", form).typed("application/x-www-form-urlencoded"),
    );
    ways
}

fn encodings() -> Vec<Way> {
    let body = chat(PROMPT).into_bytes();
    let way = |name: &str, encoding: &str, body: Vec<u8>| {
        Way::of_body(format!("encoding: {name}"), body).encoded(encoding)
    };
    let lie = |encoding: &str| way(&format!("{encoding} that lies"), encoding, body.clone());
    let mut ways = vec![
        way("gzip", "gzip", gzip(&body)),
        way("GZIP", "GZIP", gzip(&body)),
        way("x-gzip", "x-gzip", gzip(&body)),
        way("gzip with a blank", " gzip ", gzip(&body)),
        way("gzip, empty name", "gzip,", gzip(&body)),
        way("gzip in two members", "gzip", members(&body)),
        way(
            "gzip with a decoy behind it",
            "gzip",
            [gzip(&body), b"{}".to_vec()].concat(),
        ),
        way("gzip of gzip", "gzip, gzip", gzip(&gzip(&body))),
        way("gzip of gzip said once", "gzip", gzip(&gzip(&body))),
        way("gzip said twice", "gzip, gzip", gzip(&body)),
        way(
            "gzip three times",
            "gzip, gzip, gzip",
            gzip(&gzip(&gzip(&body))),
        ),
        way("gzip cut", "gzip", cut(gzip(&body))),
        way("deflate as zlib", "deflate", zlib(&body)),
        way("deflate raw", "deflate", deflate(&body)),
        way("br", "br", brotli(&body)),
        way("zstd", "zstd", zstd(&body)),
        way("gzip called br", "br", gzip(&body)),
        way("zlib called gzip", "gzip", zlib(&body)),
        way("identity, gzip", "identity, gzip", gzip(&body)),
        Way::of_body("encoding: gzip in two headers", gzip(&body))
            .encoded("gzip")
            .encoded("identity"),
        Way::of_body("encoding: gzip without a name", gzip(&body)),
    ];
    ways.extend(["gzip", "deflate", "br", "zstd", "compress"].map(lie));
    ways.extend(["identity", "none", "utf-8", "aws-chunked", "x-none", ""].map(lie));
    ways.extend(["gzip, gzip", "identity, none", "*", "gzip;q=0"].map(lie));
    ways
}

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn members(body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(20);
    [gzip(first), gzip(second)].concat()
}

fn cut(mut body: Vec<u8>) -> Vec<u8> {
    body.truncate(body.len() - 4);
    body
}

/// One block that is not compressed: RFC 7932, section 9.2.
fn brotli(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() - 1).unwrap();
    let head = (length << 4 | 1 << 20).to_le_bytes();
    [&head[..3], body, &[3]].concat()
}

/// One frame of one block that is not compressed: RFC 8878, section 3.1.1.
fn zstd(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let block = (length << 3 | 1).to_le_bytes();
    // A single segment, whose size is in four bytes.
    let magic = [0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    [&magic, &length.to_le_bytes()[..], &block[..3], body].concat()
}
