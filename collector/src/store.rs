//! The database: all SQL of the collector is below this module.
//!
//! What it offers to the others is made of events, filters, positions and counts. Which database it
//! is, only the modules of that database know. What reads the same for both is in `store/common`,
//! which each of them compiles in its own terms: generic over sqlx's databases every function would
//! need more bounds than lines.
#![expect(
    clippy::duplicate_mod,
    reason = "the modules of `common` are compiled once for each database"
)]

pub(crate) mod arrival;
mod cutoffs;
mod database;
mod erased;
mod error;
mod fate;
mod filter;
mod history;
mod hold;
mod key;
mod log;
mod log_id;
mod migrations;
mod newest;
mod news;
mod outcome;
mod position;
mod postgres;
mod record;
mod report;
mod run;
mod schema;
mod segments;
mod sqlite;
mod stub;
mod writer;

use std::collections::HashSet;
use std::path::Path;

use crate::access::{Access, Kind, Scope};
use crate::search::Position;
use crate::store::database::Place;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

pub(crate) use arrival::Arrival;
pub(crate) use cutoffs::{Cutoffs, Step};
pub use database::{Database, DatabaseError};
pub use erased::{Erasable, Erased, Erasure, Left};
pub use error::{BackupError, StoreError};
pub(crate) use filter::{Condition, LogFilter, Phrase, Range};
pub(crate) use history::{StoredErasure, StoredRemoval};
pub(crate) use hold::StoredHold;
pub(crate) use key::{AddedKey, StoredKey};
pub(crate) use log::{CallId, Log, LogIds, LogPage, RecordedBy};
pub(crate) use outcome::{Outcome, Status};
pub use record::Action;
pub(crate) use record::{
    AccessRecord, CUT, Completion, FAILED, OK, Order, RecordFilter, RecordPlace, Who,
};
pub(crate) use report::{NewReport, ReportStatus, StoredReport};
pub(crate) use run::Run;
pub(crate) use writer::{Writer, WriterFilter, WriterHoles, WriterPage, WriterTotals};

/// An open database. Cloning gives another handle to the same one.
#[derive(Clone)]
pub(crate) enum Store {
    Postgres(PostgresStore),
    Sqlite(SqliteStore),
}

/// The same of either database.
macro_rules! either {
    ($store:expr, $database:ident => $result:expr) => {
        match $store {
            Store::Postgres($database) => match $result {
                Err(error) => Err($database.explained(error).await),
                result => result,
            },
            Store::Sqlite($database) => $result,
        }
    };
}

impl Store {
    /// Opens the database, creates a file if there is none, and brings its schema up to date. One of
    /// another program is refused.
    pub(crate) async fn open(database: &Database) -> Result<Self, StoreError> {
        Ok(match &database.0 {
            Place::File(path) => Self::Sqlite(SqliteStore::open(path).await?),
            Place::Server(options) => Self::Postgres(PostgresStore::open(options).await?),
        })
    }

    /// Opens the database as [`open`](Self::open) does, for a process that stores events.
    pub(crate) async fn open_to_serve(database: &Database) -> Result<Self, StoreError> {
        Ok(match &database.0 {
            Place::File(path) => Self::Sqlite(SqliteStore::open_to_serve(path).await?),
            Place::Server(options) => Self::Postgres(PostgresStore::open_to_serve(options).await?),
        })
    }

    /// Opens the database, which has to be there with the schema of this version: it is not changed.
    pub(crate) async fn open_existing(database: &Database) -> Result<Self, StoreError> {
        Ok(match &database.0 {
            Place::File(path) => Self::Sqlite(SqliteStore::open_existing(path).await?),
            Place::Server(options) => Self::Postgres(PostgresStore::open_existing(options).await?),
        })
    }

    /// Copies a database that is a file, as [`SqliteStore::back_up`] says.
    pub(crate) async fn back_up(
        database: &Database,
        target: &Path,
        record: AccessRecord,
    ) -> Result<u64, BackupError> {
        let Place::File(path) = &database.0 else {
            return Err(BackupError::Server {
                database: database.clone(),
            });
        };
        let store = SqliteStore::attach(path).await?;
        let events = store.back_up_recorded(target, record).await;
        store.close().await;
        events
    }

    /// Closes every connection. What is being written is finished.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(database) => database.close().await,
            Self::Sqlite(database) => database.close().await,
        }
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        either!(self, database => database.ping().await)
    }

    /// The size of the database, in bytes.
    pub(crate) async fn bytes(&self) -> Result<u64, StoreError> {
        either!(self, database => database.bytes().await)
    }

    /// Stores `arrivals` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `arrivals`.
    pub(crate) async fn insert(
        &self,
        arrivals: &[Arrival],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        either!(self, database => database.insert(arrivals, received_at).await)
    }

    /// What the task that stores events does for the index beside it.
    pub(crate) fn indexer(&self) -> Indexer {
        match self {
            Self::Postgres(database) => Indexer::Postgres(postgres::Indexer::new(database.clone())),
            Self::Sqlite(database) => Indexer::Sqlite(sqlite::Indexer::new(database.clone())),
        }
    }

    /// The event with this log id, or else those with this request_id, which several organizations may
    /// have used or which contradict each other: two of them at most. Only what `scope` reaches.
    pub(crate) async fn logs_of(&self, id: &str, scope: &Scope) -> Result<Vec<Log>, StoreError> {
        either!(self, database => database.logs_of(id, scope).await)
    }

    /// The log ids of the events with this request_id that `scope` reaches, `count` of them at most.
    pub(crate) async fn log_ids_of(
        &self,
        request_id: &str,
        scope: &Scope,
        count: usize,
    ) -> Result<LogIds, StoreError> {
        either!(self, database => database.log_ids_of(request_id, scope, count).await)
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        either!(self, database => database.logs(filter).await)
    }

    /// Those of `calls` of which there is an event that `filter` wants, whenever it was.
    pub(crate) async fn recorded(
        &self,
        filter: &LogFilter,
        calls: &HashSet<CallId>,
    ) -> Result<HashSet<CallId>, StoreError> {
        either!(self, database => database.recorded(filter, calls).await)
    }

    /// A page of writers, in the order of their names, each with its first holes, and what the
    /// writers of `totals_of` come to: as they were at one moment.
    pub(crate) async fn writers(
        &self,
        filter: &WriterFilter,
        totals_of: &WriterFilter,
    ) -> Result<WriterPage, StoreError> {
        either!(self, database => database.writers(filter, totals_of).await)
    }

    /// What all writers of `filter` come to, on whichever page they are.
    pub(crate) async fn writer_totals(
        &self,
        filter: &WriterFilter,
    ) -> Result<WriterTotals, StoreError> {
        either!(self, database => database.writer_totals(filter).await)
    }

    /// The first writer of `filter`, with the holes of its sequence that are nearest to `seq`, as many
    /// as `count`.
    pub(crate) async fn writer_around(
        &self,
        filter: &WriterFilter,
        seq: i64,
        count: usize,
    ) -> Result<Option<WriterHoles>, StoreError> {
        either!(self, database => database.writer_around(filter, seq, count).await)
    }

    /// Removes what is over among the next few events from `start` on. `now` is in microseconds
    /// since 1970, UTC.
    pub(crate) async fn remove_expired(
        &self,
        start: Position,
        cutoffs: &Cutoffs<'_>,
        now: i64,
    ) -> Result<Step, StoreError> {
        either!(self, database => database.remove_expired(start, cutoffs, now).await)
    }

    /// Removes from the index what was removed, where that is worth it.
    pub(crate) async fn forget_removed(&self) -> Result<(), StoreError> {
        either!(self, database => database.forget_removed().await)
    }

    /// How many events an erasure would meet.
    pub(crate) async fn count_erasable(&self, erasure: &Erasure) -> Result<Erasable, StoreError> {
        either!(self, database => database.count_erasable(erasure).await)
    }

    /// Erases for good. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn erase(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        either!(self, database => database.erase(erasure, now).await)
    }

    /// How many events were removed on each day, oldest first.
    pub(crate) async fn removals(&self) -> Result<Vec<StoredRemoval>, StoreError> {
        either!(self, database => database.removals().await)
    }

    /// What was erased, oldest first.
    pub(crate) async fn erasures(&self) -> Result<Vec<StoredErasure>, StoreError> {
        either!(self, database => database.erasures().await)
    }

    /// Notes that a report is to be made.
    pub(crate) async fn add_report(&self, report: &NewReport) -> Result<(), StoreError> {
        either!(self, database => database.add_report(report).await)
    }

    /// Notes how far a report is, and that it is being made. `now` is in microseconds since 1970,
    /// UTC.
    pub(crate) async fn report_is_alive(
        &self,
        id: &str,
        events_read: u64,
        now: i64,
    ) -> Result<(), StoreError> {
        either!(self, database => database.report_is_alive(id, events_read, now).await)
    }

    /// Keeps the document of a report. `false` if the event that it shows has another text by now:
    /// then it was erased, removed or replaced. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn finish_report(
        &self,
        id: &str,
        document: &[u8],
        shown: Option<&str>,
        events_read: u64,
        now: i64,
    ) -> Result<bool, StoreError> {
        either!(self, database => {
            database.finish_report(id, document, shown, events_read, now).await
        })
    }

    /// Notes why a report has no document. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn fail_report(
        &self,
        id: &str,
        failure: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        either!(self, database => database.fail_report(id, failure, now).await)
    }

    /// The report with this id, if `scope` reaches it. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn report(
        &self,
        id: &str,
        scope: &Scope,
        now: i64,
    ) -> Result<Option<StoredReport>, StoreError> {
        either!(self, database => database.report(id, scope, now).await)
    }

    /// The document of a report that is done.
    pub(crate) async fn report_document(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        either!(self, database => database.report_document(id).await)
    }

    /// Reports that `scope` reaches, newest first, as many as `limit`: those after the one with the
    /// id `after`, if there is one. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn reports(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<StoredReport>, StoreError> {
        either!(self, database => database.reports(scope, after, limit, now).await)
    }

    /// Removes reports that are older than they are kept, or that show an event which is gone.
    /// `now` is in microseconds since 1970, UTC.
    pub(crate) async fn remove_old_reports(&self, now: i64) -> Result<(), StoreError> {
        either!(self, database => database.remove_old_reports(now).await)
    }

    /// Adds access records and completes others: all are on disk when this returns, or nothing is.
    pub(crate) async fn write_records(
        &self,
        records: &[AccessRecord],
        completions: &[Completion],
    ) -> Result<(), StoreError> {
        either!(self, database => database.write_records(records, completions).await)
    }

    /// Adds one access record, which is on disk when this returns.
    pub(crate) async fn write_record(&self, record: AccessRecord) -> Result<(), StoreError> {
        self.write_records(&[record], &[]).await
    }

    /// Says how something ended that was recorded when it began.
    pub(crate) async fn complete_record(&self, completion: Completion) -> Result<(), StoreError> {
        self.write_records(&[], &[completion]).await
    }

    /// A page of access records.
    pub(crate) async fn records(
        &self,
        filter: &RecordFilter,
    ) -> Result<Vec<AccessRecord>, StoreError> {
        either!(self, database => database.records(filter).await)
    }

    /// What the last record of how long things are kept says.
    pub(crate) async fn last_retention(&self) -> Result<Option<String>, StoreError> {
        either!(self, database => database.last_retention().await)
    }

    /// Removes some of the access records from before `cutoff`, and records that in `removal`. Tells how
    /// many they were.
    pub(crate) async fn remove_records(
        &self,
        removal: &AccessRecord,
        cutoff: i64,
    ) -> Result<usize, StoreError> {
        either!(self, database => database.remove_records(removal, cutoff).await)
    }

    /// Every hold, oldest first.
    pub(crate) async fn holds(&self) -> Result<Vec<StoredHold>, StoreError> {
        either!(self, database => database.holds().await)
    }

    /// Adds a hold and returns its id. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn add_hold(
        &self,
        scope: &Scope,
        user_id: Option<&str>,
        reason: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<String, StoreError> {
        either!(self, database => database.add_hold(scope, user_id, reason, now, record).await)
    }

    /// Releases a hold, and tells since when it is released; `None` if there is no such hold.
    pub(crate) async fn release_hold(
        &self,
        id: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<Option<i64>, StoreError> {
        either!(self, database => database.release_hold(id, now, record).await)
    }

    /// Every key, oldest first.
    pub(crate) async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        either!(self, database => database.keys().await)
    }

    /// Adds a key, records that, and returns its id.
    pub(crate) async fn add_key(
        &self,
        key: &AddedKey<'_>,
        access: &Access,
        kind: Option<Kind>,
        record: AccessRecord,
    ) -> Result<String, StoreError> {
        either!(self, database => database.add_key(key, access, kind, record).await)
    }

    /// Adds a key that is to take the place of the one with the id `first`, and may do the same: its id;
    /// `None` if there is no such key. `created_at` is in microseconds since 1970, UTC.
    pub(crate) async fn add_successor(
        &self,
        key: &AddedKey<'_>,
        first: &str,
        record: AccessRecord,
    ) -> Result<Option<String>, StoreError> {
        either!(self, database => database.add_successor(key, first, record).await)
    }

    /// Says of a key that only records, and of all keys of its family, of what kind it is. Tells how many
    /// there are; none if there is no such key. The writers of an application are nobody's then.
    pub(crate) async fn set_kind(
        &self,
        id: &str,
        kind: Kind,
        record: &AccessRecord,
    ) -> Result<u64, StoreError> {
        either!(self, database => database.set_kind(id, kind, record).await)
    }

    /// Revokes a key, and tells since when it is revoked; `None` if there is no such key.
    pub(crate) async fn revoke_key(
        &self,
        id: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<Option<i64>, StoreError> {
        either!(self, database => database.revoke_key(id, now, record).await)
    }

    /// Notes when keys were last used, each with its id, in microseconds since 1970, UTC.
    pub(crate) async fn note_key_uses(&self, uses: &[(String, i64)]) -> Result<(), StoreError> {
        either!(self, database => database.note_key_uses(uses).await)
    }
}

/// The work on the index that is not a part of storing events.
pub(crate) enum Indexer {
    Postgres(postgres::Indexer),
    Sqlite(sqlite::Indexer),
}

impl Indexer {
    /// Does what has to be done after a commit.
    pub(crate) async fn after_commit(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(indexer) => indexer.after_commit().await,
            Self::Sqlite(indexer) => indexer.after_commit().await,
        }
    }

    /// Does some of what makes searches faster, and tells whether there is more.
    pub(crate) async fn while_idle(&mut self) -> Result<bool, StoreError> {
        match self {
            Self::Postgres(indexer) => indexer.while_idle().await,
            Self::Sqlite(indexer) => indexer.while_idle().await,
        }
    }
}
