//! What became of events that are not there any more as they were, and who looked at those that are: an
//! auditor asks for it, and the database keeps it.

use std::{mem, vec};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::json;

use crate::limits;
use crate::records::{Shown, operator};
use crate::store::{
    AccessRecord, Action, CUT, Completion, Database, Erasure, OK, Order, RecordFilter, RecordPlace,
    Store, StoreError, StoredErasure, StoredRemoval,
};
use crate::time::{DAY_MICROS, moment};

/// One entry of the history.
#[derive(Debug)]
pub enum Entry {
    /// Somebody looked, or changed who may look and what is kept.
    Access(Box<Shown>),
    /// Events changed.
    Change(Change),
}

/// What became of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Events were erased for a user.
    Erased {
        /// Whose content, and why.
        erasure: Erasure,
        /// When it was asked for.
        erased_at: DateTime<Utc>,
        /// How many events have lost their content.
        events: i64,
    },
    /// Events were removed with all that they had.
    Removed {
        /// On which day, UTC.
        day: NaiveDate,
        /// Why: `retention`.
        cause: String,
        /// Whose events.
        organization_id: String,
        /// How many.
        events: i64,
    },
}

impl Change {
    /// When it was, of a day its beginning.
    fn time(&self) -> DateTime<Utc> {
        match self {
            Self::Erased { erased_at, .. } => *erased_at,
            Self::Removed { day, .. } => day.and_time(NaiveTime::MIN).and_utc(),
        }
    }

    fn action(&self) -> HistoryAction {
        match self {
            Self::Erased { .. } => HistoryAction::Erased,
            Self::Removed { .. } => HistoryAction::Removed,
        }
    }
}

impl From<StoredErasure> for Change {
    fn from(stored: StoredErasure) -> Self {
        Self::Erased {
            erasure: Erasure {
                scope: stored.scope,
                user_id: stored.user_id,
                reason: stored.reason,
            },
            erased_at: moment(stored.created_at),
            events: stored.events,
        }
    }
}

impl From<StoredRemoval> for Change {
    fn from(stored: StoredRemoval) -> Self {
        Self::Removed {
            day: moment(stored.day.saturating_mul(DAY_MICROS)).date_naive(),
            cause: stored.cause,
            organization_id: stored.organization_id,
            events: stored.events,
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryAction {
    /// An access record of this action.
    Access(Action),
    /// Events were erased.
    Erased,
    /// Events were removed.
    Removed,
}

impl HistoryAction {
    /// The action with this name.
    ///
    /// # Errors
    /// There is none. The message names all.
    pub fn read(name: &str) -> Result<Self, String> {
        let changes = [Self::Erased, Self::Removed];
        let all = changes
            .into_iter()
            .chain(Action::ALL.iter().copied().map(Self::Access));
        let mut all: Vec<Self> = all.collect();
        all.sort_by_key(|action| action.name());
        let names = || all.iter().map(|action| action.name()).collect::<Vec<_>>();
        let found = all.iter().find(|action| action.name() == name);
        found
            .copied()
            .ok_or_else(|| format!("must be one of {}", names().join(", ")))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access(action) => action.name(),
            Self::Erased => "erased",
            Self::Removed => "removed",
        }
    }
}

/// Which entries are wanted: all, unless something says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From this time on.
    pub since: Option<DateTime<Utc>>,
    /// Any of these.
    pub actions: Vec<HistoryAction>,
    /// What was done with this key.
    pub key_id: Option<String>,
}

impl Wanted {
    fn has(&self, change: &Change) -> bool {
        let is_in_time = self.since.is_none_or(|since| match change {
            // What was removed on a day was perhaps removed after this time.
            Change::Removed { day, .. } => *day >= since.date_naive(),
            Change::Erased { erased_at, .. } => *erased_at >= since,
        });
        let is_named = self.actions.is_empty() || self.actions.contains(&change.action());
        is_in_time && is_named && self.key_id.is_none()
    }

    /// The records that are wanted; `None` if none are.
    fn records(&self, until: i64) -> Option<RecordFilter> {
        let actions = self.actions.iter().filter_map(|action| match action {
            HistoryAction::Access(action) => Some(*action),
            HistoryAction::Erased | HistoryAction::Removed => None,
        });
        let actions: Vec<Action> = actions.collect();
        let is_wanted = self.actions.is_empty() || !actions.is_empty();
        is_wanted.then(|| RecordFilter {
            from: self.since.map(|since| since.timestamp_micros()),
            until: Some(until),
            key_id: self.key_id.clone(),
            actions,
            order: Order::OldestFirst,
            limit: limits::PAGE_EVENTS_MAX,
            ..RecordFilter::default()
        })
    }
}

/// The history of a database, oldest first. It is read piece by piece, however long it is; that it is
/// read is recorded before the first.
pub struct History {
    store: Store,
    changes: vec::IntoIter<Change>,
    next_change: Option<Change>,
    filter: Option<RecordFilter>,
    page: vec::IntoIter<AccessRecord>,
    next_record: Option<AccessRecord>,
    reading: AccessRecord,
    entries: u64,
    /// Whether it is recorded how the reading ended.
    is_completed: bool,
}

impl History {
    /// Opens the history of a database.
    ///
    /// # Errors
    /// There is no such database, or it cannot be used. The message says what to do.
    pub async fn open(database: &Database, wanted: &Wanted) -> Result<Self, StoreError> {
        let store = Store::open_existing(database).await?;
        let opened = Self::begin(&store, wanted).await;
        if opened.is_err() {
            store.close().await;
        }
        opened
    }

    async fn begin(store: &Store, wanted: &Wanted) -> Result<Self, StoreError> {
        let actions: Vec<&str> = wanted.actions.iter().map(|action| action.name()).collect();
        let asked = json!({
            "since": wanted.since.map(|since| since.to_rfc3339()),
            "action": actions,
            "key_id": wanted.key_id,
        });
        let reading = AccessRecord::new(Action::HistoryRead, operator());
        let reading = reading.asking(&asked).begun();
        store.write_record(reading.clone()).await?;
        let mut changes = changes(store).await?;
        changes.retain(|change| wanted.has(change));
        Ok(Self {
            store: store.clone(),
            changes: changes.into_iter(),
            next_change: None,
            // Without the record of this reading.
            filter: wanted.records(reading.at),
            page: Vec::new().into_iter(),
            next_record: None,
            reading,
            entries: 0,
            is_completed: false,
        })
    }

    /// The next entry; `None` when there are no more, which is recorded.
    ///
    /// # Errors
    /// The database cannot be used. The message says what to do.
    pub async fn next(&mut self) -> Result<Option<Entry>, StoreError> {
        if self.next_change.is_none() {
            self.next_change = self.changes.next();
        }
        if self.next_record.is_none() {
            self.next_record = self.read().await?;
        }
        let is_change = match (&self.next_change, &self.next_record) {
            (Some(change), Some(record)) => change.time() <= moment(record.at),
            (change, _) => change.is_some(),
        };
        let entry = match is_change {
            true => self.next_change.take().map(Entry::Change),
            false => {
                let record = self.next_record.take();
                record.map(|record| Entry::Access(Box::new(Shown::of(record))))
            }
        };
        match entry {
            Some(_) => self.entries = self.entries.saturating_add(1),
            None => self.complete(OK).await?,
        }
        Ok(entry)
    }

    /// Records how the reading ended, once.
    async fn complete(&mut self, result: &'static str) -> Result<(), StoreError> {
        if mem::replace(&mut self.is_completed, true) {
            return Ok(());
        }
        let completion = Completion {
            result,
            ..self.reading.completion(self.entries)
        };
        self.store.complete_record(completion).await
    }

    async fn read(&mut self) -> Result<Option<AccessRecord>, StoreError> {
        if let Some(record) = self.page.next() {
            return Ok(Some(record));
        }
        let Some(filter) = &mut self.filter else {
            return Ok(None);
        };
        let page = self.store.records(filter).await?;
        match page.last() {
            None => self.filter = None,
            Some(last) => {
                filter.after = Some(RecordPlace {
                    at: last.at,
                    id: last.id.clone(),
                });
            }
        }
        self.page = page.into_iter();
        Ok(self.page.next())
    }

    /// Closes the database. A reading that did not come to its end was cut, which is recorded.
    ///
    /// # Errors
    /// The database cannot be used. The message says what to do.
    pub async fn close(mut self) -> Result<(), StoreError> {
        let completed = self.complete(CUT).await;
        self.store.close().await;
        completed
    }
}

async fn changes(store: &Store) -> Result<Vec<Change>, StoreError> {
    let removals = store.removals().await?.into_iter().map(Change::from);
    let erasures = store.erasures().await?.into_iter().map(Change::from);
    let mut changes: Vec<Change> = removals.chain(erasures).collect();
    // Stable, so that what has the same time stays in its order.
    changes.sort_by_key(Change::time);
    Ok(changes)
}
