//! Removing what is old, a few events at a time.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};

use crate::limits;
use crate::store::history::by_organization;
use crate::store::postgres::{PostgresStore, Tries, hash_of, holds, in_time, segments, text};
use crate::store::segments::Share;
use crate::store::{Cutoffs, Position, Step, StoreError};

struct Candidate {
    position: i64,
    organization_id: String,
    user_id: String,
    last_time: i64,
}

impl<'r> FromRow<'r, PgRow> for Candidate {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: text::read(row.try_get("organization_id")?),
            user_id: text::read(row.try_get("user_id")?),
            last_time: row.try_get("last_time")?,
        })
    }
}

impl PostgresStore {
    /// Removes what is over among the next few events from `start` on. `now` is in microseconds
    /// since 1970, UTC. Other collectors may be at the same: each event is removed and counted once.
    pub(crate) async fn remove_expired(
        &self,
        start: Position,
        cutoffs: &Cutoffs<'_>,
        now: i64,
    ) -> Result<Step, StoreError> {
        let Some(latest) = cutoffs.latest() else {
            return Ok(Step {
                removed: 0,
                next: None,
            });
        };
        let mut tries = Tries::new();
        loop {
            let remove = self.remove_some(start, latest, cutoffs, now);
            match in_time(limits::TRANSACTION_TIME_MAX, remove).await {
                Err(error) if tries.go_on_after(&error) => {}
                result => return result,
            }
        }
    }

    async fn remove_some(
        &self,
        start: Position,
        latest: i64,
        cutoffs: &Cutoffs<'_>,
        now: i64,
    ) -> Result<Step, StoreError> {
        let mut transaction = self.begin_removal().await?;
        let holds = holds::in_force(&mut transaction).await?;
        let candidates: Vec<Candidate> = sqlx::query_as(CANDIDATES)
            .bind(start.0)
            .bind(Position::end_of_all_before(latest).0)
            .bind(limits::RETENTION_STEP_EVENTS)
            .fetch_all(&mut *transaction)
            .await?;
        let next = candidates
            .last()
            .map(|last| Position(last.position.saturating_add(1)));
        let is_held = |event: &Candidate| {
            let hold = holds.covering(&event.organization_id, &event.user_id);
            hold.is_some()
        };
        let over = candidates
            .iter()
            .filter(|event| cutoffs.is_over(&event.organization_id, event.last_time))
            .filter(|event| !is_held(event))
            .map(|event| event.position);
        let removed = remove(&mut transaction, over.collect(), now).await?;
        transaction.commit().await?;
        Ok(Step { removed, next })
    }

    /// Removes from the index what was removed, where that is worth it.
    pub(crate) async fn forget_removed(&self) -> Result<(), StoreError> {
        self.refresh_segments(Share::Half).await
    }
}

/// Removes events that are still there, and tells how many were.
async fn remove(
    connection: &mut PgConnection,
    positions: Vec<i64>,
    now: i64,
) -> Result<usize, StoreError> {
    if positions.is_empty() {
        return Ok(0);
    }
    let remove = sqlx::query_scalar(REMOVE).bind(&positions);
    let organizations: Vec<String> = remove.fetch_all(&mut *connection).await?;
    segments::note_stale(connection, &positions).await?;
    for (organization, count) in by_organization(organizations.iter().map(String::as_str)) {
        let note = sqlx::query(NOTE)
            .bind(now)
            .bind(hash_of(organization))
            .bind(organization)
            .bind(count);
        note.execute(&mut *connection).await?;
    }
    Ok(organizations.len())
}

// What arrived late is as old as its arrival: it could not be looked at before. Another collector
// that looks at the same events waits, and does not see those that are removed.
const CANDIDATES: &str = "
    SELECT position, organization_id, user_id, greatest(timestamp, received_at) AS last_time
    FROM events WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3 FOR UPDATE";

const REMOVE: &str = "
    DELETE FROM events WHERE position = ANY($1::BIGINT[]) RETURNING organization_id";

const NOTE: &str = "
    INSERT INTO removals (day, cause, organization_hash, organization_id, events)
    VALUES ($1 / 86400000000, 'retention', $2, $3, $4)
    ON CONFLICT (day, cause, organization_hash)
    DO UPDATE SET events = removals.events + excluded.events";
