//! What became of events that were to be stored.

use crate::telemetry::Outcomes;

/// What became of one event.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The log id: new, or that of the record that it repeats or takes the place of.
    pub(crate) id: String,
    pub(crate) request_id: String,
    pub(crate) status: Status,
    /// Whether it names a writer that is not its sender's.
    pub(crate) writer_not_counted: bool,
}

/// Whether an event was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// It is stored beside another of its call that says something else.
    Conflict,
    /// It is stored already.
    Duplicate,
    /// It is not stored: too many of its call contradict each other.
    Refused,
    /// It is the first event of its call.
    Stored,
    /// It is stored in the place of the record that its call had begun.
    #[serde(rename = "stored")]
    Superseding,
}

impl Status {
    /// Whether it is in the database now, and was not before.
    pub(crate) fn is_stored(self) -> bool {
        !matches!(self, Self::Duplicate | Self::Refused)
    }
}

impl Outcome {
    /// How many of these became what.
    pub(crate) fn counted(outcomes: &[Self]) -> Outcomes {
        let mut counted = Outcomes::default();
        for outcome in outcomes {
            let count = match outcome.status {
                Status::Conflict => &mut counted.conflict,
                Status::Duplicate => &mut counted.duplicate,
                Status::Refused => &mut counted.conflict_refused,
                Status::Stored => &mut counted.stored,
                Status::Superseding => &mut counted.superseding,
            };
            *count = count.saturating_add(1);
            let is_not_counted = usize::from(outcome.writer_not_counted);
            counted.writer_not_counted = counted.writer_not_counted.saturating_add(is_not_counted);
        }
        counted
    }
}
