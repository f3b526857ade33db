//! Continuing, closing and answering streams.

use wasmtime::{Caller, Linker};

use super::frame::{Frame, Outcome, env};
use crate::callout::Response;
use crate::context::{Asked, Deferred};
use crate::guest::Guest;
use crate::headers::Headers;
use crate::status::Status;
use crate::stream_state::Side;

type C<'a> = Caller<'a, Guest>;

/// The arguments of `proxy_send_local_response` that this host uses.
struct Reply {
    status: u32,
    body: (u32, u32),
    headers: (u32, u32),
    grpc_status: i32,
}

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_continue_stream", |c: C<'_>, kind: u32| {
        env(c, "proxy_continue_stream", |frame| {
            continue_stream(frame, kind)
        })
    })?;
    linker.func_wrap("env", "proxy_close_stream", |c: C<'_>, kind: u32| {
        env(c, "proxy_close_stream", |frame| close_stream(frame, kind))
    })?;
    linker.func_wrap(
        "env",
        "proxy_send_local_response",
        |c: C<'_>,
         status: u32,
         details: u32,
         details_size: u32,
         body: u32,
         body_size: u32,
         headers: u32,
         headers_size: u32,
         grpc_status: i32| {
            let body = (body, body_size);
            let headers = (headers, headers_size);
            env(c, "proxy_send_local_response", |frame| {
                frame.read(details, details_size)?;
                send_local_response(
                    frame,
                    &Reply {
                        status,
                        body,
                        headers,
                        grpc_status,
                    },
                )
            })
        },
    )?;
    Ok(())
}

/// On a context that is no stream, Envoy does nothing and answers Ok.
fn continue_stream(frame: &mut Frame<'_>, kind: u32) -> Outcome {
    let side = match kind {
        REQUEST => Side::Request,
        RESPONSE => Side::Response,
        DOWNSTREAM => return Ok(()),
        UPSTREAM => return Err(Status::Unimplemented.into()),
        _ => return Err(Status::BadArgument.into()),
    };
    if let Some(stream) = frame.guest().stream().cloned() {
        stream.borrow_mut().forget_request();
        frame
            .guest_mut()
            .deferred
            .push_back(Deferred::Stream(stream, Asked::Continue(side)));
    }
    Ok(())
}

fn close_stream(frame: &mut Frame<'_>, kind: u32) -> Outcome {
    match (kind, frame.guest().stream().cloned()) {
        (REQUEST | RESPONSE, Some(stream)) => {
            frame
                .guest_mut()
                .deferred
                .push_back(Deferred::Stream(stream, Asked::Close));
            Ok(())
        }
        (REQUEST..=UPSTREAM, _) => Ok(()),
        _ => Err(Status::BadArgument.into()),
    }
}

fn send_local_response(frame: &mut Frame<'_>, reply: &Reply) -> Outcome {
    let body = frame.read(reply.body.0, reply.body.1)?;
    let added = Headers::from_bytes(&frame.read(reply.headers.0, reply.headers.1)?);
    let mut headers = Headers::from([(":status", reply.status.to_string())]);
    if !body.is_empty() {
        headers.add(b"content-length", body.len().to_string().as_bytes());
        headers.add(b"content-type", b"text/plain");
    }
    for (name, value) in added.iter() {
        if name == b"content-type" {
            headers.set(name, value);
        } else {
            headers.add(name, value);
        }
    }
    if (0..=GRPC_STATUS_MAX).contains(&reply.grpc_status) {
        headers.add(b"grpc-status", reply.grpc_status.to_string().as_bytes());
    }
    let response = Response {
        headers,
        body,
        trailers: Headers::new(),
    };
    if let Some(stream) = frame.guest().stream().cloned() {
        frame
            .guest_mut()
            .deferred
            .push_back(Deferred::Stream(stream, Asked::Reply(response)));
    }
    frame.guest_mut().stopped = true;
    Ok(())
}

const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

/// The largest known gRPC status; others, -1 above all, mean none.
const GRPC_STATUS_MAX: i32 = 16;
