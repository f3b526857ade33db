//! Properties of streams and plugins.

use wasmtime::{Caller, Linker};

use super::frame::{Fault, Outcome, env};
use crate::guest::Guest;
use crate::status::Status;

type C<'a> = Caller<'a, Guest>;

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |c: C<'_>, path: u32, path_size: u32, at: u32, size_at: u32| {
            env(c, "proxy_get_property", |frame| {
                let path = frame.read(path, path_size)?;
                let value = property(frame.guest(), &path)?;
                frame.give(&value, at, size_at)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_property",
        |c: C<'_>, path: u32, path_size: u32, value: u32, value_size: u32| {
            env(c, "proxy_set_property", |frame| {
                let (path, value) = (frame.read(path, path_size)?, frame.read(value, value_size)?);
                set(frame.guest(), path, value)
            })
        },
    )?;
    Ok(())
}

fn property(guest: &Guest, path: &[u8]) -> Result<Vec<u8>, Fault> {
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    let root = guest.root(guest.root_id()).ok_or(Status::NotFound)?;
    if let Some(value) = root.settings.property(path) {
        return Ok(value.to_vec());
    }
    let stream = guest.stream().ok_or(Status::NotFound)?.borrow();
    let value = stream
        .properties
        .get(path)
        .or_else(|| stream.set_properties.get(path));
    Ok(value.ok_or(Status::NotFound)?.clone())
}

/// A property that the guest sets lives in the stream. Envoy looks it up by the first part of a
/// path, so that one with several parts is stored and never found.
fn set(guest: &Guest, path: Vec<u8>, value: Vec<u8>) -> Outcome {
    let mut stream = guest.stream().ok_or(Status::NotFound)?.borrow_mut();
    if !path.contains(&0) {
        stream.set_properties.insert(path, value);
    }
    Ok(())
}
