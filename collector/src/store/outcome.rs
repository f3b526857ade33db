//! What became of events that were to be stored.

/// What became of one event.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The log id of the call: new, or the one it has had since its first event.
    pub(crate) id: String,
    pub(crate) request_id: String,
    pub(crate) status: Status,
}

/// Whether an event was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The call has an event already.
    Duplicate,
    /// It is the first event of its call.
    Stored,
    /// It is stored in the place of the record that its call had begun.
    #[serde(rename = "stored")]
    Superseding,
}
