//! Erasing the content of one user's events, a few at a time.

use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, FromRow, Row, SqliteConnection};
use uuid::Uuid;

use crate::access::Scope;
use crate::event::tombstone;
use crate::limits;
use crate::store::holds::Holds;
use crate::store::{Position, Store, StoreError};
use crate::time;

/// Whose content is to be erased, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The organisations in which the user is known by this id.
    pub scope: Scope,
    /// The user.
    pub user_id: String,
    /// Such as the reference of the request. It is kept.
    pub reason: String,
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Events whose content is gone now.
    pub events: u64,
    /// Events that a legal hold keeps as they are.
    pub held: u64,
    /// Whether nothing of it is left in the write-ahead log either.
    pub log_is_clean: bool,
}

struct Candidate {
    position: i64,
    organization_id: String,
    event: String,
}

impl<'r> FromRow<'r, SqliteRow> for Candidate {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: row.try_get("organization_id")?,
            event: row.try_get("event")?,
        })
    }
}

impl Store {
    /// How many events an erasure would change.
    pub(crate) async fn count_erasable(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(COUNT)
            .bind(&erasure.user_id)
            .bind(erasure.scope.id());
        let count = query.fetch_one(&self.reads).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Erases for good: the bytes are overwritten, in the events, in the index of words, and as far
    /// as nobody reads them in the write-ahead log. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn erase(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        self.writes.execute("PRAGMA secure_delete = ON").await?;
        self.writes.execute(WORDS_ARE_OVERWRITTEN).await?;
        let result = self.erase_all(erasure, now).await;
        // It is slow, and pending records are superseded all the time.
        self.writes.execute(WORDS_ARE_FORGOTTEN).await?;
        let mut erased = result?;
        let (busy, ..): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writes)
            .await?;
        erased.log_is_clean = busy == 0;
        Ok(erased)
    }

    async fn erase_all(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        let id = format!("erasure_{}", Uuid::now_v7().simple());
        sqlx::query(ADD)
            .bind(&id)
            .bind(erasure.scope.id())
            .bind(&erasure.user_id)
            .bind(&erasure.reason)
            .bind(now)
            .execute(&self.writes)
            .await?;
        let mut erased = Erased::default();
        let mut next = Some(Position(i64::MIN));
        while let Some(start) = next {
            next = self
                .erase_some(erasure, &id, start, now, &mut erased)
                .await?;
        }
        Ok(erased)
    }

    /// One step, between which and the next events can be stored.
    async fn erase_some(
        &self,
        erasure: &Erasure,
        id: &str,
        Position(start): Position,
        now: i64,
        erased: &mut Erased,
    ) -> Result<Option<Position>, StoreError> {
        // With the holds in one transaction: what is held now is not erased any more.
        let mut transaction = self.writes.begin_with("BEGIN IMMEDIATE").await?;
        let holds = Holds::read(&mut transaction).await?;
        let candidates: Vec<Candidate> = sqlx::query_as(CANDIDATES)
            .bind(&erasure.user_id)
            .bind(erasure.scope.id())
            .bind(start)
            .bind(limits::ERASURE_STEP_EVENTS)
            .fetch_all(&mut *transaction)
            .await?;
        let mut changed = 0_u32;
        for event in &candidates {
            let user = &erasure.user_id;
            if holds.covering(&event.organization_id, user).is_some() {
                erased.held = erased.held.saturating_add(1);
                continue;
            }
            replace(&mut transaction, event, now).await?;
            changed = changed.saturating_add(1);
        }
        let count = sqlx::query(ADD_EVENTS).bind(changed).bind(id);
        count.execute(&mut *transaction).await?;
        transaction.commit().await?;
        erased.events = erased.events.saturating_add(changed.into());
        let last = candidates.last();
        Ok(last.map(|last| Position(last.position.saturating_add(1))))
    }
}

async fn replace(
    connection: &mut SqliteConnection,
    event: &Candidate,
    now: i64,
) -> Result<(), StoreError> {
    let tombstone = tombstone(&event.event, &time::text(now));
    let tombstone = tombstone.map_err(|error| StoreError::Damaged(error.to_string()))?;
    let replace = sqlx::query(REPLACE)
        .bind(tombstone)
        .bind(now)
        .bind(event.position);
    replace.execute(connection).await?;
    Ok(())
}

const COUNT: &str = "
    SELECT count(*) FROM events
    WHERE user_id = ?1 AND (?2 IS NULL OR organization_id = ?2) AND erased_at IS NULL";

const CANDIDATES: &str = "
    SELECT position, organization_id, event FROM events
    WHERE user_id = ?1 AND (?2 IS NULL OR organization_id = ?2) AND erased_at IS NULL
    AND position >= ?3 ORDER BY position LIMIT ?4";

const REPLACE: &str = "UPDATE events SET event = ?, erased_at = ? WHERE position = ?";

const ADD: &str = "
    INSERT INTO erasures (id, organization_id, user_id, reason, created_at, events)
    VALUES (?, ?, ?, ?, ?, 0)";

const ADD_EVENTS: &str = "UPDATE erasures SET events = events + ? WHERE id = ?";

/// https://www.sqlite.org/fts5.html#the_secure_delete_configuration_option
///
/// Each in a transaction of its own: it is looked at when the words are written, at the commit.
const WORDS_ARE_OVERWRITTEN: &str =
    "INSERT INTO event_words (event_words, rank) VALUES ('secure-delete', 1)";

const WORDS_ARE_FORGOTTEN: &str =
    "INSERT INTO event_words (event_words, rank) VALUES ('secure-delete', 0)";
