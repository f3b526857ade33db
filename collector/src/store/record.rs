//! Access records: who read what, and who changed what may be read.

use std::borrow::Cow;

use uuid::Uuid;

use crate::access::{KeyId, KeyName, Recorder, Scope};
use crate::limits;

/// One access record. It is never changed, but for what [`Completion`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessRecord {
    /// `access_` and a number that begins with the time.
    pub(crate) id: String,
    /// When, in microseconds since 1970, UTC.
    pub(crate) at: i64,
    /// Of an export its end, of what came several times the last of them, of a removal the time before
    /// which records were removed. Microseconds since 1970, UTC.
    pub(crate) until: Option<i64>,
    /// What was done: the name of an [`Action`].
    pub(crate) action: Cow<'static, str>,
    /// [`OK`], [`BEGUN`], [`CUT`], [`FAILED`], or the code of the error.
    pub(crate) result: Cow<'static, str>,
    /// Of an answer of the API.
    pub(crate) status: Option<u16>,
    /// `None` may be of any organization.
    pub(crate) organization_id: Option<String>,
    /// Who, and from where.
    pub(crate) who: Who,
    /// What was asked for: a JSON object.
    pub(crate) query: Option<String>,
    /// The first of what was given out, or what was changed.
    pub(crate) ids: Vec<String>,
    /// How many things were given out. `None` is unknown: what is under way, or ended with its process.
    pub(crate) items: Option<i64>,
    /// How often the same was given to the same, or how often it happened.
    pub(crate) times: i64,
}

/// Who did something, as far as it is known, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Who {
    /// The id of the key, or `configured`.
    pub(crate) key_id: Option<String>,
    pub(crate) key_name: Option<String>,
    /// What a browser's session is called, which opens nothing.
    pub(crate) session: Option<String>,
    /// The user of the operating system that ran a command.
    pub(crate) os_user: Option<String>,
    /// The other end of the connection, or the host of a command.
    pub(crate) address: Option<String>,
    /// What the header `x-forwarded-for` claimed.
    pub(crate) forwarded_for: Option<String>,
}

impl Who {
    /// With this key, which has no id if it is one of the configuration.
    pub(crate) fn with_key(self, KeyId(id): &KeyId, KeyName(name): &KeyName) -> Self {
        let id = id.as_deref().unwrap_or(Recorder::CONFIGURED);
        Self {
            key_id: Some(id.to_owned()),
            key_name: name.as_deref().map(str::to_owned),
            ..self
        }
    }
}

impl AccessRecord {
    /// A record of something that was done now and went well.
    pub(crate) fn new(action: Action, who: Who) -> Self {
        Self {
            id: format!("access_{}", Uuid::now_v7().simple()),
            at: chrono::Utc::now().timestamp_micros(),
            until: None,
            action: action.name().into(),
            result: OK.into(),
            status: None,
            organization_id: None,
            who,
            query: None,
            ids: Vec::new(),
            items: Some(0),
            times: 1,
        }
    }

    /// Of what `scope` reaches.
    pub(crate) fn of(mut self, scope: &Scope) -> Self {
        self.organization_id = scope.id().map(str::to_owned);
        self
    }

    /// What was asked for, or what was changed: a JSON object.
    pub(crate) fn asking(mut self, query: &serde_json::Value) -> Self {
        self.query = Some(query.to_string());
        self
    }

    /// It was refused with this code and status.
    pub(crate) fn refused(mut self, code: &'static str, status: u16) -> Self {
        self.result = code.into();
        self.status = Some(status);
        self
    }

    /// The first of what was given out or changed.
    pub(crate) fn of_ids(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids = ids.into_iter().take(limits::RECORD_IDS_MAX).collect();
        self
    }

    /// How many things were given out or changed.
    pub(crate) fn of_items(mut self, items: usize) -> Self {
        self.items = Some(i64::try_from(items).unwrap_or(i64::MAX));
        self
    }

    /// How it went, and how many things are given out or changed, is told later.
    pub(crate) fn begun(mut self) -> Self {
        self.result = BEGUN.into();
        self.items = None;
        self
    }

    /// What says later that this went well, and how many things it came to.
    pub(crate) fn completion(&self, items: u64) -> Completion {
        Completion {
            id: self.id.clone(),
            at: self.at,
            result: OK,
            items: Some(i64::try_from(items).unwrap_or(i64::MAX)),
            until: chrono::Utc::now().timestamp_micros(),
            ids: None,
            times: None,
        }
    }
}

/// How something ended that was recorded when it began. It is said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) id: String,
    pub(crate) at: i64,
    /// Anything but [`BEGUN`].
    pub(crate) result: &'static str,
    /// How many things it came to, if that is known.
    pub(crate) items: Option<i64>,
    pub(crate) until: i64,
    /// The first of what was given out, if they were not known at the beginning.
    pub(crate) ids: Option<Vec<String>>,
    /// How often it was asked for, if that was not once.
    pub(crate) times: Option<i64>,
}

/// Which records are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordFilter {
    /// From this time on, in microseconds since 1970, UTC.
    pub(crate) from: Option<i64>,
    /// Before this time.
    pub(crate) until: Option<i64>,
    pub(crate) key_id: Option<String>,
    /// Any of these; with none, all.
    pub(crate) actions: Vec<Action>,
    /// Records of this organization, and those that may be of any.
    pub(crate) organization_id: Option<String>,
    /// Those that come after this one in the order that is asked for.
    pub(crate) after: Option<RecordPlace>,
    pub(crate) order: Order,
    pub(crate) limit: usize,
}

/// In which order records are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Where a record stands in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordPlace {
    pub(crate) at: i64,
    pub(crate) id: String,
}

/// The result of what went well.
pub(crate) const OK: &str = "ok";

/// The result of what is under way, or whose process ended before it.
pub(crate) const BEGUN: &str = "begun";

/// The result of what nobody took to its end.
pub(crate) const CUT: &str = "cut";

/// The result of a command that came to nothing.
pub(crate) const FAILED: &str = "failed";

macro_rules! actions {
    ($($variant:ident $name:literal $meaning:literal)*) => {
        /// What is recorded of those who read, and of those who change what may be read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $meaning] $variant,)*
        }

        impl Action {
            /// Every action, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the database, in answers and in commands.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    BackupMade "backup_made" "`audit-layer backup` copied the database."
    CompletenessRead "completeness_read" "The completeness of events was read."
    ErasureCounted "erasure_counted" "The events that an erasure would erase were counted."
    ErasureMade "erasure_made" "A user's content was erased."
    EventRead "event_read" "One event was read."
    EventsExported "events_exported" "Events were exported."
    EventsListed "events_listed" "Events were listed or searched."
    EventsImported "events_imported" "`audit-layer import` sent a batch of events."
    HistoryExported "history_exported" "Access records were exported."
    HistoryRead "history_read" "Access records were read."
    HoldCreated "hold_created" "A legal hold was created."
    HoldReleased "hold_released" "A legal hold was released."
    HoldsListed "holds_listed" "The legal holds were listed."
    KeyChanged "key_changed" "The kind of a key was changed."
    KeyCreated "key_created" "A key was created."
    KeyRefused "key_refused" "An unknown, expired or revoked key was used."
    KeyRevoked "key_revoked" "A key was revoked."
    KeysListed "keys_listed" "The keys were listed."
    LoggedIn "logged_in" "A user logged in, or a known key was refused a session."
    LoggedOut "logged_out" "A user logged out."
    RecordsRemoved "records_removed" "Access records were removed because they had expired."
    ReportMade "report_made" "A report was requested."
    ReportRead "report_read" "A report was read."
    ReportsListed "reports_listed" "The reports were listed."
    RetentionChanged "retention_changed" "`serve` started with other retention periods."
    ValuesListed "values_listed" "The values in events were listed."
}

impl Action {
    /// The action with this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own() {
        for action in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(*action));
        }
        assert_eq!(Action::named("read"), None);
    }

    #[test]
    fn a_record_lists_as_many_ids_as_its_limit_says() {
        let who = Who::default();
        let ids = |count: usize| (0..count).map(|number| number.to_string());
        for count in [0, limits::RECORD_IDS_MAX, limits::RECORD_IDS_MAX + 1] {
            let record = AccessRecord::new(Action::EventsListed, who.clone()).of_ids(ids(count));
            assert_eq!(record.ids.len(), count.min(limits::RECORD_IDS_MAX));
        }
    }
}
