//! The next free place in a microsecond.

use sqlx::SqliteConnection;

use crate::store::StoreError;

/// What is behind the last position that is taken in each of these microseconds, by their starts.
pub(super) async fn next(
    connection: &mut SqliteConnection,
    starts: Vec<i64>,
) -> Result<Vec<i64>, StoreError> {
    let query = sqlx::query_scalar(NEXT).bind(format!("{starts:?}"));
    let next: String = query.fetch_one(connection).await?;
    serde_json::from_str(&next).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Of an array, which JSON carries in one value, as are the answers.
const NEXT: &str = "
    SELECT json_group_array(coalesce(
        (SELECT max(position) + 1 FROM events WHERE position BETWEEN value AND value + 999),
        value
    ) ORDER BY key)
    FROM json_each(?)";
