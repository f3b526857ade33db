//! Storing events: each call once, many in one commit.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::event::Event;
use crate::store::{Store, StoreError};

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
        for event in events {
            outcomes.push(insert_one(&mut transaction, event, received_at).await?);
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

async fn insert_one(
    connection: &mut SqliteConnection,
    event: Event,
    received_at: i64,
) -> Result<Outcome, StoreError> {
    let (request_id, organization_id) = (event.request_id.clone(), event.organization_id.clone());
    let stored = sqlx::query_scalar::<_, String>(INSERT)
        .bind(format!("log_{}", Uuid::now_v7().simple()))
        .bind(event.organization_id)
        .bind(event.request_id)
        .bind(event.timestamp)
        .bind(received_at)
        .bind(event.user_id)
        .bind(event.session_id)
        .bind(event.decision_type)
        .bind(event.decision_outcome)
        .bind(event.model_provider)
        .bind(event.model_name)
        .bind(event.risk_level)
        .bind(event.gateway.completion_state)
        .bind(event.prompt_hash)
        .bind(event.gateway.writer_id)
        .bind(event.gateway.writer_seq)
        .bind(event.text)
        .fetch_optional(&mut *connection)
        .await?;
    let (id, status) = match stored {
        Some(id) => (id, Status::Stored),
        None => {
            let first = sqlx::query_scalar(FIRST_ID)
                .bind(&request_id)
                .bind(organization_id);
            (first.fetch_one(connection).await?, Status::Duplicate)
        }
    };
    Ok(Outcome {
        id,
        request_id,
        status,
    })
}

/// Returns the id if the event was stored, and no row if its call has an event already.
///
/// A pending event says only that a call began. The event of its end takes its place and its id.
const INSERT: &str = "
    INSERT INTO events (
        id, organization_id, request_id, timestamp, received_at, user_id, session_id,
        decision_type, decision_outcome, model_provider, model_name, risk_level,
        completion_state, prompt_hash, writer_id, writer_seq, event
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (request_id, organization_id) DO UPDATE SET
        timestamp = excluded.timestamp,
        received_at = excluded.received_at,
        user_id = excluded.user_id,
        session_id = excluded.session_id,
        decision_type = excluded.decision_type,
        decision_outcome = excluded.decision_outcome,
        model_provider = excluded.model_provider,
        model_name = excluded.model_name,
        risk_level = excluded.risk_level,
        completion_state = excluded.completion_state,
        prompt_hash = excluded.prompt_hash,
        writer_id = excluded.writer_id,
        writer_seq = excluded.writer_seq,
        event = excluded.event
    WHERE events.completion_state = 'pending' AND excluded.completion_state IS NOT 'pending'
    RETURNING id";

const FIRST_ID: &str = "SELECT id FROM events WHERE request_id = ? AND organization_id = ?";
