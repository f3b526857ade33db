//! Reading writers' sequences: how much of them there is, and in which runs.

use sqlx::SqliteConnection;

use crate::store::Writer;

/// The first runs of a writer's sequence, as many as `count`: of each its first and last number.
pub(super) async fn first(
    connection: &mut SqliteConnection,
    writer: &Writer,
    count: i64,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let query = sqlx::query_as(RUNS)
        .bind(&writer.organization_id)
        .bind(&writer.writer_id)
        .bind(count);
    query.fetch_all(connection).await
}

/// `total` never overflows, as `sum` would: a client can send any sequence. A cast gives the largest
/// number for more.
pub(super) const TOTALS: &str = "
    SELECT count(*), count(*) FILTER (WHERE last_seq > received), coalesce(sum(events), 0),
        CAST(total(last_seq - received) AS INTEGER)
    FROM writers WHERE TRUE";

const RUNS: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE organization_id = ? AND writer_id = ?
    ORDER BY first_seq LIMIT ?";
