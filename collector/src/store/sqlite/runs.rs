//! Reading writers' sequences: how much of them there is, and in which runs.

use sqlx::SqliteConnection;

use crate::store::{Run, Writer};

/// The first runs of a writer's sequence, as many as `count`.
pub(super) async fn first(
    connection: &mut SqliteConnection,
    writer: &Writer,
    count: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    let query = sqlx::query_as(FIRST)
        .bind(&writer.organization_id)
        .bind(&writer.writer_id)
        .bind(count);
    query.fetch_all(connection).await
}

/// The runs that begin nearest to `seq`, ascending: as many as `count` that begin at it or before it,
/// and as many that begin after it.
pub(super) async fn around(
    connection: &mut SqliteConnection,
    writer: &Writer,
    seq: i64,
    count: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    let query = sqlx::query_as(AROUND)
        .bind(&writer.organization_id)
        .bind(&writer.writer_id)
        .bind(seq)
        .bind(count);
    query.fetch_all(connection).await
}

/// `total` never overflows, as `sum` would: a client can send any sequence. A cast gives the largest
/// number for more.
pub(super) const TOTALS: &str = "
    SELECT count(*), count(*) FILTER (WHERE last_seq > received), coalesce(sum(events), 0),
        CAST(total(last_seq - received) AS INTEGER)
    FROM writers WHERE TRUE";

const FIRST: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE organization_id = ?1 AND writer_id = ?2
    ORDER BY first_seq LIMIT ?3";

// In one statement: a run that another has become a part of must not be missed.
const AROUND: &str = "
    SELECT first_seq, last_seq FROM (
        SELECT first_seq, last_seq FROM writer_runs
        WHERE organization_id = ?1 AND writer_id = ?2 AND first_seq <= ?3
        ORDER BY first_seq DESC LIMIT ?4
    ) AS earlier
    UNION ALL
    SELECT first_seq, last_seq FROM (
        SELECT first_seq, last_seq FROM writer_runs
        WHERE organization_id = ?1 AND writer_id = ?2 AND first_seq > ?3
        ORDER BY first_seq LIMIT ?4
    ) AS later
    ORDER BY first_seq";
