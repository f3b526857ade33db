//! Storing events: each call once, many in one commit, whichever collector they come to.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use sqlx::PgConnection;

use crate::event::Event;
use crate::limits;
use crate::store::postgres::new_rows::{NewRow, without_content};
use crate::store::postgres::storing::store;
use crate::store::postgres::{PostgresStore, hash_of, position, segments, sequence, text};
use crate::store::segments::Indexed;
use crate::store::{Field, Outcome, Status, StoreError};

impl PostgresStore {
    /// Stores `events` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `events`.
    pub(crate) async fn insert(
        &self,
        events: &[Event],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        self.tried(|| self.insert_once(events, received_at)).await
    }

    async fn insert_once(
        &self,
        events: &[Event],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found_by = Vec::with_capacity(events.len());
        let outcomes = store(&mut transaction, events, received_at, &mut found_by).await?;
        segments::add(&mut transaction, &found_by).await?;
        let statuses = outcomes.iter().map(|outcome| outcome.status);
        sequence::note(&mut transaction, events.iter().zip(statuses)).await?;
        transaction.commit().await?;
        Ok(outcomes)
    }
}

/// Stores an event that something is in the way of: the event that its call has already, which goes
/// if it says only that the call began, or one that another collector has put in its place.
pub(super) async fn store_after_another(
    connection: &mut PgConnection,
    mut row: NewRow<'_>,
    found_by: &mut Vec<Indexed>,
) -> Result<(String, Status), StoreError> {
    let (sent, mut erased) = (row.event, None);
    let mut status = Status::Stored;
    for _ in 0..limits::PLACE_TRIES_MAX {
        if let Some((id, is_pending)) = first(connection, sent).await? {
            if !is_pending || sent.is_pending() {
                return Ok((id, Status::Duplicate));
            }
            let Some(erased_at) = remove_pending(connection, &id).await? else {
                // Another collector was first: with the end of the call, or because it is old.
                continue;
            };
            let tombstone = erased_at.map(|at| without_content(sent, at));
            erased = tombstone.transpose()?;
            row.erased_at = erased_at;
            status = Status::Superseding;
            row.id = id;
        }
        let event = erased.as_ref().unwrap_or(sent);
        let places = position::free(connection, &[event.timestamp]).await?;
        let position = places.into_iter().next().ok_or(StoreError::Crowded)?;
        let place = NewRow {
            position,
            event,
            id: row.id.clone(),
            ..row
        };
        let inserted = insert(connection, &[place]).await?;
        if inserted.contains(&row.id) {
            found_by.push((position, Arc::clone(&event.terms)));
            return Ok((row.id, status));
        }
    }
    Err(StoreError::Crowded)
}

/// Inserts by one statement those whose call has no event yet and whose place is free, and returns
/// their ids. It waits for other collectors that are about to take either.
pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[NewRow<'_>],
) -> Result<HashSet<String>, StoreError> {
    let numbers = |of: fn(&NewRow<'_>) -> i64| -> Vec<i64> { rows.iter().map(of).collect() };
    let hashes = |of: fn(&Event) -> &str| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| hash_of(of(row.event))).collect()
    };
    let texts = |of: &dyn Fn(&Event) -> Option<&str>| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| of(row.event).map(text::stored)).collect()
    };
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let erased_at: Vec<_> = rows.iter().map(|row| row.erased_at).collect();
    let gateways = rows.iter().map(|row| &row.event.gateway);
    let seqs: Vec<_> = gateways.map(|gateway| gateway.writer_seq).collect();
    let events: Vec<&str> = rows.iter().map(|row| row.event.text.as_str()).collect();
    let mut query = sqlx::query_scalar(INSERT.as_str())
        .bind(numbers(|row| row.position.0))
        .bind(ids)
        .bind(hashes(|event| &event.request_id))
        .bind(hashes(|event| &event.organization_id))
        .bind(texts(&|event| Some(&event.request_id)))
        .bind(numbers(|row| row.event.timestamp))
        .bind(numbers(|row| row.received_at))
        .bind(erased_at)
        .bind(texts(&|event| event.gateway.writer_id.as_deref()))
        .bind(seqs)
        .bind(events);
    for field in Field::ALL {
        query = query.bind(texts(&|event| event.value(field)));
    }
    let inserted: Vec<String> = query.fetch_all(connection).await?;
    Ok(inserted.into_iter().collect())
}

/// The id of the event that the call has, and whether it says only that the call began.
async fn first(
    connection: &mut PgConnection,
    event: &Event,
) -> Result<Option<(String, bool)>, StoreError> {
    let query = sqlx::query_as(FIRST)
        .bind(hash_of(&event.request_id))
        .bind(hash_of(&event.organization_id));
    Ok(query.fetch_optional(connection).await?)
}

/// When it was erased, if it was; `None` if it is no longer there.
async fn remove_pending(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Option<i64>>, StoreError> {
    let remove = sqlx::query_as(REMOVE_PENDING).bind(id);
    let removed = remove.fetch_optional(&mut *connection).await?;
    let Some((position, erased_at)) = removed else {
        return Ok(None);
    };
    segments::note_stale(connection, &[position]).await?;
    Ok(Some(erased_at))
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let fields = Field::columns();
    let (first, end) = (OWN_COLUMNS + 1, OWN_COLUMNS + 1 + Field::ALL.len());
    let values = (first..end).map(|number| format!("${number}::TEXT[]"));
    let values = values.collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO events (
            position, id, request_hash, organization_hash, request_id, timestamp, received_at,
            erased_at, writer_id, writer_seq, event, {fields}
        )
        SELECT * FROM unnest(
            $1::BIGINT[], $2::TEXT[], $3::BYTEA[], $4::BYTEA[], $5::TEXT[], $6::BIGINT[],
            $7::BIGINT[], $8::BIGINT[], $9::TEXT[], $10::BIGINT[], $11::TEXT[], {values}
        )
        ON CONFLICT DO NOTHING
        RETURNING id"
    )
});

/// Those that are not a [`Field`].
const OWN_COLUMNS: usize = 11;

const FIRST: &str = "
    SELECT id, completion_state IS NOT DISTINCT FROM 'pending' FROM events
    WHERE request_hash = $1 AND organization_hash = $2";

const REMOVE_PENDING: &str = "
    DELETE FROM events WHERE id = $1 AND completion_state = 'pending'
    RETURNING position, erased_at";
