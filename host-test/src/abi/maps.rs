//! Header maps: which can be read and changed when is decided by the stream's state.

use wasmtime::{Caller, Linker};

use super::frame::{Fault, Frame, Outcome, env};
use crate::context::Context;
use crate::guest::Guest;
use crate::headers::Headers;
use crate::status::Status;
use crate::stream_state::{MapKind, StreamState};

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define_reads(linker)?;
    define_changes(linker)
}

fn define_reads(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, Guest>;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_value",
        |c: C<'_>, map: u32, name: u32, name_size: u32, at: u32, size_at: u32| {
            env(c, "proxy_get_header_map_value", |frame| {
                let name = frame.read(name, name_size)?;
                let value = value(frame.guest(), map, &name)?;
                frame.give(&value, at, size_at)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_pairs",
        |c: C<'_>, map: u32, at: u32, size_at: u32| {
            env(c, "proxy_get_header_map_pairs", |frame| {
                let bytes = read(frame.guest(), map, |headers, _| {
                    Ok(headers.map(Headers::to_bytes).unwrap_or_default())
                })?;
                frame.give(&bytes, at, size_at)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_size",
        |c: C<'_>, map: u32, at: u32| {
            env(c, "proxy_get_header_map_size", |frame| {
                let size = change(frame, map, |headers| headers.size())?;
                frame.write_u32(at, u32::try_from(size).unwrap_or(u32::MAX))
            })
        },
    )?;
    Ok(())
}

fn define_changes(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, Guest>;
    linker.func_wrap(
        "env",
        "proxy_add_header_map_value",
        |c: C<'_>, map: u32, name: u32, name_size: u32, value: u32, value_size: u32| {
            env(c, "proxy_add_header_map_value", |frame| {
                let (name, value) = (frame.read(name, name_size)?, frame.read(value, value_size)?);
                change(frame, map, |headers| headers.add(&name, &value))
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_replace_header_map_value",
        |c: C<'_>, map: u32, name: u32, name_size: u32, value: u32, value_size: u32| {
            env(c, "proxy_replace_header_map_value", |frame| {
                let (name, value) = (frame.read(name, name_size)?, frame.read(value, value_size)?);
                change(frame, map, |headers| headers.set(&name, &value))
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_remove_header_map_value",
        |c: C<'_>, map: u32, name: u32, name_size: u32| {
            env(c, "proxy_remove_header_map_value", |frame| {
                let name = frame.read(name, name_size)?;
                change(frame, map, |headers| headers.remove(&name))
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_header_map_pairs",
        |c: C<'_>, map: u32, at: u32, size: u32| {
            env(c, "proxy_set_header_map_pairs", |frame| {
                set_pairs(frame, map, at, size)
            })
        },
    )?;
    Ok(())
}

fn set_pairs(frame: &mut Frame<'_>, map: u32, at: u32, size: u32) -> Outcome {
    let pairs = Headers::from_bytes(&frame.read(at, size)?);
    change(frame, map, |headers| *headers = pairs)
}

/// A map that is not there is `BadArgument`, but `NotFound` in `proxy_on_log`.
fn value(guest: &Guest, map: u32, name: &[u8]) -> Result<Vec<u8>, Fault> {
    read(guest, map, |headers, logging| match headers {
        Some(headers) => headers
            .find(name)
            .map(<[u8]>::to_vec)
            .ok_or(Status::NotFound.into()),
        None if logging => Err(Status::NotFound.into()),
        None => Err(Status::BadArgument.into()),
    })
}

/// Reads a map, if it is there; the flag says whether the stream is being logged.
fn read<R>(
    guest: &Guest,
    map: u32,
    body: impl FnOnce(Option<&Headers>, bool) -> Result<R, Fault>,
) -> Result<R, Fault> {
    let kind = MapKind::from_number(map).ok_or(Status::BadArgument)?;
    if let Some(callout) = callout_map(guest, kind) {
        return body(callout, false);
    }
    match guest.stream() {
        Some(stream) => {
            let stream: &StreamState = &stream.borrow();
            body(stream.readable(kind), stream.logging)
        }
        None => body(None, false),
    }
}

/// The maps of a callout's response belong to the root context; empty trailers are none.
fn callout_map(guest: &Guest, kind: MapKind) -> Option<Option<&Headers>> {
    let response = match guest.contexts.get(&guest.root_id()) {
        Some(Context::Root(root)) => root.callout.as_ref(),
        _ => None,
    };
    match kind {
        MapKind::CalloutHeaders => Some(response.map(|response| &response.headers)),
        MapKind::CalloutTrailers => Some(
            response
                .map(|response| &response.trailers)
                .filter(|map| !map.is_empty()),
        ),
        MapKind::Other => Some(None),
        _ => None,
    }
}

/// Changes a map of the stream; all others are refused.
fn change<R>(
    frame: &Frame<'_>,
    map: u32,
    body: impl FnOnce(&mut Headers) -> R,
) -> Result<R, Fault> {
    let kind = MapKind::from_number(map).ok_or(Status::BadArgument)?;
    let stream = frame.guest().stream().ok_or(Status::BadArgument)?;
    let mut stream = stream.borrow_mut();
    Ok(body(stream.changeable(kind).ok_or(Status::BadArgument)?))
}
