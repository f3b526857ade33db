//! Erasing the content of one user's events, a few at a time.

use sqlx::{Executor, SqliteConnection};

use crate::event::Field;
use crate::limits;
use crate::search::Position;
use crate::search::Term;
use crate::store::segments::Share;
use crate::store::sqlite::found::Found;
use crate::store::sqlite::{SqliteStore, holds};
use crate::store::{Erasable, Erased, Erasure, Left, StoreError};

impl SqliteStore {
    /// How many events an erasure would meet.
    pub(crate) async fn count_erasable(&self, erasure: &Erasure) -> Result<Erasable, StoreError> {
        let holds = holds::in_force(&mut *self.checks.acquire().await?).await?;
        let mut count = Erasable::default();
        for positions in self
            .found(erasure)
            .await?
            .chunks(limits::SEARCHED_EVENTS_MAX)
        {
            let query = sqlx::query_as(COUNT)
                .bind(&erasure.user_id)
                .bind(erasure.scope.id())
                .bind(format!("{positions:?}"));
            let some: Vec<(String, i64, i64)> = query.fetch_all(&self.checks).await?;
            for (organization, there, erased) in some {
                let hold = holds.covering(&organization, &erasure.user_id);
                count.add(hold.is_some(), there, erased);
            }
        }
        Ok(count)
    }

    /// The positions of the events that may be the user's.
    pub(super) async fn found(&self, erasure: &Erasure) -> Result<Vec<i64>, StoreError> {
        let user = Term::member(Field::UserId.name(), &erasure.user_id);
        let organization = erasure.scope.id();
        let organization = organization.map(|id| Term::member(Field::OrganizationId.name(), id));
        let terms = [user].into_iter().chain(organization).collect();
        let mut reader = self.checks.begin().await?;
        let (first, last) = (Position::FIRST, Position::LAST);
        let mut found = Found::by(&mut reader, terms, first, last).await?;
        let found = found.next(&mut reader, usize::MAX).await?;
        let found = found.into_iter().map(|position| position.0);
        // Those that are in no segment yet may be anybody's. The collector has them in memory.
        let unindexed = sqlx::query_scalar(UNINDEXED);
        let unindexed: Vec<i64> = unindexed.fetch_all(&mut *reader).await?;
        Ok(found.chain(unindexed).collect())
    }

    /// Erases for good: the bytes are overwritten, in the events, in the index of words, and as far
    /// as nobody reads them in the write-ahead log. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn erase(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        self.writes.execute("PRAGMA secure_delete = ON").await?;
        let mut erased = self.erase_all(erasure, now).await?;
        // Only then are their words gone, too.
        self.refresh_segments(Share::Any).await?;
        if !self.forget_for_good().await? {
            erased.left = Left::Log;
        }
        Ok(erased)
    }

    /// Overwrites what is free in the file, where earlier states of events and of the index are, and
    /// empties the write-ahead log. Tells whether nobody was reading it.
    pub(super) async fn forget_for_good(&self) -> Result<bool, StoreError> {
        self.overwrite_free_pages().await?;
        let (busy, ..): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writes)
            .await?;
        Ok(busy == 0)
    }

    /// Fills all free pages with zeros, some at a time, and gives them back.
    async fn overwrite_free_pages(&self) -> Result<(), StoreError> {
        // An earlier erasure may have been ended in the middle of it.
        self.writes.execute(DROP_ZEROS).await?;
        let free = sqlx::query_scalar::<_, i64>("PRAGMA freelist_count");
        let mut left = free.fetch_one(&self.writes).await?;
        if left == 0 {
            return Ok(());
        }
        self.writes.execute(CREATE_ZEROS).await?;
        while left > 0 {
            let fill = sqlx::query(FILL).bind(limits::OVERWRITTEN_PAGES);
            fill.execute(&self.writes).await?;
            left = left.saturating_sub(limits::OVERWRITTEN_PAGES);
        }
        // What is overwritten need not be overwritten again.
        self.writes.execute("PRAGMA secure_delete = OFF").await?;
        self.writes.execute(DROP_ZEROS).await?;
        self.writes.execute("PRAGMA secure_delete = FAST").await?;
        Ok(())
    }
}

/// Notes how many events the erasure has changed in one organization.
pub(super) async fn note_of(
    connection: &mut SqliteConnection,
    erasure_id: &str,
    organization: &str,
    events: i64,
) -> Result<(), StoreError> {
    let add = sqlx::query(ADD_EVENTS_OF)
        .bind(erasure_id)
        .bind(organization)
        .bind(events);
    add.execute(connection).await?;
    Ok(())
}

const CREATE_ZEROS: &str = "CREATE TABLE zeros (bytes BLOB NOT NULL) STRICT";

/// As many pages as are asked for, and a few more for the table itself.
const FILL: &str = "
    INSERT INTO zeros (bytes)
    SELECT zeroblob(? * (SELECT page_size FROM pragma_page_size()))";

const DROP_ZEROS: &str = "DROP TABLE IF EXISTS zeros";

/// Some of their events may be gone.
pub(super) const TAKE_UNMENDED: &str = "
    DELETE FROM unmended
    WHERE position IN (SELECT position FROM unmended ORDER BY position LIMIT $1)
    RETURNING position";

const UNINDEXED: &str = "SELECT position FROM unindexed";

const COUNT: &str = "
    SELECT organization_id, count(*) - count(erased_at), count(erased_at) FROM events
    WHERE user_id = ?1 AND (?2 IS NULL OR organization_id = ?2)
    AND position IN (SELECT value FROM json_each(?3)) GROUP BY organization_id";

pub(super) const CANDIDATES: &str = "
    SELECT position, organization_id, event FROM events
    WHERE position IN (SELECT value FROM json_each(?1)) AND user_id = ?2
    AND (?3 IS NULL OR organization_id = ?3) AND erased_at IS NULL ORDER BY position";

const ADD_EVENTS_OF: &str = "
    INSERT INTO erased_events (erasure_id, organization_id, events) VALUES (?, ?, ?)
    ON CONFLICT (erasure_id, organization_id) DO UPDATE SET events = events + excluded.events";
