//! Reading what was received of each writer, and what is missing.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use crate::limits;
use crate::store::sqlite::SqliteStore;
use crate::store::{Run, StoreError, Writer, WriterFilter, WriterPage, WriterTotals};

impl<'r> FromRow<'r, SqliteRow> for Writer {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            organization_id: row.try_get("organization_id")?,
            writer_id: row.try_get("writer_id")?,
            events: row.try_get("events")?,
            received: row.try_get("received")?,
            last_seq: row.try_get("last_seq")?,
            first_timestamp: row.try_get("first_timestamp")?,
            last_timestamp: row.try_get("last_timestamp")?,
        })
    }
}

impl SqliteStore {
    /// A page of writers, in the order of their names.
    pub(crate) async fn writers(&self, filter: &WriterFilter) -> Result<WriterPage, StoreError> {
        let mut query = QueryBuilder::new("SELECT * FROM writers WHERE TRUE");
        filter.check(&mut query);
        if let Some((organization, writer)) = &filter.after {
            query.push(" AND (organization_id, writer_id) > (");
            query.push_bind(organization.clone()).push(", ");
            query.push_bind(writer.clone()).push(")");
        }
        let rows_max = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        query.push(" ORDER BY organization_id, writer_id LIMIT ");
        query.push_bind(rows_max.saturating_add(1));
        let mut reader = self.reader().await?;
        let query = query.build_query_as();
        let mut writers: Vec<Writer> = query.fetch_all(&mut *reader).await?;
        let has_more = writers.len() > filter.limit;
        writers.truncate(filter.limit);
        Ok(WriterPage { writers, has_more })
    }

    /// What all writers of `filter` come to, on whichever page they are.
    pub(crate) async fn writer_totals(
        &self,
        filter: &WriterFilter,
    ) -> Result<WriterTotals, StoreError> {
        let mut query = QueryBuilder::new(TOTALS);
        filter.check(&mut query);
        let mut reader = self.reader().await?;
        let query = query.build_query_as();
        let totals: (i64, i64, i64, f64) = query.fetch_one(&mut *reader).await?;
        let (writers, incomplete_writers, events, missing) = totals;
        Ok(WriterTotals {
            writers,
            incomplete_writers,
            events,
            missing: saturated(missing),
        })
    }

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

impl WriterFilter {
    fn check(&self, query: &mut QueryBuilder<Sqlite>) {
        if let Some(organization) = &self.organization_id {
            query.push(" AND organization_id = ");
            query.push_bind(organization.clone());
        }
        if let Some(writer) = &self.writer_id {
            query.push(" AND writer_id = ").push_bind(writer.clone());
        }
        if let Some(from) = self.from {
            query.push(" AND last_timestamp >= ").push_bind(from);
        }
        if let Some(until) = self.until {
            query.push(" AND first_timestamp < ").push_bind(until);
        }
        if self.is_incomplete {
            query.push(" AND last_seq > received");
        }
    }
}

/// A sum may be more than a number can be: a client can send any sequence.
fn saturated(sum: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
    let saturated = sum as i64;
    saturated
}

/// `total` never overflows, as `sum` would.
const TOTALS: &str = "
    SELECT count(*), count(*) FILTER (WHERE last_seq > received), coalesce(sum(events), 0),
        total(last_seq - received)
    FROM writers WHERE TRUE";

const RUNS: &str = "
    SELECT first_seq, last_seq FROM writer_runs WHERE organization_id = ? AND writer_id = ?
    ORDER BY first_seq LIMIT ?";
