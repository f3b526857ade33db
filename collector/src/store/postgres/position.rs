//! The next free place in a microsecond.

use sqlx::PgConnection;

use crate::store::StoreError;

/// What is behind the last position that is taken in each of these microseconds, by their starts.
pub(super) async fn next(
    connection: &mut PgConnection,
    starts: Vec<i64>,
) -> Result<Vec<i64>, StoreError> {
    let next = sqlx::query_scalar(NEXT).bind(starts);
    Ok(next.fetch_all(connection).await?)
}

const NEXT: &str = "
    SELECT coalesce(
        (SELECT max(position) + 1 FROM events WHERE position BETWEEN start AND start + 999),
        start
    )
    FROM unnest($1::BIGINT[]) WITH ORDINALITY AS starts (start, number) ORDER BY number";
