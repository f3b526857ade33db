//! Erasing the content of one user's events, a few at a time.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use crate::event::tombstone;
use crate::limits;
use crate::search::Term;
use crate::store::history::by_organization;
use crate::store::postgres::found::Found;
use crate::store::postgres::terms::SNAPSHOT;
use crate::store::postgres::{PostgresStore, Tries, hash_of, holds, reports, segments, text};
use crate::store::segments::Share;
use crate::store::{Erasable, Erased, Erasure, Field, Left, Position, StoreError};
use crate::time;

struct Candidate {
    position: i64,
    organization_id: String,
    event: String,
}

impl<'r> FromRow<'r, PgRow> for Candidate {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            organization_id: text::read(row.try_get("organization_id")?),
            event: row.try_get("event")?,
        })
    }
}

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
    async fn found(&self, erasure: &Erasure) -> Result<Vec<i64>, StoreError> {
        let user = Term::member(Field::UserId.name(), &erasure.user_id);
        let organization = erasure.scope.id();
        let organization = organization.map(|id| Term::member(Field::OrganizationId.name(), id));
        let terms = [user].into_iter().chain(organization).collect();
        let mut snapshot = self.writes.begin_with(SNAPSHOT).await?;
        let (first, last) = (Position::FIRST, Position::LAST);
        let mut found = Found::by(&mut snapshot, terms, first, last).await?;
        let found = found.next(&mut snapshot, usize::MAX).await?;
        Ok(found.into_iter().map(|position| position.0).collect())
    }

    /// Erases for good: nothing of it can be read any more. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn erase(&self, erasure: &Erasure, now: i64) -> Result<Erased, StoreError> {
        let id = format!("erasure_{}", Uuid::now_v7().simple());
        sqlx::query(ADD)
            .bind(&id)
            .bind(erasure.scope.id().map(text::stored))
            .bind(text::stored(&erasure.user_id))
            .bind(text::stored(&erasure.reason))
            .bind(now)
            .execute(&self.writes)
            .await?;
        let mut erased = Erased {
            left: Left::FilesOfServer,
            ..Erased::default()
        };
        let positions = self.found(erasure).await?;
        for positions in positions.chunks(limits::ERASURE_STEP_EVENTS) {
            let (events, held) = self.erase_step(erasure, &id, positions, now).await?;
            erased.events = erased.events.saturating_add(events);
            erased.held = erased.held.saturating_add(held);
        }
        // Only then are their words gone, too.
        self.refresh_segments(Share::Any).await?;
        // After the events: a report that is finished from now on finds them erased.
        let mut transaction = self.begin_removal().await?;
        let holds = holds::in_force(&mut transaction).await?;
        erased.reports = reports::erase(&mut transaction, &holds, erasure).await?;
        transaction.commit().await?;
        Ok(erased)
    }

    async fn erase_step(
        &self,
        erasure: &Erasure,
        id: &str,
        positions: &[i64],
        now: i64,
    ) -> Result<(u64, u64), StoreError> {
        let mut tries = Tries::new();
        loop {
            match self.erase_some(erasure, id, positions, now).await {
                Err(error) if tries.go_on_after(&error) => {}
                result => return result,
            }
        }
    }

    /// One step, between which and the next it lets go of what it locks. Tells how many events it has
    /// erased, and how many are held.
    async fn erase_some(
        &self,
        erasure: &Erasure,
        id: &str,
        positions: &[i64],
        now: i64,
    ) -> Result<(u64, u64), StoreError> {
        let mut transaction = self.begin_removal().await?;
        let holds = holds::in_force(&mut transaction).await?;
        let candidates: Vec<Candidate> = sqlx::query_as(CANDIDATES)
            .bind(positions)
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
    connection: &mut PgConnection,
    event: &Candidate,
    now: i64,
) -> Result<(), StoreError> {
    let damaged = |error: crate::event::EventError| StoreError::Damaged(error.to_string());
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
    connection: &mut PgConnection,
    erasure_id: &str,
    changed: &[&Candidate],
) -> Result<(), StoreError> {
    let organizations = changed.iter().map(|event| event.organization_id.as_str());
    for (organization, events) in by_organization(organizations) {
        let add = sqlx::query(ADD_EVENTS).bind(events).bind(erasure_id);
        add.execute(&mut *connection).await?;
        let add = sqlx::query(ADD_EVENTS_OF)
            .bind(erasure_id)
            .bind(hash_of(organization))
            .bind(text::stored(organization))
            .bind(events);
        add.execute(&mut *connection).await?;
    }
    Ok(())
}

const COUNT: &str = "
    SELECT organization_id, count(*) - count(erased_at), count(erased_at) FROM events
    WHERE position = ANY($1::BIGINT[]) AND user_id = $2
    AND ($3::TEXT IS NULL OR organization_id = $3) GROUP BY organization_id";

// In order, so that two erasures do not wait for each other in a circle.
const CANDIDATES: &str = "
    SELECT position, organization_id, event FROM events
    WHERE position = ANY($1::BIGINT[]) AND user_id = $2
    AND ($3::TEXT IS NULL OR organization_id = $3) AND erased_at IS NULL
    ORDER BY position FOR UPDATE";

const REPLACE: &str = "
    UPDATE events SET event = $1, erased_at = $2 WHERE position = $3";

const ADD: &str = "
    INSERT INTO erasures (id, organization_id, user_id, reason, created_at, events)
    VALUES ($1, $2, $3, $4, $5, 0)";

const ADD_EVENTS: &str = "UPDATE erasures SET events = events + $1 WHERE id = $2";

const ADD_EVENTS_OF: &str = "
    INSERT INTO erased_events (erasure_id, organization_hash, organization_id, events)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (erasure_id, organization_hash)
    DO UPDATE SET events = erased_events.events + excluded.events";
