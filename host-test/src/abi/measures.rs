//! Logs, clocks, ticks and metrics.

use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::frame::{Frame, Outcome, env};
use crate::agenda::Event;
use crate::guest::Guest;
use crate::log::{Level, Writer};
use crate::metrics::{Key, Kind};
use crate::status::Status;

type C<'a> = Caller<'a, Guest>;

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    define_logs_and_time(linker)?;
    define_metrics(linker)
}

fn define_logs_and_time(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_log",
        |c: C<'_>, level: u32, at: u32, size: u32| {
            env(c, "proxy_log", |frame| {
                let level = Level::from_number(level).ok_or(Status::BadArgument)?;
                let message = frame.read(at, size)?;
                frame.guest().log(Writer::Guest, level, message);
                Ok(())
            })
        },
    )?;
    linker.func_wrap("env", "proxy_get_log_level", |c: C<'_>, at: u32| {
        env(c, "proxy_get_log_level", |frame| {
            let level = frame.guest().world.borrow().profile.log_level;
            frame.write_u32(at, level.number())
        })
    })?;
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |c: C<'_>, at: u32| {
            env(c, "proxy_get_current_time_nanoseconds", |frame| {
                let now = frame.guest().world.borrow().wall_clock_ns();
                frame.write_u64(at, now)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |c: C<'_>, period_ms: u32| {
            env(c, "proxy_set_tick_period_milliseconds", |frame| {
                set_tick_period(frame, period_ms)
            })
        },
    )?;
    Ok(())
}

/// Starts the root context's timer anew; a period of 0 stops it.
fn set_tick_period(frame: &mut Frame<'_>, period_ms: u32) -> Outcome {
    let id = frame.guest().root_id();
    let period = Duration::from_millis(u64::from(period_ms));
    let guest = frame.guest_mut();
    let (vm, generation) = (guest.vm, guest.generation);
    let root = guest.root_mut(id).ok_or(Status::BadArgument)?;
    root.arming = root.arming.wrapping_add(1);
    root.tick_period = (!period.is_zero()).then_some(period);
    let event = Event::Tick {
        vm,
        generation,
        root: id,
        arming: root.arming,
    };
    if !period.is_zero() {
        let mut world = guest.world.borrow_mut();
        let at = world.now.saturating_add(period);
        world.agenda.add(at, event);
    }
    Ok(())
}

fn define_metrics(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |c: C<'_>, kind: u32, name: u32, name_size: u32, at: u32| {
            env(c, "proxy_define_metric", |frame| {
                let name = frame.read(name, name_size)?;
                let kind = Kind::from_number(kind).ok_or(Status::BadArgument)?;
                let id = define_metric(frame.guest_mut(), (kind, name));
                frame.write_u32(at, id)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_increment_metric",
        |c: C<'_>, id: u32, by: i64| {
            env(c, "proxy_increment_metric", |frame| {
                let key = metric(frame.guest(), id)?;
                Ok(frame
                    .guest()
                    .world
                    .borrow_mut()
                    .metrics
                    .increment(&key, by)?)
            })
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_record_metric",
        |c: C<'_>, id: u32, value: u64| {
            env(c, "proxy_record_metric", |frame| {
                let key = frame.guest().metrics.get(&id).ok_or(Status::NotFound)?;
                frame.guest().world.borrow_mut().metrics.record(key, value);
                Ok(())
            })
        },
    )?;
    linker.func_wrap("env", "proxy_get_metric", |c: C<'_>, id: u32, at: u32| {
        env(c, "proxy_get_metric", |frame| {
            let key = metric(frame.guest(), id)?;
            let value = frame.guest().world.borrow().metrics.value(&key)?;
            frame.write_u64(at, value)
        })
    })?;
    Ok(())
}

/// The id's lowest bits say the metric's kind, and every definition gives a new id, as in Envoy.
fn define_metric(guest: &mut Guest, key: Key) -> u32 {
    let same_kind = guest
        .metrics
        .values()
        .filter(|(kind, _)| *kind == key.0)
        .count();
    let kind = match key.0 {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Histogram => HISTOGRAM_BITS,
    };
    let number = u32::try_from(same_kind)
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let id = number.saturating_mul(ID_STEP) | kind;
    guest.world.borrow_mut().metrics.define(key.clone());
    guest.metrics.insert(id, key);
    id
}

/// The metric with this id. An unknown id is `NotFound`, but `BadArgument` if its bits say
/// histogram or nothing.
fn metric(guest: &Guest, id: u32) -> Result<Key, Status> {
    let unknown = if id % ID_STEP < HISTOGRAM_BITS {
        Status::NotFound
    } else {
        Status::BadArgument
    };
    guest.metrics.get(&id).cloned().ok_or(unknown)
}

const ID_STEP: u32 = 4;
const HISTOGRAM_BITS: u32 = 2;
