//! The linear memory of the plugin's VM, which never shrinks, after one call of any length.

use anyhow::Result;
use audit_layer_core::limits::{INFLATE_BYTES_MAX, STREAM_EVENT_BYTES_MAX, ZSTD_BYTES_MAX};
use flate2::{Compress, Compression, FlushCompress};

use crate::call::{ASK, OPENAI, answered_upstream, notes, own, request_head, response_head};
use crate::proxy::Proxy;

const MIB: usize = 1 << 20;

/// What a buffer may take while it grows: its bytes, and the double into which they move.
const GROWTH: usize = 3;

/// The defaults of the configuration's limits.
const RESPONSE_BYTES: usize = 4 * MIB;
const CONTENT_BYTES: usize = MIB;

#[test]
fn a_stream_of_100_mb_takes_no_more_than_a_streams_limits() -> Result<()> {
    let event = r#"data: {"choices":[{"index":0,"delta":{"content":"0123456789abcdef"}}]}"#;
    let chunk = format!("{event}\n\n").repeat(1000);
    let chunks = (100 * MIB).div_ceil(chunk.len());
    let (event, taken) = call("", (0..chunks).map(|_| chunk.as_bytes()))?;
    assert_eq!(own(&event, "/capture/response_bytes"), chunks * chunk.len());
    assert_eq!(
        event["response_content"].as_str().unwrap().len(),
        CONTENT_BYTES
    );
    assert_within(
        "a stream",
        taken,
        GROWTH * (CONTENT_BYTES + 2 * STREAM_EVENT_BYTES_MAX),
    );
    Ok(())
}

#[test]
fn a_bomb_of_1_gb_takes_no_more_than_its_decoders_limits() -> Result<()> {
    let zeros = deflated_zeros()?;
    let slow = [zeros.as_slice(), &stored(4 << 10)].concat();
    let zstd_head = [40, 181, 47, 253, 0, 13 << 3];
    // A block that repeats one byte 128 Ki times, eight times: a MiB as well.
    let zstd = [0x02, 0, 0x10, 0].repeat(8);
    for (what, encoding, head, part, limit) in [
        ("gzip", "gzip", &GZIP_HEADER[..], &zeros, INFLATE_BYTES_MAX),
        (
            "gzip within the ratio",
            "gzip",
            &GZIP_HEADER[..],
            &slow,
            INFLATE_BYTES_MAX,
        ),
        ("zstd", "zstd", &zstd_head[..], &zstd, ZSTD_BYTES_MAX),
    ] {
        let parts = std::iter::repeat_n(part.as_slice(), 1024);
        let (event, taken) = call(encoding, std::iter::once(head).chain(parts))?;
        let note = if part == &slow {
            "response_body_truncated"
        } else {
            "response_encoding_broken"
        };
        assert!(notes(&event).contains(&note), "{what}");
        assert_within(what, taken, GROWTH * RESPONSE_BYTES + limit);
    }
    Ok(())
}

/// The event of a call whose answer comes in these pieces, and by how much the memory grew.
fn call<'a>(
    encoding: &str,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(serde_json::Value, usize)> {
    let proxy = Proxy::new()?;
    let before = proxy.vm.memory_bytes();
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), ASK);
    stream.response_headers(response_head(200).with("content-encoding", encoding));
    for piece in pieces {
        stream.response_body(piece);
    }
    stream.response_end();
    answered_upstream(&stream);
    stream.finish();
    let event = proxy.event();
    Ok((event, proxy.vm.memory_bytes() - before))
}

/// The memory grows by whole steps of its allocator, which leaves gaps between buffers that grow:
/// half as much again.
fn assert_within(what: &str, taken: usize, limit: usize) {
    let limit = limit + limit / 2;
    println!("{what}: {taken} bytes of {limit}");
    assert!(taken <= limit, "{what}: {taken} bytes of {limit}");
}

/// RFC 1952, 2.3: nothing but the compression method.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A MiB of zeros that ends at a byte, and needs nothing of what came before it.
fn deflated_zeros() -> Result<Vec<u8>> {
    let mut zeros = Vec::with_capacity(MIB);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![0; MIB], &mut zeros, FlushCompress::Full)?;
    Ok(zeros)
}

/// RFC 1951, 3.2.4: a block that is stored.
fn stored(size: u16) -> Vec<u8> {
    let mut block = vec![0];
    block.extend(size.to_le_bytes());
    block.extend((!size).to_le_bytes());
    block.extend(std::iter::repeat_n(b' ', size.into()));
    block
}
