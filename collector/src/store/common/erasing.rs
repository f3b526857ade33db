//! What an erasure does on either database: it notes itself, and then changes a few events at a time.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::access::Scope;
use crate::event::{Event, EventError, tombstone};
use crate::limits;
use crate::store::history::by_organization;
use crate::store::segments::Share;
use crate::store::{Erased, Erasure, StoreError};
use crate::time;

use super::erasure::{CANDIDATES, TAKE_UNMENDED, note_of};
use super::removal::listed;
use super::terms::{Connection, Row, Store};
use super::{again, holds, reports, segments, text};

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
    async fn add_erasure(&self, erasure: &Erasure, now: i64) -> Result<String, StoreError> {
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

    /// Makes anew the tombstones of earlier versions, which kept hashes of content, and some of it. Tells
    /// how many there were.
    pub(super) async fn mend_tombstones(&self) -> Result<usize, StoreError> {
        let mut mended = 0_usize;
        loop {
            match self.tried(|| self.mend_some()).await? {
                0 => break,
                some => mended = mended.saturating_add(some),
            }
        }
        if mended > 0 {
            self.refresh_segments(Share::Any).await?;
        }
        Ok(mended)
    }

    async fn mend_some(&self) -> Result<usize, StoreError> {
        let mut transaction = self.begin_removal().await?;
        let count = i64::try_from(limits::ERASURE_STEP_EVENTS).unwrap_or(i64::MAX);
        let taken = sqlx::query_scalar(TAKE_UNMENDED).bind(count);
        let taken: Vec<i64> = taken.fetch_all(&mut *transaction).await?;
        for position in &taken {
            let event = sqlx::query_as(ERASED).bind(position);
            let event: Option<(i64, String)> = event.fetch_optional(&mut *transaction).await?;
            if let Some((erased_at, event)) = event {
                replace(&mut transaction, *position, &event, erased_at).await?;
            }
        }
        segments::note_stale(&mut transaction, &taken).await?;
        transaction.commit().await?;
        Ok(taken.len())
    }

    /// Erases the events, a few at a time, and then the reports on them.
    pub(super) async fn erase_all(
        &self,
        erasure: &Erasure,
        now: i64,
    ) -> Result<Erased, StoreError> {
        let id = self.add_erasure(erasure, now).await?;
        let mut erased = Erased::default();
        let positions = self.found(erasure).await?;
        for positions in positions.chunks(limits::ERASURE_STEP_EVENTS) {
            let step = || self.erase_some(erasure, &id, positions, now);
            let (events, held) = again(step).await?;
            erased.events = erased.events.saturating_add(events);
            erased.held = erased.held.saturating_add(held);
        }
        // After the events: a report that is finished from now on finds them erased.
        let mut transaction = self.begin_removal().await?;
        let holds = holds::in_force(&mut transaction).await?;
        erased.reports = reports::erase(&mut transaction, &holds, erasure).await?;
        transaction.commit().await?;
        Ok(erased)
    }

    /// One step, between which and the next events can be stored. Tells how many events it has erased,
    /// and how many are held.
    async fn erase_some(
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
            replace(&mut transaction, event.position, &event.event, now).await?;
            changed.push(event);
        }
        let positions: Vec<i64> = changed.iter().map(|event| event.position).collect();
        segments::note_stale(&mut transaction, &positions).await?;
        note(&mut transaction, id, &changed).await?;
        transaction.commit().await?;
        Ok((u64::try_from(changed.len()).unwrap_or(u64::MAX), held))
    }
}

/// Puts a tombstone in the place of an event, with the columns that are of its content.
async fn replace(
    connection: &mut Connection,
    position: i64,
    event: &str,
    erased_at: i64,
) -> Result<(), StoreError> {
    let damaged = |error: EventError| StoreError::Damaged(error.to_string());
    let tombstone = tombstone(event, &time::text(erased_at)).map_err(damaged)?;
    let left = Event::parse(tombstone.as_bytes(), &Scope::All).map_err(damaged)?;
    let replace = sqlx::query(REPLACE)
        .bind(&tombstone)
        .bind(erased_at)
        .bind(position)
        .bind(text::stored(&left.prompt_hash))
        .bind(left.gateway.completion_state)
        .bind(left.gateway.writer_id)
        .bind(left.gateway.writer_seq);
    replace.execute(connection).await?;
    Ok(())
}

/// Notes what the erasure has changed, in whole and by organization.
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

const REPLACE: &str = "
    UPDATE events SET event = $1, erased_at = $2, prompt_hash = $4, completion_state = $5,
        writer_id = CASE WHEN writer_id IS NOT NULL THEN $6 END,
        writer_seq = CASE WHEN writer_seq IS NOT NULL THEN $7 END
    WHERE position = $3";

const ERASED: &str = "SELECT erased_at, event FROM events WHERE position = $1";

const ADD: &str = "
    INSERT INTO erasures (id, organization_id, user_id, reason, created_at, events)
    VALUES ($1, $2, $3, $4, $5, 0)";

const ADD_EVENTS: &str = "UPDATE erasures SET events = events + $1 WHERE id = $2";
