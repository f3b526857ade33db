//! Reading what is missing of writers' sequences.

use crate::limits;
use crate::store::sqlite::SqliteStore;
use crate::store::{Run, StoreError, Writer};

impl SqliteStore {
    /// The first holes of a writer's sequence, and whether there are more.
    pub(crate) async fn holes(&self, writer: &Writer) -> Result<(Vec<Run>, bool), StoreError> {
        if writer.missing() == 0 {
            return Ok((Vec::new(), false));
        }
        let query = sqlx::query_as::<_, (i64, i64)>(RUNS)
            .bind(&writer.organization_id)
            .bind(&writer.writer_id)
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

/// `total` never overflows, as `sum` would: a client can send any sequence. A cast gives the largest
/// number for more.
pub(super) const TOTALS: &str = "
    SELECT count(*), count(*) FILTER (WHERE last_seq > received), coalesce(sum(events), 0),
        CAST(total(last_seq - received) AS INTEGER)
    FROM writers WHERE TRUE";

const RUNS: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE organization_id = ? AND writer_id = ?
    ORDER BY first_seq LIMIT ?";
