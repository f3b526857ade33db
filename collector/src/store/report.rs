//! Reports: that they were asked for, and how far they are.

/// A report that was asked for.
#[derive(Debug)]
pub(crate) struct NewReport {
    pub(crate) id: String,
    /// Whose events it is of; `None` is every organization.
    pub(crate) organization_id: Option<String>,
    pub(crate) report_type: &'static str,
    pub(crate) format: &'static str,
    /// What was asked for, as a JSON object.
    pub(crate) query: String,
    /// The log id and the user of the event that it shows.
    pub(crate) shows: Option<(String, String)>,
    /// Microseconds since 1970, UTC.
    pub(crate) created_at: i64,
}

/// A report as it is listed. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct StoredReport {
    pub(crate) id: String,
    pub(crate) organization_id: Option<String>,
    pub(crate) report_type: String,
    pub(crate) format: String,
    pub(crate) query: String,
    pub(crate) created_at: i64,
    pub(crate) finished_at: Option<i64>,
    pub(crate) events_read: i64,
    pub(crate) bytes: i64,
    pub(crate) status: ReportStatus,
}

/// How far a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportStatus {
    Done,
    /// Why, in a word. `None` is that nobody says that it is being made any more.
    Failed(Option<String>),
    Running,
}

impl ReportStatus {
    /// The name in the database and in answers.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Running => "running",
        }
    }

    /// The status with this name, of a report that failed for this reason if it did.
    pub(super) fn named(name: &str, failure: Option<String>) -> Option<Self> {
        let all = [Self::Done, Self::Failed(failure), Self::Running];
        all.into_iter().find(|one| one.name() == name)
    }
}
