//! What removing old events is in SQL.

use sqlx::SqliteConnection;

use crate::store::StoreError;

/// Positions as one value.
pub(super) fn listed(positions: &[i64]) -> String {
    format!("{positions:?}")
}

/// Notes how many events of an organization were removed.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    now: i64,
    organization: &str,
    events: i64,
) -> Result<(), StoreError> {
    let note = sqlx::query(NOTE).bind(now).bind(organization).bind(events);
    note.execute(connection).await?;
    Ok(())
}

pub(super) const NAMED: &str = "
    SELECT position, organization_id, user_id, timestamp, received_at
    FROM events WHERE position IN (SELECT value FROM json_each($1))";

pub(super) const REMOVE: &str = "
    DELETE FROM events WHERE position IN (SELECT value FROM json_each($1))
    RETURNING organization_id, request_id, coalesce(conflict_of = id, FALSE) AS was_first_of_conflict";

/// What is left of a call at some places.
pub(super) const LEFT: &str = "
    SELECT id FROM events
    WHERE request_id IN (SELECT value FROM json_each($1)) AND organization_id = $2
    ORDER BY coalesce(recorded_kind, '') = 'application', id";

pub(super) const PUT_FIRST: &str = "UPDATE events SET request_id = $1 WHERE id = $2";

pub(super) const FORGET_CONFLICTS: &str = "
    DELETE FROM conflicts WHERE position IN (SELECT value FROM json_each($1))";

const NOTE: &str = "
    INSERT INTO removals (day, cause, organization_id, events)
    VALUES (? / 86400000000, 'retention', ?, ?)
    ON CONFLICT (day, cause, organization_id) DO UPDATE SET events = events + excluded.events";
