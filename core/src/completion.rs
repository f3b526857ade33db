//! How an exchange ended: one word, decided from what the host and the answer say.

use crate::event::CompletionState;

/// What the host says at the end of an exchange.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// Why the exchange ended.
    pub cause: Cause,
    /// Whether the response, if there was one, is the host's own and not the provider's.
    pub is_local: bool,
    /// The host's own short names of what happened, for people: a proxy's response flags.
    pub flags: Vec<&'static str>,
    /// The host's own words on the response, for people; absent where it says nothing.
    pub details: Option<String>,
    /// The status the client got, if no response headers passed.
    pub http_status: Option<u16>,
    /// The proxy's route.
    pub route: Option<String>,
    /// The proxy's upstream cluster.
    pub cluster: Option<String>,
    /// Address of the client's connection.
    pub source: Option<String>,
    /// What the host knows of who makes the call, for each attribute that the policy asks for.
    pub attributes: Vec<Option<String>>,
    /// How often the proxy tried upstreams.
    pub upstream_attempts: Option<u64>,
    /// Whether the answer waited to the end for the record of its prompt: what came of it reached
    /// no client.
    pub is_withheld: bool,
}

/// Why an exchange ended, in the order in which one counts before another where there are several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cause {
    /// The host refused the call or its answer, as its prompt was not recorded.
    Refused,
    /// The host follows a redirect itself: the call goes on.
    Redirected,
    /// A time limit of the host.
    TimedOut,
    /// The caller left.
    CallerLeft,
    /// No connection to the provider came about.
    ConnectionFailed,
    /// The connection to the provider broke.
    ConnectionBroke,
    /// Request and response were over, as far as the host knows.
    Finished,
    /// The host stopped or dropped it, or does not say.
    #[default]
    Stopped,
}

impl End {
    /// Whether the call goes on: the host makes another request of it.
    pub fn is_redirect(&self) -> bool {
        self.cause == Cause::Redirected
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
    let has_passed = |came: bool| came && !end.is_withheld;
    match end.cause {
        Cause::Refused => CompletionState::LocalReply,
        Cause::Redirected => CompletionState::Redirected,
        Cause::TimedOut => CompletionState::Timeout,
        _ if has_passed(seen.ended) => ended(seen, end.is_local),
        // Where a body of one piece broke off, more of it was announced than came.
        Cause::ConnectionFailed | Cause::ConnectionBroke if !seen.streamed => {
            CompletionState::UpstreamAbort
        }
        // Some clients leave as soon as the last event has come.
        _ if has_passed(seen.whole) => CompletionState::Complete,
        Cause::CallerLeft => CompletionState::ClientAbort,
        Cause::ConnectionFailed | Cause::ConnectionBroke => CompletionState::UpstreamAbort,
        Cause::Finished | Cause::Stopped => CompletionState::Shutdown,
    }
}

fn ended(seen: Seen, is_local: bool) -> CompletionState {
    match seen.status {
        _ if is_local => CompletionState::LocalReply,
        Some(500..) => CompletionState::UpstreamError,
        Some(400..) => CompletionState::Rejected,
        _ if seen.failed => CompletionState::UpstreamError,
        _ if seen.streamed && !seen.whole => CompletionState::UpstreamAbort,
        _ => CompletionState::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(cause: Cause) -> End {
        End {
            cause,
            ..End::default()
        }
    }

    #[test]
    fn an_ended_response_is_judged_by_who_answered_and_what() {
        let ok = Seen {
            status: Some(200),
            ended: true,
            whole: true,
            ..Seen::default()
        };
        let cut = Seen { whole: false, ..ok };
        let status = |status| Seen {
            status: Some(status),
            ..ok
        };
        for (seen, expected) in [
            (ok, CompletionState::Complete),
            (cut, CompletionState::Complete),
            (
                Seen {
                    streamed: true,
                    ..cut
                },
                CompletionState::UpstreamAbort,
            ),
            (Seen { failed: true, ..ok }, CompletionState::UpstreamError),
            (status(429), CompletionState::Rejected),
            (status(529), CompletionState::UpstreamError),
        ] {
            // Whoever leaves after the end leaves with all of it.
            for cause in [Cause::Finished, Cause::Stopped, Cause::CallerLeft] {
                assert_eq!(state(seen, &end(cause)), expected, "{seen:?} {cause:?}");
            }
        }
        let local = End {
            is_local: true,
            ..end(Cause::ConnectionFailed)
        };
        assert_eq!(state(status(503), &local), CompletionState::LocalReply);
    }

    #[test]
    fn a_refusal_a_redirect_and_a_time_limit_count_before_what_passed() {
        let ended = Seen {
            status: Some(200),
            ended: true,
            whole: true,
            ..Seen::default()
        };
        for (cause, expected) in [
            (Cause::Refused, CompletionState::LocalReply),
            (Cause::Redirected, CompletionState::Redirected),
            (Cause::TimedOut, CompletionState::Timeout),
        ] {
            for seen in [Seen::default(), ended] {
                assert_eq!(state(seen, &end(cause)), expected, "{seen:?} {cause:?}");
            }
        }
    }

    #[test]
    fn a_response_without_an_end_is_judged_by_who_left() {
        let open = Seen {
            status: Some(200),
            streamed: true,
            ..Seen::default()
        };
        let whole = Seen {
            whole: true,
            ..open
        };
        for (cause, expected) in [
            (Cause::CallerLeft, CompletionState::ClientAbort),
            (Cause::ConnectionFailed, CompletionState::UpstreamAbort),
            (Cause::ConnectionBroke, CompletionState::UpstreamAbort),
            (Cause::Finished, CompletionState::Shutdown),
            (Cause::Stopped, CompletionState::Shutdown),
        ] {
            assert_eq!(state(open, &end(cause)), expected, "{cause:?}");
            assert_eq!(state(whole, &end(cause)), CompletionState::Complete);
            let withheld = End {
                is_withheld: true,
                ..end(cause)
            };
            assert_eq!(state(whole, &withheld), expected, "{cause:?}");
        }
    }
}
