//! Erasing the content of one user's events, a few at a time.

use sqlx::PgConnection;

use crate::event::Field;
use crate::search::Position;
use crate::search::Term;
use crate::store::postgres::found::Found;
use crate::store::postgres::terms::SNAPSHOT;
use crate::store::postgres::{PostgresStore, hash_of, holds, text};
use crate::store::segments::Share;
use crate::store::{Erasable, Erased, Erasure, Left, StoreError};

impl PostgresStore {
    /// How many events an erasure would meet.
    pub(crate) async fn count_erasable(&self, erasure: &Erasure) -> Result<Erasable, StoreError> {
        let holds = holds::in_force(&mut *self.writes.acquire().await?).await?;
        let query = sqlx::query_as(COUNT)
            .bind(self.found(erasure).await?)
            .bind(text::stored(&erasure.user_id))
            .bind(erasure.scope.id().map(text::stored));
        let counts: Vec<(String, i64, i64)> = query.fetch_all(&self.writes).await?;
        let mut count = Erasable::default();
        for (organization, there, erased) in counts {
            let hold = holds.covering(&text::read(organization), &erasure.user_id);
            count.add(hold.is_some(), there, erased);
        }
        Ok(count)
    }

    /// The positions of the events that may be the user's.
    pub(super) async fn found(&self, erasure: &Erasure) -> Result<Vec<i64>, StoreError> {
        let user = Term::member(Field::UserId.name(), &erasure.user_id);
        let organization = erasure.scope.id();
        let organization = organization.map(|id| Term::member(Field::OrganizationId.name(), id));
        let terms = [user].into_iter().chain(organization).collect();
        let mut snapshot = self.writes.begin_with(SNAPSHOT).await?;
        let (first, last) = (Position::FIRST, Position::LAST);
        let mut found = Found::by(&mut snapshot, terms, first, last).await?;
        let found = found.next(&mut snapshot, usize::MAX).await?;
        let found = found.into_iter().map(|position| position.0);
        let unindexed = sqlx::query_scalar(UNINDEXED);
        let unindexed: Vec<i64> = unindexed.fetch_all(&mut *snapshot).await?;
        Ok(found.chain(unindexed).collect())
    }

    /// Erases for good: nothing of it can be read any more. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn erase(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        let mut erased = self.erase_all(erasure, now).await?;
        erased.left = Left::FilesOfServer;
        // Only then are their words gone, too.
        self.refresh_segments(Share::Any).await?;
        Ok(erased)
    }
}

/// Notes how many events the erasure has changed in one organization.
pub(super) async fn note_of(
    connection: &mut PgConnection,
    erasure_id: &str,
    organization: &str,
    events: i64,
) -> Result<(), StoreError> {
    let add = sqlx::query(ADD_EVENTS_OF)
        .bind(erasure_id)
        .bind(hash_of(organization))
        .bind(text::stored(organization))
        .bind(events);
    add.execute(connection).await?;
    Ok(())
}

/// Some of their events may be gone. What another collector has taken stays its own until it fails.
pub(super) const TAKE_UNMENDED: &str = "
    DELETE FROM unmended WHERE position IN (
        SELECT position FROM unmended ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING position";

const UNINDEXED: &str = "SELECT position FROM unindexed";

const COUNT: &str = "
    SELECT organization_id, count(*) - count(erased_at), count(erased_at) FROM events
    WHERE position = ANY($1::BIGINT[]) AND user_id = $2
    AND ($3::TEXT IS NULL OR organization_id = $3) GROUP BY organization_id";

// In order, so that two erasures do not wait for each other in a circle.
pub(super) const CANDIDATES: &str = "
    SELECT position, organization_id, event FROM events
    WHERE position = ANY($1::BIGINT[]) AND user_id = $2
    AND ($3::TEXT IS NULL OR organization_id = $3) AND erased_at IS NULL
    ORDER BY position FOR UPDATE";

const ADD_EVENTS_OF: &str = "
    INSERT INTO erased_events (erasure_id, organization_hash, organization_id, events)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (erasure_id, organization_hash)
    DO UPDATE SET events = erased_events.events + excluded.events";
