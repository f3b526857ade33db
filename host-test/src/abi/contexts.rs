//! The effective context, and the end of a root context.

use wasmtime::{Caller, Linker};

use super::frame::{Frame, Outcome, env};
use crate::context::{Deferred, RootLife};
use crate::guest::Guest;
use crate::status::Status;

type C<'a> = Caller<'a, Guest>;

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_set_effective_context", |c: C<'_>, id: u32| {
        env(c, "proxy_set_effective_context", |frame| {
            set_effective(frame.guest_mut(), id)
        })
    })?;
    linker.func_wrap("env", "proxy_done", |c: C<'_>| env(c, "proxy_done", done))?;
    linker.func_wrap(
        "env",
        "proxy_get_status",
        |c: C<'_>, code_at: u32, message_at: u32, size_at: u32| {
            env(c, "proxy_get_status", |frame| {
                frame.write_u32(code_at, 0)?;
                frame.give(&[], message_at, size_at)
            })
        },
    )?;
    Ok(())
}

/// Context 0 is the VM's own and chooses the current one again.
fn set_effective(guest: &mut Guest, id: u32) -> Outcome {
    if id != 0 && !guest.contexts.contains_key(&id) {
        return Err(Status::BadArgument.into());
    }
    guest.effective = id;
    Ok(())
}

/// Only a root context that answered false to `proxy_on_done` can be done.
fn done(frame: &mut Frame<'_>) -> Outcome {
    let guest = frame.guest_mut();
    let id = guest.root_id();
    if guest.root(id).map(|root| root.life) != Some(RootLife::Pending) {
        return Err(Status::NotFound.into());
    }
    guest.deferred.push_back(Deferred::DeleteRoot(id));
    Ok(())
}
