//! What kind of proxy the host imitates.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::Level;
use crate::status::Status;

/// What a proxy offers, and how it behaves where proxies differ.
///
/// Every profile starts from a full Envoy and takes away.
///
/// ```
/// use proxy_wasm_host_test::{Profile, Status};
///
/// let kong_like = Profile::envoy().without_queue_notifications();
/// let bare = Profile::envoy().answering(Status::Unimplemented, ["proxy_http_call"]);
/// # let _ = (kong_like, bare);
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    pub(crate) answers: BTreeMap<String, Status>,
    pub(crate) traps: BTreeSet<String>,
    pub(crate) queue_notifications: bool,
    pub(crate) header_pause: HeaderPause,
    pub(crate) end_of_body: EndOfBody,
    pub(crate) buffer_bytes_max: usize,
    pub(crate) log_level: Level,
    pub(crate) logs_streams: bool,
}

/// What Pause means in a headers callback.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderPause {
    /// Nothing passes and no body callback comes until the stream is resumed; then the backlog
    /// comes as one chunk. Envoy's default for ABI 0.2.
    StopAll,
    /// Body callbacks go on, and a Continue in one of them releases the headers at once: Envoy
    /// with `allow_on_headers_stop_iteration: true`.
    StopHeaders,
}

/// How the end of a body reaches the guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndOfBody {
    /// By an extra body callback of zero bytes, as Envoy does for bodies read from a connection.
    ExtraCallback,
    /// With the last chunk.
    LastChunk,
}

impl Profile {
    /// Envoy 1.40 as it comes.
    #[must_use]
    pub fn envoy() -> Self {
        Self {
            answers: BTreeMap::new(),
            traps: BTreeSet::new(),
            queue_notifications: true,
            header_pause: HeaderPause::StopAll,
            end_of_body: EndOfBody::ExtraCallback,
            buffer_bytes_max: BUFFER_BYTES_MAX,
            log_level: Level::Info,
            logs_streams: true,
        }
    }

    /// A proxy that has shared queues but calls no `proxy_on_queue_ready`, as Kong's module.
    #[must_use]
    pub fn without_queue_notifications(mut self) -> Self {
        self.queue_notifications = false;
        self
    }

    /// A proxy that has no ticks, as APISIX's module.
    #[must_use]
    pub fn without_ticks(self) -> Self {
        self.answering(
            Status::Unimplemented,
            ["proxy_set_tick_period_milliseconds"],
        )
    }

    /// These host calls do nothing and answer this status.
    #[must_use]
    pub fn answering<'a>(
        mut self,
        status: Status,
        calls: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.answers
            .extend(calls.into_iter().map(|call| (call.to_owned(), status)));
        self
    }

    /// These host calls trap, as calls that Kong's module has not implemented.
    #[must_use]
    pub fn trapping<'a>(mut self, calls: impl IntoIterator<Item = &'a str>) -> Self {
        self.traps.extend(calls.into_iter().map(str::to_owned));
        self
    }

    /// What Pause means in a headers callback.
    #[must_use]
    pub fn header_pause(mut self, header_pause: HeaderPause) -> Self {
        self.header_pause = header_pause;
        self
    }

    /// How the end of a body reaches the guest.
    #[must_use]
    pub fn end_of_body(mut self, end_of_body: EndOfBody) -> Self {
        self.end_of_body = end_of_body;
        self
    }

    /// The largest paused body: Envoy's `per_connection_buffer_limit_bytes`.
    #[must_use]
    pub fn buffer_bytes_max(mut self, buffer_bytes_max: usize) -> Self {
        self.buffer_bytes_max = buffer_bytes_max;
        self
    }

    /// A proxy that never calls `proxy_on_log`, as Envoy for a filter of an upstream.
    #[must_use]
    pub fn without_stream_logs(mut self) -> Self {
        self.logs_streams = false;
        self
    }

    /// The level that `proxy_get_log_level` answers. The host keeps lines of every level.
    #[must_use]
    pub fn log_level(mut self, log_level: Level) -> Self {
        self.log_level = log_level;
        self
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::envoy()
    }
}

/// Envoy's default for `per_connection_buffer_limit_bytes`; Envoy Gateway sets 32 KiB.
const BUFFER_BYTES_MAX: usize = 1 << 20;
