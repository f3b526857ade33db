//! Reading writers' sequences: how much of them there is, and in which runs.

use sqlx::PgConnection;

use crate::store::postgres::sequence::writer_hash;
use crate::store::{Run, Writer};

/// The first runs of a writer's sequence, as many as `count`.
pub(super) async fn first(
    connection: &mut PgConnection,
    writer: &Writer,
    count: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    let query = sqlx::query_as(FIRST)
        .bind(writer_hash(&writer.organization_id, &writer.writer_id))
        .bind(count);
    query.fetch_all(connection).await
}

/// The runs that begin nearest to `seq`, ascending: as many as `count` that begin at it or before it,
/// and as many that begin after it.
pub(super) async fn around(
    connection: &mut PgConnection,
    writer: &Writer,
    seq: i64,
    count: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    let query = sqlx::query_as(AROUND)
        .bind(writer_hash(&writer.organization_id, &writer.writer_id))
        .bind(seq)
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

const FIRST: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE writer = $1
    ORDER BY first_seq LIMIT $2";

// In one statement: a run that another has become a part of must not be missed.
const AROUND: &str = "
    SELECT first_seq, last_seq FROM (
        SELECT first_seq, last_seq FROM writer_runs
        WHERE writer = $1 AND first_seq <= $2
        ORDER BY first_seq DESC LIMIT $3
    ) AS earlier
    UNION ALL
    SELECT first_seq, last_seq FROM (
        SELECT first_seq, last_seq FROM writer_runs
        WHERE writer = $1 AND first_seq > $2
        ORDER BY first_seq LIMIT $3
    ) AS later
    ORDER BY first_seq";
