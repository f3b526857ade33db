//! Storing events: each call once, many in one commit.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::event::Event;
use crate::store::segments::Indexed;
use crate::store::sqlite::new_rows::{NewRow, without_content};
use crate::store::sqlite::storing::store;
use crate::store::sqlite::{SqliteStore, segments, sequence};
use crate::store::{Field, Outcome, Status, StoreError};

impl SqliteStore {
    /// Stores `events` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `events`.
    pub(crate) async fn insert(
        &self,
        events: &[Event],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found_by = Vec::with_capacity(events.len());
        let outcomes = store(&mut transaction, events, received_at, &mut found_by).await?;
        segments::note_unindexed(&mut transaction, &found_by).await?;
        let statuses = outcomes.iter().map(|outcome| outcome.status);
        sequence::note(&mut transaction, events.iter().zip(statuses)).await?;
        // Before the commit: whoever sees the database after it finds what is new there. The event of
        // a call's end takes the place of the record of its prompt, which is gone then.
        let added = found_by.len();
        self.tail.add(found_by);
        let committed = transaction.commit().await;
        if committed.is_err() {
            self.tail.take_back(added);
        }
        committed?;
        Ok(outcomes)
    }
}

/// Stores the event of a call that has one already, if that one says only that the call began.
pub(super) async fn store_after_another(
    connection: &mut SqliteConnection,
    mut row: NewRow<'_>,
    found_by: &mut Vec<Indexed>,
) -> Result<(String, Status), StoreError> {
    let (id, is_pending) = first(connection, row.event).await?;
    if !is_pending || row.event.is_pending() {
        return Ok((id, Status::Duplicate));
    }
    // In another place: the two may have different times, tags and words.
    let remove = sqlx::query_as(REMOVE).bind(&id);
    let (position, erased_at): (i64, Option<i64>) = remove.fetch_one(&mut *connection).await?;
    segments::note_stale(connection, &[position]).await?;
    let erased = erased_at.map(|at| without_content(row.event, at));
    let erased = erased.transpose()?;
    row.event = erased.as_ref().unwrap_or(row.event);
    row.erased_at = erased_at;
    row.id.clone_from(&id);
    found_by.push((row.position, Arc::clone(&row.event.terms)));
    insert(connection, &[row]).await?;
    Ok((id, Status::Superseding))
}

/// Inserts by one statement those whose call has no event yet, and returns their ids.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: &[NewRow<'_>],
) -> Result<HashSet<String>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(INSERT.as_str());
    query.push_values(rows, |mut values, row| {
        let event = row.event;
        values
            .push_bind(row.position.0)
            .push_bind(&row.id)
            .push_bind(&event.request_id)
            .push_bind(event.timestamp)
            .push_bind(row.received_at)
            .push_bind(row.erased_at)
            .push_bind(&event.gateway.writer_id)
            .push_bind(event.gateway.writer_seq);
        for field in Field::ALL {
            values.push_bind(event.value(field));
        }
        values.push_bind(&event.text);
    });
    query.push(" ON CONFLICT (request_id, organization_id) DO NOTHING");
    let inserted = query.build().execute(&mut *connection).await?;
    let ids = rows.iter().map(|row| row.id.clone());
    if usize::try_from(inserted.rows_affected()) == Ok(rows.len()) {
        return Ok(ids.collect());
    }
    // Asked only now: each row that comes back is a message between two threads.
    let ids: Vec<String> = ids.collect();
    let query = sqlx::query_scalar(INSERTED).bind(format!("{ids:?}"));
    let inserted: Vec<String> = query.fetch_all(connection).await?;
    Ok(inserted.into_iter().collect())
}

/// The id of the event that the call has, and whether it says only that the call began.
async fn first(
    connection: &mut SqliteConnection,
    event: &Event,
) -> Result<(String, bool), StoreError> {
    let query = sqlx::query_as(FIRST)
        .bind(&event.request_id)
        .bind(&event.organization_id);
    Ok(query.fetch_one(connection).await?)
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let fields = Field::columns();
    format!(
        "INSERT INTO events (
            position, id, request_id, timestamp, received_at, erased_at, writer_id, writer_seq,
            {fields}, event
        ) "
    )
});

const INSERTED: &str = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))";

const FIRST: &str = "
    SELECT id, completion_state IS 'pending' FROM events
    WHERE request_id = ? AND organization_id = ?";

const REMOVE: &str = "DELETE FROM events WHERE id = ? RETURNING position, erased_at";
