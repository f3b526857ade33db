//! The memory of one call, whatever its length: a long stream, and bodies that grow when decoded.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use audit_layer_core::completion::End;
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::host::Host;
use audit_layer_core::limits::{
    BROTLI_BYTES_MAX, ENCODED_SLICE_BYTES, INFLATE_BYTES_MAX, LIST_BYTES_MAX, LIST_ITEMS_MAX,
    STREAM_EVENT_BYTES_MAX, ZSTD_BYTES_MAX,
};
use audit_layer_core::note::Note;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use flate2::{Compress, Compression, FlushCompress};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// There is one memory to measure, and one test at a time that uses it.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;

/// What a buffer may take while it grows: its bytes, and the double into which they move.
const GROWTH: usize = 3;

#[test]
fn a_stream_of_100_mb_takes_no_more_than_a_streams_limits() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let event =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"0123456789abcdef\"}}]}\n\n";
    let chunk = event.repeat((64 << 10) / event.len());
    let chunks = (100 * MIB).div_ceil(chunk.len());
    let policy = policy();
    let content = policy.capture.limits.content_bytes;
    let (event, peak) = measure(&policy, "", (0..chunks).map(|_| chunk.as_bytes()));
    assert_eq!(event.response_content.len(), content);
    assert_within(
        "a stream",
        peak,
        GROWTH * (content + 2 * STREAM_EVENT_BYTES_MAX),
    );
}

#[test]
fn a_bomb_of_1_gb_takes_no_more_than_its_decoders_limits() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = policy();
    let body = GROWTH * policy.capture.limits.response_bytes;
    for (encoding, bomb, decoder) in [
        ("gzip", gzip_bomb(), INFLATE_BYTES_MAX),
        ("br", brotli_bomb(), BROTLI_BYTES_MAX),
        ("zstd", zstd_bomb(), ZSTD_BYTES_MAX),
    ] {
        let (event, peak) = measure(&policy, encoding, bomb.pieces());
        let notes = &event.metadata.audit_layer.capture.notes;
        assert!(notes.contains(&Note::ResponseEncodingBroken), "{encoding}");
        assert_within(encoding, peak, body + decoder);
    }
}

#[test]
fn a_request_of_30_mb_of_images_takes_no_more_than_its_limit() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = policy();
    let image = "QUJD".repeat(3 * MIB / 4);
    let begin = r#"{"messages":[{"role":"user","content":["#;
    let part = [
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,"#,
        &image,
        r#""}},"#,
    ];
    let end = r#"{"type":"text","text":"What is it?"}]}],"model":"m-1"}"#;
    let parts = std::iter::repeat_n(part, 10).flatten();
    let body = [begin].into_iter().chain(parts).chain([end]);
    let pieces = body.flat_map(|piece| piece.as_bytes().chunks(64 << 10));
    let (event, peak) = peak(|| {
        let mut exchange = begin_exchange(&policy);
        pieces.for_each(|piece| exchange.request_body(piece));
        exchange.request_end();
        exchange.end(End::default(), Timestamp::from_unix_ms(0))
    });
    let event = event.unwrap();
    assert_eq!(event.model_name, "m-1");
    assert!(event.prompt_content.ends_with("What is it?"));
    assert_ne!(event.prompt_hash, "");
    let limit = GROWTH * policy.capture.limits.request_bytes;
    assert_within("a request", peak, limit);
}

#[test]
fn a_name_that_many_parts_have_takes_no_memory_for_each() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = policy();
    // With an escape, it cannot be lent from the body.
    let long = format!("\\n{}", "x".repeat(32 << 10));
    let texts = ["\"\""; 10_000].join(",");
    for content in [
        format!(r#""content":[{texts}],"role":"{long}""#),
        format!(r#""content":[{texts}],"role":"tool","tool_call_id":"{long}""#),
        format!(
            r#""content":[{{"type":"tool_result","tool_use_id":"{long}","content":[{texts}]}}]"#
        ),
        format!(r#""content":[{{"type":"search_result","title":"{long}","content":[{texts}]}}]"#),
    ] {
        let body = format!(r#"{{"model":"m","messages":[{{{content}}}]}}"#);
        let (event, peak) = peak(|| {
            let mut exchange = begin_exchange(&policy);
            exchange.request_body(body.as_bytes());
            exchange.request_end();
            exchange.end(End::default(), Timestamp::from_unix_ms(0))
        });
        let notes = event.unwrap().metadata.audit_layer.capture.notes;
        assert!(notes.contains(&Note::PromptPartsTruncated), "{notes:?}");
        assert_within(
            "many parts",
            peak,
            GROWTH * policy.capture.limits.request_bytes,
        );
    }
}

#[test]
fn a_body_of_tiny_items_takes_memory_for_as_many_as_are_read() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = policy();
    let begin = r#"{"model":"m","messages":["#;
    let texts = many("\"\"");
    for body in [
        format!("{begin}{texts}]}}"),
        format!(r#"{begin}{{"content":[{texts}]}}]}}"#),
        format!(r#"{begin}{{"tool_calls":[{}]}}]}}"#, many("{}")),
    ] {
        let (event, peak) = peak(|| {
            let mut exchange = begin_exchange(&policy);
            exchange.request_body(body.as_bytes());
            exchange.request_end();
            exchange.end(End::default(), Timestamp::from_unix_ms(0))
        });
        let event = event.unwrap();
        let notes = event.metadata.audit_layer.capture.notes;
        assert!(notes.contains(&Note::RequestBodyTruncated), "{notes:?}");
        assert_eq!(event.prompt_hash, "");
        let limit = policy.capture.limits.request_bytes + LIST_ITEMS_MAX * ITEM_BYTES;
        assert_within("tiny items", peak, limit);
    }
}

#[test]
fn an_answer_of_tiny_choices_takes_memory_for_as_many_as_are_read() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = policy();
    let body = format!(r#"{{"choices":[{}]}}"#, many("{}"));
    let (event, peak) = measure(&policy, "", [body.as_bytes()].into_iter());
    let notes = event.metadata.audit_layer.capture.notes;
    assert!(notes.contains(&Note::ResponseUnreadable), "{notes:?}");
    let limit = policy.capture.limits.response_bytes + LIST_BYTES_MAX;
    assert_within("tiny choices", peak, GROWTH * limit);
}

/// So many items that a body of them is not larger than what is read.
fn many(item: &str) -> String {
    vec![item; MIB].join(",")
}

/// What an item takes of a list, as a message and as its part, and while their lists grow.
const ITEM_BYTES: usize = 1 << 10;

/// A body that is a beginning, and a part that is repeated.
struct Bomb {
    beginning: Vec<u8>,
    part: Vec<u8>,
    times: usize,
}

impl Bomb {
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let parts = std::iter::repeat_n(self.part.as_slice(), self.times);
        std::iter::once(self.beginning.as_slice()).chain(parts)
    }
}

/// RFC 1952, 2.3: nothing but the compression method.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A MiB of zeros that ends at a byte, and needs nothing of what came before it.
fn deflated_zeros() -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut zeros = Vec::with_capacity(MIB);
    compress
        .compress_vec(&vec![0; MIB], &mut zeros, FlushCompress::Full)
        .unwrap();
    zeros
}

fn gzip_bomb() -> Bomb {
    let part = deflated_zeros();
    assert!(part.len() < 2 * ENCODED_SLICE_BYTES, "{}", part.len());
    Bomb {
        beginning: GZIP_HEADER.to_vec(),
        part,
        times: 1024,
    }
}

/// The encoder's second MiB of zeros: it needs of what came before only that it was zeros.
fn brotli_bomb() -> Bomb {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 1, 22);
    let mut ends = Vec::new();
    for _ in 0..2 {
        encoder.write_all(&vec![0; MIB]).unwrap();
        encoder.flush().unwrap();
        ends.push(encoder.get_ref().len());
    }
    let bytes = encoder.get_ref();
    Bomb {
        beginning: bytes[..ends[0]].to_vec(),
        part: bytes[ends[0]..].to_vec(),
        times: 1023,
    }
}

/// RFC 8878, 3.1.1: a frame with a window of 8 MiB, and blocks that repeat one byte 128 Ki times.
fn zstd_bomb() -> Bomb {
    Bomb {
        beginning: vec![40, 181, 47, 253, 0, 13 << 3],
        part: vec![0x02, 0, 0x10, 0],
        times: 8192,
    }
}

/// The event of a call whose answer comes in these pieces, and the most memory that it took.
fn measure<'a>(
    policy: &Arc<Policy>,
    encoding: &str,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (AuditEvent, usize) {
    let now = Timestamp::from_unix_ms(0);
    let (event, peak) = peak(|| {
        let mut exchange = begin_exchange(policy);
        exchange.request_body(br#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#);
        exchange.request_end();
        let head = pairs(&[(":status", "200"), ("content-encoding", encoding)]);
        exchange.response_head(Headers(&head));
        for piece in pieces {
            exchange.response_body(piece, now);
        }
        exchange.response_end();
        exchange.end(End::default(), now)
    });
    (event.unwrap(), peak)
}

fn begin_exchange(policy: &Arc<Policy>) -> Exchange {
    let head = pairs(&[(":method", "POST"), (":path", "/v1/chat/completions")]);
    Exchange::begin(policy, Headers(&head), [7; 10], Timestamp::from_unix_ms(0)).unwrap()
}

/// What is made, and the most memory that making it took.
fn peak<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let made = make();
    (made, MEMORY.peak_usage() - before)
}

fn assert_within(what: &str, peak: usize, limit: usize) {
    println!("{what}: {peak} bytes of {limit}");
    assert!(peak <= limit, "{what}: {peak} bytes of {limit}");
}

fn policy() -> Arc<Policy> {
    let json = br#"{"audit_api":{"cluster":"audit"}}"#;
    Arc::new(Policy::read(json, &|_| None, &Host::default()).unwrap())
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}
