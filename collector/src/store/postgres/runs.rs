//! Reading what is missing of writers' sequences.

use crate::limits;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::sequence::writer_hash;
use crate::store::{Run, StoreError, Writer};

impl PostgresStore {
    /// The first holes of a writer's sequence, and whether there are more.
    pub(crate) async fn holes(&self, writer: &Writer) -> Result<(Vec<Run>, bool), StoreError> {
        if writer.missing() == 0 {
            return Ok((Vec::new(), false));
        }
        let query = sqlx::query_as::<_, (i64, i64)>(RUNS)
            .bind(writer_hash(&writer.organization_id, &writer.writer_id))
            // The first run may begin at 1, and then has no hole before it.
            .bind(limits::HOLES_MAX.saturating_add(2));
        let mut reader = self.reader().await?;
        let runs = query.fetch_all(&mut *reader).await?;
        let runs = runs.into_iter().map(|(first_seq, last_seq)| Run {
            first_seq,
            last_seq,
        });
        Ok(Run::holes_between(runs))
    }
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
