//! What the worst answers cost: for each byte at most twice what an ordinary one does, in wasmtime's fuel,
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

#[test]
fn no_shape_of_an_answer_costs_more_than_twice_an_ordinary_one() -> Result<()> {
    let shapes: [(&str, Shape); 7] = [
        ("events in large pieces", |bytes| {
            in_pieces(&events(bytes), 16 << 10)
        }),
        ("a piece for each event", |bytes| {
            let text = String::from_utf8(events(bytes)).unwrap_or_default();
            let pieces = text.split_inclusive("\n\n");
            pieces.map(|piece| piece.as_bytes().to_vec()).collect()
        }),
        ("a trickle", |bytes| in_pieces(&events(bytes), 64)),
        ("tiny events", |bytes| {
            in_pieces(&b"data: {}\n\n".repeat(bytes / 10), 16 << 10)
        }),
        ("empty lines", |bytes| {
            in_pieces(&b"\n".repeat(bytes), 16 << 10)
        }),
        ("comments", |bytes| {
            in_pieces(&b":\n\n".repeat(bytes / 3), 16 << 10)
        }),
        ("a line without an end", |bytes| {
            let line = [b"data: ".as_slice(), &b"x".repeat(bytes << 4)].concat();
            in_pieces(&line, 16 << 10)
        }),
    ];
    let ordinary = a_byte(shapes[0].1)?;
    let mut over = Vec::new();
    for (name, shape) in shapes {
        let cost = a_byte(shape)?;
        println!("{name:<24} {:>7.1} {:>5.2}", cost, cost / ordinary);
        if cost > 2.0 * ordinary {
            over.push(format!(
                "{name}: {cost:.1} a byte, where {ordinary:.1} is ordinary"
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

/// Fuel of a byte, as the second half of a body costs it.
fn a_byte(shape: Shape) -> Result<f64> {
    let (short, long) = (shape(BYTES), shape(2 * BYTES));
    let size = |pieces: &[Vec<u8>]| pieces.iter().map(Vec::len).sum::<usize>();
    let bytes = size(&long) - size(&short);
    let fuel = side_by_side(1, &long)?.saturating_sub(side_by_side(1, &short)?);
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
