//! The connections for the queries of clients, each of which ends in time.

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, SqliteConnection};

use crate::limits;
use crate::store::StoreError;

/// Cloning gives another handle to the same connections.
#[derive(Clone)]
pub(super) struct Readers(SqlitePool);

impl Readers {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// A connection whose time begins now.
    pub(super) async fn get(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        let mut reader = self.0.acquire().await?;
        end_after(&mut reader, limits::QUERY_TIME_MAX).await?;
        Ok(reader)
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// SQLite asks every so often whether it may go on. So a query ends also when nobody waits for it
/// any more.
async fn end_after(reader: &mut SqliteConnection, time_max: Duration) -> Result<(), StoreError> {
    let began_at = Instant::now();
    reader
        .lock_handle()
        .await?
        .set_progress_handler(limits::QUERY_STEPS, move || began_at.elapsed() < time_max);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    #[tokio::test]
    async fn a_query_that_never_ends_is_ended_and_leaves_its_connection_usable() {
        let one = SqlitePoolOptions::new().max_connections(1);
        let readers = Readers::new(one.connect_lazy("sqlite::memory:").unwrap());
        let count_to = |last| {
            sqlx::query_scalar::<_, i64>(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                SELECT count(*) FROM n",
            )
            .bind(last)
        };
        let mut reader = readers.get().await.unwrap();
        end_after(&mut reader, Duration::ZERO).await.unwrap();
        let ended = count_to(i64::MAX).fetch_one(&mut *reader).await;
        let error = StoreError::from(ended.err().unwrap());
        assert!(matches!(error, StoreError::TooSlow), "{error}");
        drop(reader);

        let mut reader = readers.get().await.unwrap();
        let many = i64::from(limits::QUERY_STEPS);
        let counted = count_to(many).fetch_one(&mut *reader).await;
        assert_eq!(counted.unwrap(), many);
        drop(reader);
        readers.close().await;
    }
}
