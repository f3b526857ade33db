//! Reading writers' sequences: how much of them there is, and in which runs.

use sqlx::PgConnection;

use crate::store::Writer;
use crate::store::postgres::sequence::writer_hash;

/// The first runs of a writer's sequence, as many as `count`: of each its first and last number.
pub(super) async fn first(
    connection: &mut PgConnection,
    writer: &Writer,
    count: i64,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let query = sqlx::query_as(RUNS)
        .bind(writer_hash(&writer.organization_id, &writer.writer_id))
        .bind(count);
    query.fetch_all(connection).await
}

/// Sums are exact, and may be more than a number can be: a client can send any sequence.
pub(super) const TOTALS: &str = "
    SELECT
        count(*),
        count(*) FILTER (WHERE last_seq > received),
        least(coalesce(sum(events), 0), 9223372036854775807)::BIGINT,
        least(coalesce(sum(last_seq - received), 0), 9223372036854775807)::BIGINT
    FROM writers WHERE TRUE";

const RUNS: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE writer = $1 ORDER BY first_seq LIMIT $2";
