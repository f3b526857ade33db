//! One host call: its gate, and its way into the guest's memory.

use wasmtime::Caller;

use crate::guest::{Guest, Phase};
use crate::log::{Level, Writer};
use crate::status::Status;

/// Why a host call does not succeed.
pub(super) enum Fault {
    /// The guest gets this status.
    Status(Status),
    /// The VM ends.
    Trap(wasmtime::Error),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// The result of a host call's body.
pub(super) type Outcome = Result<(), Fault>;

/// A host call while it runs.
pub(super) struct Frame<'a> {
    caller: Caller<'a, Guest>,
}

/// Runs a call of the ABI proper.
pub(super) fn env(
    caller: Caller<'_, Guest>,
    name: &str,
    body: impl FnOnce(&mut Frame<'_>) -> Outcome,
) -> wasmtime::Result<u32> {
    let mut frame = Frame { caller };
    if let Some(status) = frame.gate(name, "proxy-wasm", Status::InternalFailure.number())? {
        return Ok(status);
    }
    match body(&mut frame) {
        Ok(()) => Ok(Status::Ok.number()),
        Err(Fault::Status(status)) => Ok(status.number()),
        Err(Fault::Trap(trap)) => Err(trap),
    }
}

/// Runs a call of WASI; a bad address is `EFAULT`.
pub(super) fn wasi(
    caller: Caller<'_, Guest>,
    name: &str,
    body: impl FnOnce(&mut Frame<'_>) -> Result<u32, Fault>,
) -> wasmtime::Result<u32> {
    let mut frame = Frame { caller };
    if let Some(errno) = frame.gate(name, "WASI", ERRNO_NOT_CAPABLE)? {
        return Ok(errno);
    }
    match body(&mut frame) {
        Ok(errno) => Ok(errno),
        Err(Fault::Status(_)) => Ok(ERRNO_FAULT),
        Err(Fault::Trap(trap)) => Err(trap),
    }
}

impl Frame<'_> {
    pub(super) fn guest(&self) -> &Guest {
        self.caller.data()
    }

    pub(super) fn guest_mut(&mut self) -> &mut Guest {
        self.caller.data_mut()
    }

    /// Bytes of the guest's memory.
    pub(super) fn read(&self, at: u32, size: u32) -> Result<Vec<u8>, Fault> {
        let (start, size) = (index(at)?, index(size)?);
        let end = start.checked_add(size).ok_or(Status::InvalidMemoryAccess)?;
        let memory = self.guest().memory.ok_or(Status::InvalidMemoryAccess)?;
        let bytes = memory.data(&self.caller).get(start..end);
        Ok(bytes.ok_or(Status::InvalidMemoryAccess)?.to_vec())
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Outcome {
        let memory = self.guest().memory.ok_or(Status::InvalidMemoryAccess)?;
        let written = memory.write(&mut self.caller, index(at)?, bytes);
        written.map_err(|_| Fault::Status(Status::InvalidMemoryAccess))
    }

    pub(super) fn write_u32(&mut self, at: u32, value: u32) -> Outcome {
        self.write(at, &value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, at: u32, value: u64) -> Outcome {
        self.write(at, &value.to_le_bytes())
    }

    /// Gives bytes to the guest in memory that it allocates; no bytes are a null pointer.
    pub(super) fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Outcome {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let mut pointer = 0;
        if size > 0 {
            pointer = self.allocate(size)?;
            self.write(pointer, bytes)?;
        }
        self.write_u32(pointer_at, pointer)?;
        self.write_u32(size_at, size)
    }

    /// Memory from the guest's allocator, in which host calls are restricted.
    pub(super) fn allocate(&mut self, size: u32) -> Result<u32, Fault> {
        let allocator = self
            .guest()
            .allocator
            .clone()
            .ok_or(Status::InvalidMemoryAccess)?;
        let phase = std::mem::replace(&mut self.guest_mut().phase, Phase::Allocating);
        let pointer = allocator
            .call(&mut self.caller, size)
            .map_err(Fault::Trap)?;
        self.guest_mut().phase = phase;
        if pointer == 0 {
            Err(Status::InvalidMemoryAccess.into())
        } else {
            Ok(pointer)
        }
    }

    /// Whether the call may run: a trap, an answer without running, or nothing to say.
    fn gate(&self, name: &str, area: &str, denial: u32) -> wasmtime::Result<Option<u32>> {
        let guest = self.guest();
        let open = match guest.phase {
            Phase::Running => true,
            Phase::Starting => OPEN_AT_START.contains(&name) || area == "WASI",
            Phase::Allocating => OPEN_IN_ALLOCATOR.contains(&name),
        };
        let traps = guest.world.borrow().profile.traps.contains(name);
        if !open || traps {
            let reason = if traps { "unimplemented" } else { "restricted" };
            return Err(wasmtime::Error::msg(format!(
                "call of {reason} host function {name}"
            )));
        }
        if guest.settings.denied.contains(name) {
            let message = format!("Attempted call to restricted {area} capability: {name}");
            guest.log(Writer::Host, Level::Error, message.into_bytes());
            return Ok(Some(denial));
        }
        let answer = guest.world.borrow().profile.answers.get(name).copied();
        Ok(answer.map(Status::number))
    }
}

fn index(value: u32) -> Result<usize, Fault> {
    usize::try_from(value).map_err(|_| Fault::Status(Status::InvalidMemoryAccess))
}

/// What `WasmBase::startVm` of proxy-wasm-cpp-host leaves open, besides WASI.
const OPEN_AT_START: [&str; 1] = ["proxy_log"];

/// What `WasmBase::allocMemory` of proxy-wasm-cpp-host leaves open.
const OPEN_IN_ALLOCATOR: [&str; 3] = ["proxy_log", "fd_write", "clock_time_get"];

const ERRNO_FAULT: u32 = 21;
const ERRNO_NOT_CAPABLE: u32 = 76;
