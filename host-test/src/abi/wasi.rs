//! The calls of WASI preview 1 that a module for wasm32-wasip1 makes at its start and for time,
//! randomness, environment and output.
//!
//! Source: `exports.cc` of proxy-wasm-cpp-host; the entropy and the clock are the host's own.

use wasmtime::{Caller, Linker};

use super::frame::{Fault, Frame, wasi};
use crate::guest::Guest;
use crate::log::{Level, Writer};
use crate::status::Status;

type C<'a> = Caller<'a, Guest>;

const MODULE: &str = "wasi_snapshot_preview1";

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define_environment(linker)?;
    define_time(linker)?;
    define_files(linker)?;
    linker.func_wrap(MODULE, "random_get", |c: C<'_>, at: u32, size: u32| {
        wasi(c, "random_get", |frame| random_get(frame, at, size))
    })?;
    linker.func_wrap(MODULE, "sched_yield", |c: C<'_>| {
        wasi(c, "sched_yield", |_| Ok(SUCCESS))
    })?;
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |_: C<'_>, code: u32| -> wasmtime::Result<()> {
            Err(wasmtime::Error::msg(format!("proc_exit({code})")))
        },
    )?;
    Ok(())
}

fn define_environment(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "environ_sizes_get",
        |c: C<'_>, count_at: u32, size_at: u32| {
            wasi(c, "environ_sizes_get", |frame| {
                let entries = environment(frame.guest());
                let size = entries.iter().map(Vec::len).sum();
                frame.write_u32(count_at, number(entries.len()))?;
                frame.write_u32(size_at, number(size))?;
                Ok(SUCCESS)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "environ_get",
        |c: C<'_>, pointers: u32, bytes: u32| {
            wasi(c, "environ_get", |frame| {
                environ_get(frame, pointers, bytes)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "args_sizes_get",
        |c: C<'_>, count_at: u32, size_at: u32| {
            wasi(c, "args_sizes_get", |frame| {
                frame.write_u32(count_at, 0)?;
                frame.write_u32(size_at, 0)?;
                Ok(SUCCESS)
            })
        },
    )?;
    linker.func_wrap(MODULE, "args_get", |c: C<'_>, _: u32, _: u32| {
        wasi(c, "args_get", |_| Ok(SUCCESS))
    })?;
    Ok(())
}

fn define_time(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |c: C<'_>, clock: u32, _: u64, at: u32| {
            wasi(c, "clock_time_get", |frame| {
                let now = match clock {
                    CLOCK_REALTIME => frame.guest().world.borrow().wall_clock_ns(),
                    CLOCK_MONOTONIC => {
                        let now = frame.guest().world.borrow().now;
                        u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
                    }
                    _ => return Ok(NOT_SUPPORTED),
                };
                frame.write_u64(at, now)?;
                Ok(SUCCESS)
            })
        },
    )?;
    linker.func_wrap(MODULE, "clock_res_get", |c: C<'_>, clock: u32, at: u32| {
        wasi(c, "clock_res_get", |frame| {
            if clock > CLOCK_MONOTONIC {
                return Ok(NOT_SUPPORTED);
            }
            frame.write_u64(at, 1)?;
            Ok(SUCCESS)
        })
    })?;
    Ok(())
}

/// There are no files: only output can be written, as lines of the proxy's log.
fn define_files(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "fd_write",
        |c: C<'_>, file: u32, vectors: u32, count: u32, written_at: u32| {
            wasi(c, "fd_write", |frame| {
                fd_write(frame, file, vectors, count, written_at)
            })
        },
    )?;
    linker.func_wrap(MODULE, "fd_fdstat_get", |c: C<'_>, file: u32, at: u32| {
        wasi(c, "fd_fdstat_get", |frame| {
            if !is_output(file) {
                return Ok(BAD_FILE);
            }
            frame.write(at, &FDSTAT_OF_OUTPUT)?;
            Ok(SUCCESS)
        })
    })?;
    linker.func_wrap(MODULE, "fd_prestat_get", |c: C<'_>, _: u32, _: u32| {
        wasi(c, "fd_prestat_get", |_| Ok(BAD_FILE))
    })?;
    linker.func_wrap(
        MODULE,
        "fd_prestat_dir_name",
        |c: C<'_>, _: u32, _: u32, _: u32| wasi(c, "fd_prestat_dir_name", |_| Ok(NO_SUCH_CALL)),
    )?;
    linker.func_wrap(MODULE, "fd_close", |c: C<'_>, _: u32| {
        wasi(c, "fd_close", |_| Ok(SUCCESS))
    })?;
    linker.func_wrap(
        MODULE,
        "fd_seek",
        |c: C<'_>, _: u32, _: i64, _: u32, _: u32| wasi(c, "fd_seek", |_| Ok(SUCCESS)),
    )?;
    Ok(())
}

fn environment(guest: &Guest) -> Vec<Vec<u8>> {
    let variables = guest.settings.environment.iter();
    variables
        .map(|(name, value)| format!("{name}={value}\0").into_bytes())
        .collect()
}

fn environ_get(frame: &mut Frame<'_>, pointers: u32, bytes: u32) -> Result<u32, Fault> {
    let (mut pointer_at, mut byte_at) = (pointers, bytes);
    for entry in environment(frame.guest()) {
        frame.write_u32(pointer_at, byte_at)?;
        frame.write(byte_at, &entry)?;
        pointer_at = offset(pointer_at, 4)?;
        byte_at = offset(byte_at, number(entry.len()))?;
    }
    Ok(SUCCESS)
}

fn random_get(frame: &mut Frame<'_>, at: u32, size: u32) -> Result<u32, Fault> {
    if size > RANDOM_BYTES_MAX {
        return Ok(INVALID);
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    frame.guest().world.borrow_mut().random.fill(&mut bytes);
    frame.write(at, &bytes)?;
    Ok(SUCCESS)
}

/// Every write is one line: at info from standard output, at error from standard error.
fn fd_write(
    frame: &mut Frame<'_>,
    file: u32,
    vectors: u32,
    count: u32,
    written_at: u32,
) -> Result<u32, Fault> {
    if !is_output(file) {
        return Ok(BAD_FILE);
    }
    let mut message = Vec::new();
    for index in 0..count {
        let at = offset(vectors, index.saturating_mul(8))?;
        let (start, size) = (read_u32(frame, at)?, read_u32(frame, offset(at, 4)?)?);
        message.extend(frame.read(start, size)?);
    }
    let written = number(message.len());
    if message.last() == Some(&b'\n') {
        message.pop();
    }
    if written > 0 {
        let level = if file == STANDARD_OUTPUT {
            Level::Info
        } else {
            Level::Error
        };
        frame.guest().log(Writer::Output, level, message);
    }
    frame.write_u32(written_at, written)?;
    Ok(SUCCESS)
}

fn read_u32(frame: &Frame<'_>, at: u32) -> Result<u32, Fault> {
    let bytes = frame.read(at, 4)?;
    let bytes = bytes
        .first_chunk::<4>()
        .ok_or(Status::InvalidMemoryAccess)?;
    Ok(u32::from_le_bytes(*bytes))
}

fn offset(at: u32, by: u32) -> Result<u32, Fault> {
    Ok(at.checked_add(by).ok_or(Status::InvalidMemoryAccess)?)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn is_output(file: u32) -> bool {
    file == STANDARD_OUTPUT || file == STANDARD_ERROR
}

const STANDARD_OUTPUT: u32 = 1;
const STANDARD_ERROR: u32 = 2;

const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;

const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const INVALID: u32 = 28;
const NO_SUCH_CALL: u32 = 52;
const NOT_SUPPORTED: u32 = 58;

/// `PROXY_WASM_HOST_WASI_RANDOM_GET_MAX_SIZE_BYTES` of proxy-wasm-cpp-host.
const RANDOM_BYTES_MAX: u32 = 64 * 1024;

/// An `fdstat` that has the right to write and nothing else.
const FDSTAT_OF_OUTPUT: [u8; 24] = {
    let mut stat = [0; 24];
    stat[8] = 64;
    stat
};
