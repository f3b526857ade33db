//! How an exchange ended: one word, decided from what the proxy and the answer say.

use crate::event::CompletionState;

/// What the proxy says at the end of an exchange.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The proxy's response flags.
    pub flags: ResponseFlags,
    /// The proxy's words on the response, such as `via_upstream`; absent where it says nothing.
    pub details: Option<String>,
    /// The status the client got, if no response headers passed.
    pub http_status: Option<u16>,
    /// The proxy's route.
    pub route: Option<String>,
    /// The proxy's upstream cluster.
    pub cluster: Option<String>,
    /// Address of the client's connection.
    pub source: Option<String>,
    /// How often the proxy tried upstreams.
    pub upstream_attempts: Option<u64>,
    /// Whether the answer waited to the end for the record of its prompt: what came of it reached
    /// no client.
    pub is_withheld: bool,
}

/// The proxy's words on a response that the plugin refused, as its prompt was not recorded.
pub const UNRECORDED: &str = "audit_unrecorded";

/// The proxy's words on a response that it did not pass on, since it follows the redirect itself.
const REDIRECT: &str = "internal_redirect";

impl End {
    /// Whether the call goes on: the proxy makes another request of it.
    pub fn is_redirect(&self) -> bool {
        details_start(self, REDIRECT)
    }
}

/// Envoy's response flags, as the bits of its attribute `response.flags`.
///
/// Source: Envoy's `CoreResponseFlag`, in whose order the bits are numbered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponseFlags(pub u64);

/// Envoy's short name of each bit, from the lowest.
const NAMES: [&str; 30] = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC",
    "URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR",
    "UDO",
];

const TIMEOUT: [&str; 4] = ["UT", "SI", "DT", "UMSDR"];
const CLIENT: [&str; 3] = ["DC", "DR", "DPE"];
const UPSTREAM: [&str; 4] = ["UR", "UC", "UPE", "LR"];

impl ResponseFlags {
    /// The short names of the flags that are set.
    pub fn names(self) -> Vec<&'static str> {
        let set = |bit: u32| self.0.checked_shr(bit).is_some_and(|rest| rest & 1 == 1);
        (0..)
            .zip(NAMES)
            .filter(|(bit, _)| set(*bit))
            .map(|(_, name)| name)
            .collect()
    }
}

/// What is known of the response when its exchange ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// The status of the response's headers, if they passed.
    pub status: Option<u16>,
    /// Whether the end of the response passed.
    pub ended: bool,
    /// Whether the answer is known to be whole.
    pub whole: bool,
    /// Whether the answer came as a stream, which says itself when it is whole.
    pub streamed: bool,
    /// Whether the answer reports an error.
    pub failed: bool,
}

/// The end of an exchange in one word.
pub fn state(seen: Seen, end: &End) -> CompletionState {
    let flags = end.flags.names();
    let has = |any: &[&str]| flags.iter().any(|flag| any.contains(flag));
    let has_passed = |came: bool| came && !end.is_withheld;
    if details_start(end, UNRECORDED) {
        CompletionState::LocalReply
    } else if end.is_redirect() {
        CompletionState::Redirected
    } else if has(&TIMEOUT) {
        CompletionState::Timeout
    } else if has_passed(seen.ended) {
        ended(seen, end)
    } else if has_passed(seen.whole) {
        // Some clients leave as soon as the last event has come.
        CompletionState::Complete
    } else if details_start(end, "downstream_local_disconnect") {
        // Also flagged as the client's, but it was the proxy that closed the connection.
        CompletionState::Shutdown
    } else if has(&CLIENT) || details_start(end, "downstream") {
        CompletionState::ClientAbort
    } else if has(&UPSTREAM) {
        CompletionState::UpstreamAbort
    } else {
        CompletionState::Shutdown
    }
}

fn ended(seen: Seen, end: &End) -> CompletionState {
    let is_local = end
        .details
        .as_deref()
        .is_some_and(|details| details != "via_upstream");
    match seen.status {
        _ if is_local => CompletionState::LocalReply,
        Some(500..) => CompletionState::UpstreamError,
        Some(400..) => CompletionState::Rejected,
        _ if seen.failed => CompletionState::UpstreamError,
        _ if seen.streamed && !seen.whole => CompletionState::UpstreamAbort,
        _ => CompletionState::Complete,
    }
}

fn details_start(end: &End, prefix: &str) -> bool {
    end.details
        .as_deref()
        .is_some_and(|details| details.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(flags: u64, details: &str) -> End {
        End {
            flags: ResponseFlags(flags),
            details: Some(details.to_owned()),
            ..End::default()
        }
    }

    #[test]
    fn flags_have_envoys_names() {
        assert_eq!(ResponseFlags(0x4000 | 0x4).names(), ["UT", "DC"]);
        assert_eq!(ResponseFlags(0).names(), Vec::<&str>::new());
        assert_eq!(ResponseFlags(1 << 63).names(), Vec::<&str>::new());
    }

    #[test]
    fn an_ended_response_is_judged_by_who_answered_and_what() {
        let ok = Seen {
            status: Some(200),
            ended: true,
            whole: true,
            ..Seen::default()
        };
        let upstream = end(0, "via_upstream");
        for (seen, state_expected) in [
            (ok, CompletionState::Complete),
            (Seen { whole: false, ..ok }, CompletionState::Complete),
            (
                Seen {
                    whole: false,
                    streamed: true,
                    ..ok
                },
                CompletionState::UpstreamAbort,
            ),
            (Seen { failed: true, ..ok }, CompletionState::UpstreamError),
            (
                Seen {
                    status: Some(429),
                    ..ok
                },
                CompletionState::Rejected,
            ),
            (
                Seen {
                    status: Some(529),
                    ..ok
                },
                CompletionState::UpstreamError,
            ),
        ] {
            assert_eq!(state(seen, &upstream), state_expected, "{seen:?}");
        }
        let redirect = end(0, "internal_redirect");
        assert_eq!(
            state(Seen::default(), &redirect),
            CompletionState::Redirected
        );
        let local = end(0x2, "no_healthy_upstream");
        assert_eq!(
            state(
                Seen {
                    status: Some(503),
                    ..ok
                },
                &local
            ),
            CompletionState::LocalReply
        );
        assert_eq!(
            state(ok, &end(0x4, "response_timeout")),
            CompletionState::Timeout
        );
    }

    #[test]
    fn a_response_without_an_end_is_judged_by_who_left() {
        let open = Seen {
            status: Some(200),
            streamed: true,
            ..Seen::default()
        };
        for (seen, end, state_expected) in [
            (
                open,
                end(0x4000, "downstream_remote_disconnect"),
                CompletionState::ClientAbort,
            ),
            (
                open,
                end(0x4000, "downstream_local_disconnect(reason)"),
                CompletionState::Shutdown,
            ),
            (
                open,
                end(0x40, "upstream_reset_after_response_started"),
                CompletionState::UpstreamAbort,
            ),
            (
                open,
                end(0x10000, "stream_idle_timeout"),
                CompletionState::Timeout,
            ),
            (open, End::default(), CompletionState::Shutdown),
            (
                Seen {
                    whole: true,
                    ..open
                },
                end(0x4000, ""),
                CompletionState::Complete,
            ),
        ] {
            assert_eq!(state(seen, &end), state_expected, "{end:?}");
        }
    }
}
