//! Stored events, as they are read.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::access::Kind;
use crate::limits;
use crate::search::Position;

/// The text of a statement that reads [`Log`]s, from what follows the table on.
macro_rules! reading_logs {
    ($which:literal) => {
        concat!(
            "SELECT position, id, received_at, erased_at, recorded_by, recorded_kind, conflict_of,
                writer_not_counted, event FROM events ",
            $which
        )
    };
}
pub(super) use reading_logs;

/// A stored event.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) position: Position,
    pub(crate) id: String,
    /// Microseconds since 1970, UTC.
    pub(crate) received_at: i64,
    /// When its content was erased here, likewise.
    pub(crate) erased_at: Option<i64>,
    /// With which key it was recorded; `None` if that was not noted yet.
    pub(crate) recorded_by: Option<RecordedBy>,
    /// The log id of the first record of its call, if records contradict each other.
    pub(crate) conflict_of: Option<String>,
    /// Whether it names a writer that is not its sender's.
    pub(crate) writer_not_counted: bool,
    /// The JSON object as it was sent, or what erasing left of it.
    pub(crate) event: String,
}

/// With which key an event was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RecordedBy {
    /// The key's id, or `configured`.
    pub(crate) key_id: String,
    /// Its kind at that time.
    pub(crate) kind: Kind,
}

impl Log {
    /// A log of this event, for tests of what is made of one.
    #[cfg(test)]
    pub(crate) fn of(event: &serde_json::Value) -> Self {
        Self {
            position: Position(1),
            id: "log_1".to_owned(),
            received_at: 0,
            erased_at: None,
            recorded_by: None,
            conflict_of: None,
            writer_not_counted: false,
            event: event.to_string(),
        }
    }

    /// Whether a gateway recorded it, or it is not known who did.
    pub(crate) fn is_of_gateway(&self) -> bool {
        let recorder = self.recorded_by.as_ref();
        recorder.is_none_or(|recorder| recorder.kind == Kind::Gateway)
    }

    /// The call that the event is of.
    pub(crate) fn call(&self) -> Option<CallId> {
        serde_json::from_str(&self.event).ok()
    }

    /// The organization that the event belongs to.
    pub(crate) fn organization_id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Owned {
            organization_id: String,
        }
        let owned: Option<Owned> = serde_json::from_str(&self.event).ok();
        owned.map(|owned| owned.organization_id)
    }
}

/// The log ids of several events, those of gateways first, each kind oldest first.
#[derive(Debug, Default)]
pub(crate) struct LogIds {
    /// The first of them.
    pub(crate) listed: Vec<String>,
    /// How many there are beside those.
    pub(crate) more: u64,
}

impl LogIds {
    /// Of some ids, each with how many there are in all.
    pub(super) fn of(counted: Vec<(String, i64)>) -> Self {
        let all = counted.first().map_or(0, |(_, all)| *all);
        let listed: Vec<String> = counted.into_iter().map(|(id, _)| id).collect();
        let all = u64::try_from(all).unwrap_or_default();
        let count = u64::try_from(listed.len()).unwrap_or(u64::MAX);
        Self {
            listed,
            more: all.saturating_sub(count),
        }
    }
}

/// A call, which has one event, or several that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct CallId {
    pub(crate) organization_id: String,
    pub(crate) request_id: String,
}

/// Some events, and where to go on if there are more.
#[derive(Debug)]
pub(crate) struct LogPage {
    pub(crate) logs: Vec<Log>,
    pub(crate) next: Option<Position>,
}

/// A page that is being filled. It ends early when its events are large, but never without one.
pub(super) struct PageInProgress {
    logs: Vec<Log>,
    limit: usize,
    bytes_left: usize,
    is_cut: bool,
}

impl PageInProgress {
    /// An empty page for `limit` events at most.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            logs: Vec::new(),
            limit,
            bytes_left: limits::PAGE_BYTES_MAX,
            is_cut: false,
        }
    }

    /// Adds the next event, or breaks off if there is no place for it.
    pub(super) fn add(&mut self, log: Log) -> ControlFlow<()> {
        let is_full = self.logs.len() == self.limit;
        let is_too_large = log.event.len() > self.bytes_left && !self.logs.is_empty();
        self.is_cut = is_full || is_too_large;
        if self.is_cut {
            return ControlFlow::Break(());
        }
        self.bytes_left = self.bytes_left.saturating_sub(log.event.len());
        self.logs.push(log);
        ControlFlow::Continue(())
    }

    pub(super) fn done(self) -> LogPage {
        let last = self.logs.last().filter(|_| self.is_cut);
        let next = last.map(|log| log.position);
        LogPage {
            logs: self.logs,
            next,
        }
    }
}
