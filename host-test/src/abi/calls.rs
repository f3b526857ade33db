//! HTTP callouts and foreign functions.

use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::frame::{Frame, Outcome, env};
use crate::callout::{Callout, CalloutState};
use crate::guest::Guest;
use crate::headers::Headers;
use crate::status::Status;

/// The arguments of `proxy_http_call`.
struct Request {
    cluster: (u32, u32),
    headers: (u32, u32),
    body: (u32, u32),
    trailers: (u32, u32),
    timeout_ms: u32,
    token_at: u32,
}

pub(super) fn define(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, Guest>;
    linker.func_wrap(
        "env",
        "proxy_http_call",
        |c: C<'_>,
         cluster: u32,
         cluster_size: u32,
         headers: u32,
         headers_size: u32,
         body: u32,
         body_size: u32,
         trailers: u32,
         trailers_size: u32,
         timeout_ms: u32,
         token_at: u32| {
            let request = Request {
                cluster: (cluster, cluster_size),
                headers: (headers, headers_size),
                body: (body, body_size),
                trailers: (trailers, trailers_size),
                timeout_ms,
                token_at,
            };
            env(c, "proxy_http_call", |frame| http_call(frame, &request))
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_call_foreign_function",
        |c: C<'_>,
         name: u32,
         name_size: u32,
         input: u32,
         input_size: u32,
         at: u32,
         size_at: u32| {
            env(c, "proxy_call_foreign_function", |frame| {
                let (name, input) = (frame.read(name, name_size)?, frame.read(input, input_size)?);
                let output = foreign(frame.guest(), &name, &input)?;
                if at == 0 {
                    Ok(())
                } else {
                    frame.give(&output, at, size_at)
                }
            })
        },
    )?;
    Ok(())
}

/// The call belongs to the root context, whichever context made it.
fn http_call(frame: &mut Frame<'_>, request: &Request) -> Outcome {
    let cluster = frame.read(request.cluster.0, request.cluster.1)?;
    let body = frame.read(request.body.0, request.body.1)?;
    let headers = frame.read(request.headers.0, request.headers.1)?;
    let trailers = frame.read(request.trailers.0, request.trailers.1)?;
    frame.write_u32(request.token_at, 0)?;
    if request.timeout_ms > TIMEOUT_MS_MAX {
        return Err(Status::BadArgument.into());
    }
    let mut headers = Headers::from_bytes(&headers);
    if !body.is_empty() {
        headers.set(b"content-length", body.len().to_string().as_bytes());
    }
    let token = frame.guest_mut().next_token();
    let guest = frame.guest();
    let sent_at = guest.world.borrow().now;
    let timeout = Duration::from_millis(u64::from(request.timeout_ms));
    let callout = Callout {
        vm: guest.vm,
        thread: guest.thread,
        generation: guest.generation,
        root: guest.root_id(),
        token,
        cluster: String::from_utf8_lossy(&cluster).into_owned(),
        headers,
        body,
        trailers: Headers::from_bytes(&trailers),
        timeout: (!timeout.is_zero()).then_some(timeout),
        sent_at,
        state: CalloutState::InFlight,
    };
    guest.world.borrow_mut().send(callout)?;
    frame.write_u32(request.token_at, token)
}

fn foreign(guest: &Guest, name: &[u8], input: &[u8]) -> Result<Vec<u8>, Status> {
    let mut world = guest.world.borrow_mut();
    let name = String::from_utf8_lossy(name);
    let function = world
        .foreign
        .get_mut(name.as_ref())
        .ok_or(Status::NotFound)?;
    function(input)
}

/// Envoy takes the time-out as a signed number and refuses a negative one.
const TIMEOUT_MS_MAX: u32 = 0x7FFF_FFFF;
