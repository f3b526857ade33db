//! Removing what is old, a few events at a time.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::limits;
use crate::store::history::by_organization;
use crate::store::segments::Share;
use crate::store::sqlite::segments;
use crate::store::sqlite::{SqliteStore, holds};
use crate::store::{Cutoffs, Position, Step, StoreError};

struct Candidate {
    position: i64,
    organization_id: String,
    user_id: String,
    last_time: i64,
}

impl<'r> FromRow<'r, SqliteRow> for Candidate {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: row.try_get("organization_id")?,
            user_id: row.try_get("user_id")?,
            last_time: row.try_get("last_time")?,
        })
    }
}

impl SqliteStore {
    /// Removes what is over among the next few events from `start` on. `now` is in microseconds
    /// since 1970, UTC.
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
        // With the holds in one transaction: what is held now is not removed any more.
        let mut transaction = self.begin().await?;
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
        let over: Vec<&Candidate> = candidates
            .iter()
            .filter(|event| cutoffs.is_over(&event.organization_id, event.last_time))
            .filter(|event| {
                holds
                    .covering(&event.organization_id, &event.user_id)
                    .is_none()
            })
            .collect();
        remove(&mut transaction, &over, now).await?;
        transaction.commit().await?;
        Ok(Step {
            removed: over.len(),
            next,
        })
    }

    /// Removes from the index what was removed, where that is worth it.
    pub(crate) async fn forget_removed(&self) -> Result<(), StoreError> {
        self.refresh_segments(Share::Half).await
    }
}

async fn remove(
    connection: &mut SqliteConnection,
    events: &[&Candidate],
    now: i64,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    let remove = sqlx::query(REMOVE).bind(format!("{positions:?}"));
    remove.execute(&mut *connection).await?;
    segments::note_stale(connection, &positions).await?;
    let organizations = events.iter().map(|event| event.organization_id.as_str());
    for (organization, count) in by_organization(organizations) {
        let note = sqlx::query(NOTE).bind(now).bind(organization).bind(count);
        note.execute(&mut *connection).await?;
    }
    Ok(())
}

// What arrived late is as old as its arrival: it could not be looked at before.
const CANDIDATES: &str = "
    SELECT position, organization_id, user_id, max(timestamp, received_at) AS last_time
    FROM events WHERE position >= ? AND position < ? ORDER BY position LIMIT ?";

const REMOVE: &str = "DELETE FROM events WHERE position IN (SELECT value FROM json_each(?))";

const NOTE: &str = "
    INSERT INTO removals (day, cause, organization_id, events)
    VALUES (? / 86400000000, 'retention', ?, ?)
    ON CONFLICT (day, cause, organization_id) DO UPDATE SET events = events + excluded.events";
