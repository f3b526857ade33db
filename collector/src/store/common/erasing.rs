//! What an erasure does on either database: it notes itself, and then changes a few events at a time.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::event::{EventError, tombstone};
use crate::store::history::by_organization;
use crate::store::{Erasure, StoreError};
use crate::time;

use super::erasure::{CANDIDATES, note_of};
use super::removal::listed;
use super::terms::{Connection, Row, Store};
use super::{holds, segments, text};

/// An event of the user that has its content.
struct Candidate {
    position: i64,
    organization_id: String,
    event: String,
}

impl<'r> FromRow<'r, Row> for Candidate {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: text::read(row.try_get("organization_id")?),
            event: row.try_get("event")?,
        })
    }
}

impl Store {
    /// Notes that there is an erasure, and returns its id.
    pub(super) async fn add_erasure(
        &self,
        erasure: &Erasure,
        now: i64,
    ) -> Result<String, StoreError> {
        let id = format!("erasure_{}", Uuid::now_v7().simple());
        sqlx::query(ADD)
            .bind(&id)
            .bind(erasure.scope.id().map(text::stored))
            .bind(text::stored(&erasure.user_id))
            .bind(text::stored(&erasure.reason))
            .bind(now)
            .execute(&self.writes)
            .await?;
        Ok(id)
    }

    /// One step, between which and the next events can be stored. Tells how many events it has erased,
    /// and how many are held.
    pub(super) async fn erase_some(
        &self,
        erasure: &Erasure,
        id: &str,
        positions: &[i64],
        now: i64,
    ) -> Result<(u64, u64), StoreError> {
        // With the holds in one transaction: what is held now is not erased any more.
        let mut transaction = self.begin_removal().await?;
        let holds = holds::in_force(&mut transaction).await?;
        let candidates: Vec<Candidate> = sqlx::query_as(CANDIDATES)
            .bind(listed(positions))
            .bind(text::stored(&erasure.user_id))
            .bind(erasure.scope.id().map(text::stored))
            .fetch_all(&mut *transaction)
            .await?;
        let (mut changed, mut held) = (Vec::new(), 0_u64);
        for event in &candidates {
            let user = &erasure.user_id;
            if holds.covering(&event.organization_id, user).is_some() {
                held = held.saturating_add(1);
                continue;
            }
            replace(&mut transaction, event, now).await?;
            changed.push(event);
        }
        let positions: Vec<i64> = changed.iter().map(|event| event.position).collect();
        segments::note_stale(&mut transaction, &positions).await?;
        note(&mut transaction, id, &changed).await?;
        transaction.commit().await?;
        Ok((u64::try_from(changed.len()).unwrap_or(u64::MAX), held))
    }
}

async fn replace(
    connection: &mut Connection,
    event: &Candidate,
    now: i64,
) -> Result<(), StoreError> {
    let damaged = |error: EventError| StoreError::Damaged(error.to_string());
    let tombstone = tombstone(&event.event, &time::text(now)).map_err(damaged)?;
    let replace = sqlx::query(REPLACE)
        .bind(tombstone)
        .bind(now)
        .bind(event.position);
    replace.execute(connection).await?;
    Ok(())
}

/// Notes what the erasure has changed, in whole and by organisation.
async fn note(
    connection: &mut Connection,
    erasure_id: &str,
    changed: &[&Candidate],
) -> Result<(), StoreError> {
    let organizations = changed.iter().map(|event| event.organization_id.as_str());
    for (organization, events) in by_organization(organizations) {
        let add = sqlx::query(ADD_EVENTS).bind(events).bind(erasure_id);
        add.execute(&mut *connection).await?;
        note_of(connection, erasure_id, organization, events).await?;
    }
    Ok(())
}

const REPLACE: &str = "UPDATE events SET event = $1, erased_at = $2 WHERE position = $3";

const ADD: &str = "
    INSERT INTO erasures (id, organization_id, user_id, reason, created_at, events)
    VALUES ($1, $2, $3, $4, $5, 0)";

const ADD_EVENTS: &str = "UPDATE erasures SET events = events + $1 WHERE id = $2";
