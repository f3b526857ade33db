//! What removing old events is in SQL.

use sqlx::PgConnection;

use crate::store::StoreError;
use crate::store::postgres::hash_of;

/// Positions as one value.
pub(super) fn listed(positions: &[i64]) -> &[i64] {
    positions
}

/// Notes how many events of an organization, as a column has its id, were removed.
pub(super) async fn note(
    connection: &mut PgConnection,
    now: i64,
    organization: &str,
    events: i64,
) -> Result<(), StoreError> {
    let note = sqlx::query(NOTE)
        .bind(now)
        .bind(hash_of(organization))
        .bind(organization)
        .bind(events);
    note.execute(connection).await?;
    Ok(())
}

/// Another collector that looks at the same events waits, and does not see those that are removed;
/// in order, so that two do not wait for each other in a circle.
pub(super) const NAMED: &str = "
    SELECT position, organization_id, user_id, timestamp, received_at
    FROM events WHERE position = ANY($1::BIGINT[]) ORDER BY position FOR UPDATE";

pub(super) const REMOVE: &str = "
    DELETE FROM events WHERE position = ANY($1::BIGINT[])
    RETURNING organization_id, request_id, coalesce(conflict_of = id, FALSE) AS was_first_of_conflict";

/// What is left of a call at some places.
pub(super) const LEFT: &str = "
    SELECT id FROM events WHERE request_hash = ANY($1) AND organization_hash = $2
    ORDER BY coalesce(recorded_kind, '') = 'application', id";

pub(super) const PUT_FIRST: &str = "UPDATE events SET request_hash = $1 WHERE id = $2";

pub(super) const FORGET_CONFLICTS: &str =
    "DELETE FROM conflicts WHERE position = ANY($1::BIGINT[])";

const NOTE: &str = "
    INSERT INTO removals (day, cause, organization_hash, organization_id, events)
    VALUES ($1 / 86400000000, 'retention', $2, $3, $4)
    ON CONFLICT (day, cause, organization_hash)
    DO UPDATE SET events = removals.events + excluded.events";
