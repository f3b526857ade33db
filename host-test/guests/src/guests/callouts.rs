//! HTTP callouts.

use crate::host::{
    CALLOUT_BODY, CALLOUT_HEADERS, buffer, header, http_call, say, set_header, tick_every_ms,
};
use crate::{CONTINUE, Guest};

const HEADERS: [(&str, &str); 3] = [(":method", "POST"), (":path", "/"), (":authority", "a")];

fn call(timeout_ms: u32) {
    match http_call("audit", &HEADERS, "ping", timeout_ms) {
        Ok(token) => say(&format!("sent {token}")),
        Err(status) => say(&format!("failed {status}")),
    }
}

fn tell(root: u32, token: u32, headers: u32, size: u32) {
    let status = header(CALLOUT_HEADERS, ":status");
    let body = buffer(CALLOUT_BODY, 0, u32::MAX).map(|bytes| bytes.len());
    say(&format!(
        "root {root} token {token} headers {headers} {size} {status:?} {body:?}"
    ));
}

/// Calls the audit cluster at its first tick, and says the answer.
pub(crate) struct Calls;

impl Guest for Calls {
    fn configure(&self, _: u32, argument: &str) -> bool {
        tick_every_ms(argument.parse().unwrap_or(10)) == 0
    }
    fn tick(&self, _: u32) {
        tick_every_ms(0);
        call(1000);
    }
    fn call_response(&self, root: u32, token: u32, headers: u32, size: u32) {
        tell(root, token, headers, size);
        let changed = set_header(CALLOUT_HEADERS, "x", "1");
        say(&format!("changed: {changed}"));
    }
}

/// Makes calls that Envoy refuses at once.
pub(crate) struct CallsBadly;

impl Guest for CallsBadly {
    fn configure(&self, _: u32, _: &str) -> bool {
        for (cluster, headers) in [
            ("nowhere", &HEADERS[..]),
            ("audit", &HEADERS[..2]),
            ("audit", &HEADERS[1..]),
        ] {
            say(&format!("{:?}", http_call(cluster, headers, "", 0)));
        }
        say(&format!("{:?}", http_call("audit", &HEADERS, "", u32::MAX)));
        say(&format!(
            "outside: {:?}",
            header(CALLOUT_HEADERS, ":status")
        ));
        true
    }
}

/// Calls the audit cluster from the log callback of a stream.
pub(crate) struct CallsFromLog;

impl Guest for CallsFromLog {
    fn response_headers(&self, _: u32, _: bool) -> u32 {
        CONTINUE
    }
    fn log(&self, _: u32) {
        call(1000);
    }
    fn call_response(&self, root: u32, token: u32, headers: u32, size: u32) {
        tell(root, token, headers, size);
    }
}

/// Calls the audit cluster when it is asked whether it is done.
pub(crate) struct CallsWhenDone;

impl Guest for CallsWhenDone {
    fn done(&self, _: u32) -> bool {
        call(1000);
        say("left behind");
        false
    }
    fn call_response(&self, root: u32, token: u32, headers: u32, size: u32) {
        tell(root, token, headers, size);
    }
}
