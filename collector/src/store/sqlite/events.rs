//! Rows of events: inserting them, and finding those of a call.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use crate::event::Field;
use crate::search::Position;
use crate::store::StoreError;
use crate::store::sqlite::logs::look_up;
use crate::store::sqlite::new_rows::NewRow;

/// Where an event goes that something was in the way of: nobody else has taken its place.
pub(super) async fn place(
    _: &mut SqliteConnection,
    row: &NewRow<'_>,
) -> Result<Position, StoreError> {
    Ok(row.position)
}

/// Inserts by one statement those whose place in their call is free, and returns their ids.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: &[NewRow<'_>],
) -> Result<HashSet<String>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(INSERT.as_str());
    query.push_values(rows, |mut values, row| {
        let event = row.event;
        let (writer, seq) = row.writer().unzip();
        values
            .push_bind(row.position.0)
            .push_bind(&row.id)
            .push_bind(look_up(&event.request_id, row.copy))
            .push_bind(event.timestamp)
            .push_bind(row.received_at)
            .push_bind(row.erased_at)
            .push_bind(writer)
            .push_bind(seq)
            .push_bind(&row.by.key_id)
            .push_bind(row.by.kind.name())
            .push_bind(&row.conflict_of)
            .push_bind(row.has_writer_of_others().then_some(true));
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

/// At which of these places of its call a record is.
pub(super) fn copy_of(
    row: &SqliteRow,
    request_id: &str,
    mut places: RangeInclusive<u8>,
) -> Result<u8, sqlx::Error> {
    let own: &str = row.try_get("request_id")?;
    let copy = places.find(|copy| look_up(request_id, *copy) == own);
    Ok(copy.unwrap_or_default())
}

/// Ids as one value.
pub(super) fn listed_ids(ids: &[String]) -> String {
    serde_json::json!(ids).to_string()
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let fields = Field::ALL.map(Field::name).join(", ");
    format!(
        "INSERT INTO events (
            position, id, request_id, timestamp, received_at, erased_at, writer_id, writer_seq,
            recorded_by, recorded_kind, conflict_of, writer_not_counted, {fields}, event
        ) "
    )
});

const INSERTED: &str = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))";

/// Of a key that was made before keys had families, or is of another database, nothing is known.
pub(super) const SIBLINGS: &str = "
    SELECT events.id, request_id, timestamp, completion_state, erased_at, user_id,
        prompt_hash, recorded_kind, conflict_of, event,
        coalesce(keys.family, recorded_by) AS family,
        coalesce(keys.role = 'admin' OR recorded_by = 'configured', FALSE) AS is_of_trusted
    FROM events LEFT JOIN keys ON keys.id = recorded_by
    WHERE request_id IN (SELECT value FROM json_each(?)) AND events.organization_id = ?";

pub(super) const DISOWN: &str = "
    UPDATE events SET writer_id = NULL, writer_seq = NULL, writer_not_counted = 1
    WHERE id IN (SELECT value FROM json_each(?))";
