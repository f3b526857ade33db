//! Rows of events: inserting them, and finding those of a call.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::event::Event;
use crate::event::Field;
use crate::search::Position;
use crate::store::StoreError;
use crate::store::postgres::logs::look_up;
use crate::store::postgres::new_rows::NewRow;
use crate::store::postgres::{hash_of, places, text};

/// Where an event goes that something was in the way of: another collector may have taken its place.
pub(super) async fn place(
    connection: &mut PgConnection,
    row: &NewRow<'_>,
) -> Result<Position, StoreError> {
    let places = places::free(connection, &[row.event.timestamp]).await?;
    places.into_iter().next().ok_or(StoreError::Crowded)
}

/// Inserts by one statement those whose place in their call and in time is free, and returns their ids.
/// It waits for other collectors that are about to take either.
pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[NewRow<'_>],
) -> Result<HashSet<String>, StoreError> {
    let numbers = |of: fn(&NewRow<'_>) -> i64| -> Vec<i64> { rows.iter().map(of).collect() };
    let look_ups = rows.iter();
    let look_ups = look_ups.map(|row| look_up(&row.event.request_id, row.copy));
    let organizations = rows.iter();
    let organizations = organizations.map(|row| hash_of(&row.event.organization_id));
    let texts = |of: &dyn Fn(&Event) -> Option<&str>| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|row| of(row.event).map(text::stored)).collect()
    };
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let erased_at: Vec<_> = rows.iter().map(|row| row.erased_at).collect();
    let (writers, seqs): (Vec<_>, Vec<_>) = rows.iter().map(|row| row.writer().unzip()).unzip();
    let writers: Vec<_> = writers.into_iter().map(|id| id.map(text::stored)).collect();
    let recorded_by: Vec<&str> = rows.iter().map(|row| row.by.key_id.as_str()).collect();
    let recorded_kinds: Vec<&str> = rows.iter().map(|row| row.by.kind.name()).collect();
    let conflicts: Vec<_> = rows.iter().map(|row| row.conflict_of.as_deref()).collect();
    let not_counted = rows
        .iter()
        .map(|row| row.has_writer_of_others().then_some(true));
    let not_counted: Vec<Option<bool>> = not_counted.collect();
    let events: Vec<&str> = rows.iter().map(|row| row.event.text.as_str()).collect();
    let mut query = sqlx::query_scalar(INSERT.as_str())
        .bind(numbers(|row| row.position.0))
        .bind(ids)
        .bind(look_ups.collect::<Vec<_>>())
        .bind(organizations.collect::<Vec<_>>())
        .bind(texts(&|event| Some(&event.request_id)))
        .bind(numbers(|row| row.event.timestamp))
        .bind(numbers(|row| row.received_at))
        .bind(erased_at)
        .bind(writers)
        .bind(seqs)
        .bind(events)
        .bind(recorded_by)
        .bind(recorded_kinds)
        .bind(conflicts)
        .bind(not_counted);
    for field in Field::ALL {
        query = query.bind(texts(&|event| event.value(field)));
    }
    let inserted: Vec<String> = query.fetch_all(connection).await?;
    Ok(inserted.into_iter().collect())
}

/// At which of these places of its call a record is.
pub(super) fn copy_of(
    row: &PgRow,
    request_id: &str,
    mut places: RangeInclusive<u8>,
) -> Result<u8, sqlx::Error> {
    let own: &[u8] = row.try_get("request_hash")?;
    let copy = places.find(|copy| look_up(request_id, *copy) == own);
    Ok(copy.unwrap_or_default())
}

/// Ids as one value.
pub(super) fn listed_ids(ids: &[String]) -> Vec<String> {
    ids.to_vec()
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let fields = Field::ALL.map(Field::name).join(", ");
    let (first, end) = (OWN_COLUMNS + 1, OWN_COLUMNS + 1 + Field::ALL.len());
    let values = (first..end).map(|number| format!("${number}::TEXT[]"));
    let values = values.collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO events (
            position, id, request_hash, organization_hash, request_id, timestamp, received_at,
            erased_at, writer_id, writer_seq, event, recorded_by, recorded_kind, conflict_of,
            writer_not_counted, {fields}
        )
        SELECT * FROM unnest(
            $1::BIGINT[], $2::TEXT[], $3::BYTEA[], $4::BYTEA[], $5::TEXT[], $6::BIGINT[],
            $7::BIGINT[], $8::BIGINT[], $9::TEXT[], $10::BIGINT[], $11::TEXT[],
            $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::BOOLEAN[], {values}
        )
        ON CONFLICT DO NOTHING
        RETURNING id"
    )
});

/// Those that are not a [`Field`].
const OWN_COLUMNS: usize = 15;

/// Of a key that was made before keys had families, or is of another database, nothing is known.
pub(super) const SIBLINGS: &str = "
    SELECT events.id, request_hash, timestamp, completion_state, erased_at, user_id,
        prompt_hash, recorded_kind, conflict_of, event,
        coalesce(keys.family, recorded_by) AS family,
        coalesce(keys.role = 'admin' OR recorded_by = 'configured', FALSE) AS is_of_trusted
    FROM events LEFT JOIN keys ON keys.id = recorded_by
    WHERE request_hash = ANY($1) AND organization_hash = $2";

pub(super) const DISOWN: &str = "
    UPDATE events SET writer_id = NULL, writer_seq = NULL, writer_not_counted = TRUE
    WHERE id = ANY($1)";
