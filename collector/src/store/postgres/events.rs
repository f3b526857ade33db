//! Storing events: each call once, many in one commit, whichever collector they come to.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::PgConnection;

use crate::event::Event;
use crate::limits;
use crate::store::postgres::new_rows::{NewRow, rows};
use crate::store::postgres::{
    PostgresStore, Tries, hash_of, in_time, position, segments, sequence, text,
};
use crate::store::segments::Indexed;
use crate::store::{Outcome, Position, Status, StoreError};

impl PostgresStore {
    /// Stores `events` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `events`.
    pub(crate) async fn insert(
        &self,
        events: &[Event],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut tries = Tries::new();
        loop {
            let insert = self.insert_once(events, received_at);
            match in_time(limits::TRANSACTION_TIME_MAX, insert).await {
                Err(error) if tries.go_on_after(&error) => {}
                result => return result,
            }
        }
    }

    async fn insert_once(
        &self,
        events: &[Event],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut outcomes = Vec::with_capacity(events.len());
        let mut found_by = Vec::with_capacity(events.len());
        while let Some((_, rest)) = events.split_at_checked(outcomes.len())
            && !rest.is_empty()
        {
            let rows = rows(&mut transaction, rest, received_at).await?;
            outcomes.extend(store(&mut transaction, rows, &mut found_by).await?);
        }
        segments::add(&mut transaction, &found_by).await?;
        let statuses = outcomes.iter().map(|outcome| outcome.status);
        sequence::note(&mut transaction, events.iter().zip(statuses)).await?;
        transaction.commit().await?;
        Ok(outcomes)
    }
}

/// What is stored goes to `found_by`, with what it can be found by.
async fn store(
    connection: &mut PgConnection,
    rows: Vec<NewRow<'_>>,
    found_by: &mut Vec<Indexed>,
) -> Result<Vec<Outcome>, StoreError> {
    let inserted = insert(connection, &rows).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let event = row.event;
        let (id, status, position) = match inserted.contains(&row.id) {
            true => (row.id, Status::Stored, row.position),
            false => store_after_another(connection, row).await?,
        };
        if status != Status::Duplicate {
            found_by.push((position, Arc::clone(&event.terms)));
        }
        outcomes.push(Outcome {
            id,
            request_id: event.request_id.clone(),
            status,
        });
    }
    Ok(outcomes)
}

/// Stores an event that something is in the way of: the event that its call has already, which goes
/// if it says only that the call began, or one that another collector has put in its place.
async fn store_after_another(
    connection: &mut PgConnection,
    mut row: NewRow<'_>,
) -> Result<(String, Status, Position), StoreError> {
    let mut status = Status::Stored;
    for _ in 0..limits::PLACE_TRIES_MAX {
        if let Some((id, is_pending)) = first(connection, row.event).await? {
            if !is_pending || row.event.is_pending() {
                return Ok((id, Status::Duplicate, row.position));
            }
            if !remove_pending(connection, &id).await? {
                // Another collector was first: with the end of the call, or because it is old.
                continue;
            }
            status = Status::Superseding;
            row.id = id;
        }
        let places = position::free(connection, &[row.event.timestamp]).await?;
        row.position = places.into_iter().next().ok_or(StoreError::Crowded)?;
        let inserted = insert(connection, std::slice::from_ref(&row)).await?;
        if inserted.contains(&row.id) {
            return Ok((row.id, status, row.position));
        }
    }
    Err(StoreError::Crowded)
}

/// Inserts by one statement those whose call has no event yet and whose place is free, and returns
/// their ids. It waits for other collectors that are about to take either.
async fn insert(
    connection: &mut PgConnection,
    rows: &[NewRow<'_>],
) -> Result<HashSet<String>, StoreError> {
    let texts = |of: fn(&Event) -> &str| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| text::stored(of(row.event))).collect()
    };
    let optional_texts = |of: fn(&Event) -> Option<&str>| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| of(row.event).map(text::stored)).collect()
    };
    let numbers = |of: fn(&NewRow<'_>) -> i64| -> Vec<i64> { rows.iter().map(of).collect() };
    let seqs = rows.iter().map(|row| row.event.gateway.writer_seq);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let hashes = |of: fn(&Event) -> &str| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| hash_of(of(row.event))).collect()
    };
    let query = sqlx::query_scalar(INSERT)
        .bind(numbers(|row| row.position.0))
        .bind(ids)
        .bind(hashes(|event| &event.request_id))
        .bind(hashes(|event| &event.organization_id))
        .bind(texts(|event| &event.organization_id))
        .bind(texts(|event| &event.request_id))
        .bind(numbers(|row| row.event.timestamp))
        .bind(numbers(|row| row.received_at))
        .bind(texts(|event| &event.user_id))
        .bind(optional_texts(|event| event.session_id.as_deref()))
        .bind(optional_texts(|event| event.decision_type.as_deref()))
        .bind(optional_texts(|event| event.decision_outcome.as_deref()))
        .bind(texts(|event| &event.model_provider))
        .bind(texts(|event| &event.model_name))
        .bind(optional_texts(|event| event.risk_level.as_deref()))
        .bind(optional_texts(|event| {
            event.gateway.completion_state.as_deref()
        }))
        .bind(texts(|event| &event.prompt_hash))
        .bind(optional_texts(|event| event.gateway.writer_id.as_deref()))
        .bind(seqs.collect::<Vec<_>>())
        .bind(
            rows.iter()
                .map(|row| row.event.text.as_str())
                .collect::<Vec<_>>(),
        );
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

/// Whether it was still there.
async fn remove_pending(connection: &mut PgConnection, id: &str) -> Result<bool, StoreError> {
    let remove = sqlx::query_scalar(REMOVE_PENDING).bind(id);
    let Some(position) = remove.fetch_optional(&mut *connection).await? else {
        return Ok(false);
    };
    segments::note_stale(connection, &[position]).await?;
    Ok(true)
}

const INSERT: &str = "
    INSERT INTO events (
        position, id, request_hash, organization_hash, organization_id, request_id, timestamp,
        received_at, user_id, session_id, decision_type, decision_outcome, model_provider,
        model_name, risk_level, completion_state, prompt_hash, writer_id, writer_seq, event
    )
    SELECT
        position, id, request_hash, organization_hash, organization_id, request_id, timestamp,
        received_at, user_id, session_id, decision_type, decision_outcome, model_provider,
        model_name, risk_level, completion_state, prompt_hash, writer_id, writer_seq, event
    FROM unnest(
        $1::BIGINT[], $2::TEXT[], $3::BYTEA[], $4::BYTEA[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
        $8::BIGINT[], $9::TEXT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::TEXT[],
        $15::TEXT[], $16::TEXT[], $17::TEXT[], $18::TEXT[], $19::BIGINT[], $20::TEXT[]
    ) AS rows (
        position, id, request_hash, organization_hash, organization_id, request_id, timestamp,
        received_at, user_id, session_id, decision_type, decision_outcome, model_provider,
        model_name, risk_level, completion_state, prompt_hash, writer_id, writer_seq, event
    )
    ON CONFLICT DO NOTHING
    RETURNING id";

const FIRST: &str = "
    SELECT id, completion_state IS NOT DISTINCT FROM 'pending' FROM events
    WHERE request_hash = $1 AND organization_hash = $2";

const REMOVE_PENDING: &str = "
    DELETE FROM events WHERE id = $1 AND completion_state = 'pending' RETURNING position";
