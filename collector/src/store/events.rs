//! Storing events: each call once, many in one commit.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::event::Event;
use crate::store::{Position, Store, StoreError, position};

/// What became of one event.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The log id of the call: new, or the one it has had since its first event.
    pub(crate) id: String,
    pub(crate) request_id: String,
    pub(crate) status: Status,
}

/// Whether an event was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The call has an event already.
    Duplicate,
    Stored,
}

impl Store {
    /// Stores `events` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `events`.
    pub(crate) async fn insert(
        &self,
        events: Vec<Event>,
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        // IMMEDIATE, because a transaction that begins by reading cannot always go on to write.
        let mut transaction = self.writes.begin_with("BEGIN IMMEDIATE").await?;
        let mut outcomes = Vec::with_capacity(events.len());
        for event in &events {
            outcomes.push(store(&mut transaction, event, received_at).await?);
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

async fn store(
    connection: &mut SqliteConnection,
    event: &Event,
    received_at: i64,
) -> Result<Outcome, StoreError> {
    let position = position::free(connection, event.timestamp).await?;
    let new_id = format!("log_{}", Uuid::now_v7().simple());
    let (id, status) = if insert(connection, event, &new_id, position, received_at).await? {
        (new_id, Status::Stored)
    } else {
        let (id, is_pending) = first(connection, event).await?;
        let supersedes = is_pending && !event.is_pending();
        if supersedes {
            // In another place: the two may have different times, tags and words.
            sqlx::query(REMOVE)
                .bind(&id)
                .execute(&mut *connection)
                .await?;
            insert(connection, event, &id, position, received_at).await?;
        }
        (
            id,
            if supersedes {
                Status::Stored
            } else {
                Status::Duplicate
            },
        )
    };
    Ok(Outcome {
        id,
        request_id: event.request_id.clone(),
        status,
    })
}

/// Tells whether the event was inserted: it is not if its call has one already.
async fn insert(
    connection: &mut SqliteConnection,
    event: &Event,
    id: &str,
    Position(position): Position,
    received_at: i64,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(INSERT)
        .bind(position)
        .bind(id)
        .bind(&event.organization_id)
        .bind(&event.request_id)
        .bind(event.timestamp)
        .bind(received_at)
        .bind(&event.user_id)
        .bind(&event.session_id)
        .bind(&event.decision_type)
        .bind(&event.decision_outcome)
        .bind(&event.model_provider)
        .bind(&event.model_name)
        .bind(&event.risk_level)
        .bind(&event.gateway.completion_state)
        .bind(&event.prompt_hash)
        .bind(&event.gateway.writer_id)
        .bind(event.gateway.writer_seq)
        .bind(&event.text)
        .execute(connection)
        .await?;
    Ok(inserted.rows_affected() > 0)
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

const INSERT: &str = "
    INSERT INTO events (
        position, id, organization_id, request_id, timestamp, received_at, user_id, session_id,
        decision_type, decision_outcome, model_provider, model_name, risk_level,
        completion_state, prompt_hash, writer_id, writer_seq, event
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (request_id, organization_id) DO NOTHING";

const FIRST: &str = "
    SELECT id, completion_state IS 'pending' FROM events
    WHERE request_id = ? AND organization_id = ?";

const REMOVE: &str = "DELETE FROM events WHERE id = ?";
