//! What the worst answers cost, in wasmtime's fuel: for each byte hardly more than an ordinary one does,
//! and no more the longer they are.

use anyhow::Result;
use proxy_wasm_host_test::{Headers, Stream};

use crate::budgets::{chat, openai_stream};
use crate::call::{OPENAI, answered_upstream, request_head};
use crate::proxy::Proxy;

/// A body of about so many bytes, in pieces.
type Shape = fn(usize) -> Vec<Vec<u8>>;

/// Bytes of the shorter of the bodies that are compared.
const BYTES: usize = 64 << 10;

/// Each shape, and how often the cost of an ordinary byte it may cost. Events that say nothing at all
/// are cheap each, and many.
const SHAPES: [(&str, f64, Shape); 8] = [
    ("a piece for each event", 2.0, |bytes| {
        let text = String::from_utf8(events(bytes)).unwrap_or_default();
        let pieces = text.split_inclusive("\n\n");
        pieces.map(|piece| piece.as_bytes().to_vec()).collect()
    }),
    ("a trickle", 2.0, |bytes| in_pieces(&events(bytes), 64)),
    ("tiny events", 2.0, |bytes| {
        let one = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        in_pieces(&one.repeat(bytes / one.len()), LARGE)
    }),
    ("empty events", 3.0, |bytes| {
        in_pieces(&b"data: {}\n\n".repeat(bytes / 10), LARGE)
    }),
    ("empty lines", 2.0, |bytes| {
        in_pieces(&b"\n".repeat(bytes), LARGE)
    }),
    ("comments", 2.0, |bytes| {
        in_pieces(&b":\n\n".repeat(bytes / 3), LARGE)
    }),
    ("a line without an end", 2.0, |bytes| {
        let line = [b"data: ".as_slice(), &b"x".repeat(bytes << 4)].concat();
        in_pieces(&line, LARGE)
    }),
    ("JSON without an end", 2.0, |bytes| {
        let text = [b"data: {\"a\":[".as_slice(), &b"[0],".repeat(bytes / 4)].concat();
        in_pieces(&text, LARGE)
    }),
];

/// Bytes of a piece as a proxy hands them over from a fast provider.
const LARGE: usize = 16 << 10;

#[test]
fn no_shape_of_an_answer_costs_much_more_than_an_ordinary_one() -> Result<()> {
    let ordinary = a_byte(|bytes| in_pieces(&events(bytes), LARGE), BYTES)?;
    let mut over = Vec::new();
    for (name, max, shape) in SHAPES {
        let [short, long] = [a_byte(shape, BYTES)?, a_byte(shape, 2 * BYTES)?];
        let times = long / ordinary;
        println!("{name:<24} {short:>7.1} {long:>7.1} {times:>5.2}");
        if times > max || long > 1.1 * short {
            over.push(format!(
                "{name}: {short:.1} a byte, {long:.1} if it is longer, {ordinary:.1} is ordinary"
            ));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
    Ok(())
}

#[test]
fn a_thousand_streams_at_once_cost_as_much_each_as_one_alone() -> Result<()> {
    let pieces = in_pieces(&events(2 << 10), 200);
    let alone = side_by_side(1, &pieces)?;
    let each = side_by_side(1000, &pieces)? / 1000;
    assert!(each <= alone + alone / 10, "{each} each, and {alone} alone");
    Ok(())
}

/// Fuel of a byte of a body of this shape.
fn a_byte(shape: Shape, bytes: usize) -> Result<f64> {
    let pieces = shape(bytes);
    let bytes: usize = pieces.iter().map(Vec::len).sum();
    let fuel = side_by_side(1, &pieces)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::as_conversions,
        reason = "for a ratio"
    )]
    let each = fuel as f64 / bytes as f64;
    Ok(each)
}

/// Fuel of so many calls whose answers come at the same time.
fn side_by_side(count: usize, pieces: &[Vec<u8>]) -> Result<u64> {
    let proxy = Proxy::new()?;
    // So that nothing of it is for the first time.
    answer(&[begun(&proxy)], pieces);
    let before = proxy.vm.fuel();
    let streams: Vec<_> = (0..count).map(|_| begun(&proxy)).collect();
    answer(&streams, pieces);
    Ok(proxy.vm.fuel() - before)
}

fn begun(proxy: &Proxy) -> Stream {
    let stream = proxy.vm.stream();
    stream.request(request_head(OPENAI), chat(1 << 10));
    answered_upstream(&stream);
    let head = Headers::new().with(":status", "200");
    stream.response_headers(head.with("content-type", "text/event-stream"));
    stream
}

fn answer(streams: &[Stream], pieces: &[Vec<u8>]) {
    for piece in pieces {
        for stream in streams {
            stream.response_body(piece);
        }
    }
    for stream in streams {
        stream.response_end();
        stream.finish();
    }
}

fn events(bytes: usize) -> Vec<u8> {
    let one = openai_stream(2).len() / 2;
    openai_stream(bytes / one)
}

fn in_pieces(body: &[u8], size: usize) -> Vec<Vec<u8>> {
    body.chunks(size).map(<[u8]>::to_vec).collect()
}
