//! Shared data and shared queues.

use wasmtime::{Caller, Linker};

use super::frame::{Fault, Outcome, env};
use crate::agenda::Event;
use crate::guest::Guest;
use crate::shared::Registrant;
use crate::status::Status;

type C<'a> = Caller<'a, Guest>;

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define_data(linker)?;
    define_registration(linker)?;
    define_queues(linker)
}

fn define_data(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |c: C<'_>, key: u32, key_size: u32, at: u32, size_at: u32, cas_at: u32| {
            env(c, "proxy_get_shared_data", |frame| {
                let key = frame.read(key, key_size)?;
                let guest = frame.guest();
                let datum = guest
                    .world
                    .borrow()
                    .shared
                    .datum(&guest.settings.vm_id, &key);
                let (value, cas) = datum?;
                frame.give(&value, at, size_at)?;
                frame.write_u32(cas_at, cas)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |c: C<'_>, key: u32, key_size: u32, value: u32, value_size: u32, cas: u32| {
            env(c, "proxy_set_shared_data", |frame| {
                let (key, value) = (frame.read(key, key_size)?, frame.read(value, value_size)?);
                let guest = frame.guest();
                let mut world = guest.world.borrow_mut();
                Ok(world.shared.set(&guest.settings.vm_id, &key, value, cas)?)
            })
        },
    )?;
    Ok(())
}

fn define_registration(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_register_shared_queue",
        |c: C<'_>, name: u32, name_size: u32, at: u32| {
            env(c, "proxy_register_shared_queue", |frame| {
                let name = frame.read(name, name_size)?;
                let guest = frame.guest();
                let registrant = Registrant {
                    vm: guest.vm,
                    root: guest.root_id(),
                };
                let mut world = guest.world.borrow_mut();
                let token = world
                    .shared
                    .register(&guest.settings.vm_id, &name, registrant);
                drop(world);
                frame.write_u32(at, token)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_resolve_shared_queue",
        |c: C<'_>, vm_id: u32, vm_id_size: u32, name: u32, name_size: u32, at: u32| {
            env(c, "proxy_resolve_shared_queue", |frame| {
                let (vm_id, name) = (frame.read(vm_id, vm_id_size)?, frame.read(name, name_size)?);
                let token = resolve(frame.guest(), &vm_id, &name)?;
                frame.write_u32(at, token)
            })
        },
    )?;
    Ok(())
}

/// An empty `vm_id` means the guest's own.
fn resolve(guest: &Guest, vm_id: &[u8], name: &[u8]) -> Result<u32, Fault> {
    let vm_id = String::from_utf8_lossy(vm_id);
    let vm_id = if vm_id.is_empty() {
        &guest.settings.vm_id
    } else {
        vm_id.as_ref()
    };
    let token = guest.world.borrow().shared.resolve(vm_id, name);
    Ok(token.ok_or(Status::NotFound)?)
}

fn define_queues(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_enqueue_shared_queue",
        |c: C<'_>, token: u32, at: u32, size: u32| {
            env(c, "proxy_enqueue_shared_queue", |frame| {
                let item = frame.read(at, size)?;
                enqueue(frame.guest(), token, item)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_dequeue_shared_queue",
        |c: C<'_>, token: u32, at: u32, size_at: u32| {
            env(c, "proxy_dequeue_shared_queue", |frame| {
                let item = frame.guest().world.borrow_mut().shared.dequeue(token);
                frame.give(&item?, at, size_at)
            })
        },
    )?;
    Ok(())
}

fn enqueue(guest: &Guest, token: u32, item: Vec<u8>) -> Outcome {
    let mut world = guest.world.borrow_mut();
    let registrant = world.shared.enqueue(token, item)?;
    if world.profile.queue_notifications {
        let now = world.now;
        let Registrant { vm, root } = registrant;
        world.agenda.add(now, Event::QueueReady { vm, root, token });
    }
    Ok(())
}
