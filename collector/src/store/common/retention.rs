//! Removing what is old, a few events at a time.

use sqlx::{FromRow, Row as _};

use crate::limits;
use crate::search::Position;
use crate::store::fate::copies;
use crate::store::history::by_organization;
use crate::store::hold::Holds;
use crate::store::segments::Share;
use crate::store::{Cutoffs, Step, StoreError};

use super::logs::{look_up, look_ups, organization};
use super::removal::{FORGET_CONFLICTS, LEFT, NAMED, PUT_FIRST, REMOVE, listed, note};
use super::terms::{Connection, Row, Store};
use super::{holds, segments, text};

/// An event that is so old that some organization does not keep it.
struct Candidate {
    position: i64,
    organization_id: String,
    user_id: String,
    /// The later of its time and its arrival: what arrived late could not be looked at before.
    last_time: i64,
}

impl<'r> FromRow<'r, Row> for Candidate {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let (timestamp, received_at): (i64, i64) =
            (row.try_get("timestamp")?, row.try_get("received_at")?);
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: text::read(row.try_get("organization_id")?),
            user_id: text::read(row.try_get("user_id")?),
            last_time: timestamp.max(received_at),
        })
    }
}

/// An event that is removed.
struct Removed {
    organization_id: String,
    request_id: String,
    /// Whether it was the first of records that contradict each other.
    was_first_of_conflict: bool,
}

impl<'r> FromRow<'r, Row> for Removed {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            organization_id: text::read(row.try_get("organization_id")?),
            request_id: text::read(row.try_get("request_id")?),
            was_first_of_conflict: row.try_get("was_first_of_conflict")?,
        })
    }
}

impl Store {
    /// Removes what is over among the next events from `start` on. `now` is in microseconds since
    /// 1970, UTC. Others may be at the same: each event is removed and counted once.
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
        // Looked at without a lock: most of what is as old is kept, by its organization or a hold.
        let mut reader = self.reader().await?;
        let old: Vec<Candidate> = sqlx::query_as(OLD)
            .bind(start.0)
            .bind(Position::end_of_all_before(latest).0)
            .bind(limits::RETENTION_STEP_EVENTS)
            .fetch_all(&mut *reader)
            .await?;
        let held = holds::in_force(&mut reader).await?;
        drop(reader);
        let mut removed = 0_usize;
        for positions in over(&old, cutoffs, &held).chunks(limits::REMOVED_EVENTS_MAX) {
            let remove = || self.remove_over(positions, cutoffs, now);
            removed = removed.saturating_add(self.tried(remove).await?);
        }
        let last = old.last().map(|last| last.position.saturating_add(1));
        Ok(Step {
            removed,
            next: last.map(Position),
        })
    }

    /// Removes those of some events that are still there and over, and tells how many they were.
    async fn remove_over(
        &self,
        positions: &[i64],
        cutoffs: &Cutoffs<'_>,
        now: i64,
    ) -> Result<usize, StoreError> {
        // With the holds in one transaction: what is held now is not removed any more.
        let mut transaction = self.begin_removal().await?;
        let held = holds::in_force(&mut transaction).await?;
        let named = sqlx::query_as(NAMED).bind(listed(positions));
        let named: Vec<Candidate> = named.fetch_all(&mut *transaction).await?;
        let positions = over(&named, cutoffs, &held);
        let removed = remove(&mut transaction, &positions, now).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    /// Removes from the index what was removed, where that is worth it.
    pub(crate) async fn forget_removed(&self) -> Result<(), StoreError> {
        self.refresh_segments(Share::Half).await
    }
}

/// The positions of those that nothing keeps.
fn over(events: &[Candidate], cutoffs: &Cutoffs<'_>, held: &Holds) -> Vec<i64> {
    let over = events.iter().filter(|event| {
        let organization = &event.organization_id;
        cutoffs.is_over(organization, event.last_time)
            && held.covering(organization, &event.user_id).is_none()
    });
    over.map(|event| event.position).collect()
}

async fn remove(
    connection: &mut Connection,
    positions: &[i64],
    now: i64,
) -> Result<usize, StoreError> {
    if positions.is_empty() {
        return Ok(0);
    }
    let remove = sqlx::query_as(REMOVE).bind(listed(positions));
    let removed: Vec<Removed> = remove.fetch_all(&mut *connection).await?;
    segments::note_stale(connection, positions).await?;
    let forget = sqlx::query(FORGET_CONFLICTS).bind(listed(positions));
    forget.execute(&mut *connection).await?;
    for first in removed.iter().filter(|one| one.was_first_of_conflict) {
        put_another_first(connection, first).await?;
    }
    let organizations = removed.iter().map(|one| one.organization_id.as_str());
    for (organization, events) in by_organization(organizations) {
        note(connection, now, organization, events).await?;
    }
    Ok(removed.len())
}

/// Puts a record that is left of a call in the place of the first one, which is gone: what comes under
/// its id later still meets it, and is in conflict. A gateway's goes before an application's.
async fn put_another_first(connection: &mut Connection, first: &Removed) -> Result<(), StoreError> {
    let (request_id, organization_id) = (&first.request_id, &first.organization_id);
    let left = sqlx::query_scalar(LEFT)
        .bind(look_ups(copies().map(|copy| look_up(request_id, copy))))
        .bind(organization(organization_id));
    let left: Vec<String> = left.fetch_all(&mut *connection).await?;
    let Some(next) = left.first() else {
        return Ok(());
    };
    let put = sqlx::query(PUT_FIRST)
        .bind(look_up(request_id, 0))
        .bind(next);
    put.execute(&mut *connection).await?;
    for id in &left {
        let mark = sqlx::query(MARK).bind(next).bind(id);
        mark.execute(&mut *connection).await?;
    }
    Ok(())
}

const MARK: &str = "UPDATE events SET conflict_of = $1 WHERE id = $2";

const OLD: &str = "
    SELECT position, organization_id, user_id, timestamp, received_at
    FROM events WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3";
