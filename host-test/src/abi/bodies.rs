//! Buffers: bodies, callouts' bodies and configurations.

use wasmtime::{Caller, Linker};

use super::frame::{Fault, Frame, Outcome, env};
use crate::guest::Guest;
use crate::status::Status;
use crate::stream_state::Side;

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, Guest>;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |c: C<'_>, buffer: u32, start: u32, size_max: u32, at: u32, size_at: u32| {
            env(c, "proxy_get_buffer_bytes", |frame| {
                let bytes = part(frame.guest(), buffer, start, size_max)?;
                frame.give(&bytes, at, size_at)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_status",
        |c: C<'_>, buffer: u32, size_at: u32, flags_at: u32| {
            env(c, "proxy_get_buffer_status", |frame| {
                let size = with_buffer(frame.guest(), buffer, <[u8]>::len)?;
                frame.write_u32(size_at, u32::try_from(size).unwrap_or(u32::MAX))?;
                frame.write_u32(flags_at, 0)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_buffer_bytes",
        |c: C<'_>, buffer: u32, start: u32, size: u32, at: u32, bytes_size: u32| {
            env(c, "proxy_set_buffer_bytes", |frame| {
                let bytes = frame.read(at, bytes_size)?;
                set(frame, buffer, start, size, &bytes)
            })
        },
    )?;
    Ok(())
}

/// A part of a buffer, cut at its end. Envoy counts in 64 bits, so that nothing overflows.
fn part(guest: &Guest, buffer: u32, start: u32, size_max: u32) -> Result<Vec<u8>, Fault> {
    with_buffer(guest, buffer, |bytes| {
        let part = bytes.iter().skip(index(start)).take(index(size_max));
        part.copied().collect()
    })
}

/// Reads a buffer: a body outside its callback is empty, not absent; a configuration outside
/// its callback and a callout's body outside its callback are `NotFound`.
fn with_buffer<R>(guest: &Guest, buffer: u32, body: impl FnOnce(&[u8]) -> R) -> Result<R, Fault> {
    let side = match buffer {
        REQUEST_BODY => Side::Request,
        RESPONSE_BODY => Side::Response,
        DOWNSTREAM_DATA | UPSTREAM_DATA | CALL_DATA => return Ok(body(&[])),
        CALLOUT_BODY => {
            let root = guest
                .root(guest.root_id())
                .and_then(|root| root.callout.as_ref());
            return Ok(body(&root.ok_or(Status::NotFound)?.body));
        }
        VM_CONFIGURATION => return Ok(body(&guest.settings.vm_configuration)),
        PLUGIN_CONFIGURATION => {
            return Ok(body(guest.configuration.as_ref().ok_or(Status::NotFound)?));
        }
        GRPC_DATA => return Err(Status::NotFound.into()),
        _ => return Err(Status::BadArgument.into()),
    };
    match guest.stream() {
        Some(stream) => Ok(body(stream.borrow().pipe(side).body().unwrap_or_default())),
        None => Ok(body(&[])),
    }
}

/// Envoy's buffers change at their beginning, where bytes take the place of `size` others, or at
/// their end; not in the middle.
fn set(frame: &Frame<'_>, buffer: u32, start: u32, size: u32, bytes: &[u8]) -> Outcome {
    let side = match buffer {
        REQUEST_BODY => Side::Request,
        RESPONSE_BODY => Side::Response,
        _ => {
            with_buffer(frame.guest(), buffer, |_| ())?;
            return Err(Status::BadArgument.into());
        }
    };
    let stream = frame.guest().stream().ok_or(Status::BadArgument)?;
    let mut stream = stream.borrow_mut();
    let body = stream
        .pipe_mut(side)
        .body_mut()
        .ok_or(Status::BadArgument)?;
    if start == 0 {
        let replaced = index(size).min(body.len());
        drop(body.splice(..replaced, bytes.iter().copied()));
    } else if index(start) >= body.len() {
        body.extend_from_slice(bytes);
    } else {
        return Err(Status::BadArgument.into());
    }
    Ok(())
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

const REQUEST_BODY: u32 = 0;
const RESPONSE_BODY: u32 = 1;
const DOWNSTREAM_DATA: u32 = 2;
const UPSTREAM_DATA: u32 = 3;
const CALLOUT_BODY: u32 = 4;
const GRPC_DATA: u32 = 5;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;
const CALL_DATA: u32 = 8;
