//! Reading what was received of each writer, and what is missing.

use sqlx::{FromRow, QueryBuilder, Row as _};

use crate::limits;
use crate::store::{Run, StoreError, Writer, WriterFilter, WriterPage, WriterTotals};

use super::runs;
use super::terms::{Dialect, Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for Writer {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            organization_id: text::read(row.try_get("organization_id")?),
            writer_id: text::read(row.try_get("writer_id")?),
            events: row.try_get("events")?,
            received: row.try_get("received")?,
            last_seq: row.try_get("last_seq")?,
            first_timestamp: row.try_get("first_timestamp")?,
            last_timestamp: row.try_get("last_timestamp")?,
        })
    }
}

impl<'r> FromRow<'r, Row> for Run {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            first_seq: row.try_get("first_seq")?,
            last_seq: row.try_get("last_seq")?,
        })
    }
}

impl Store {
    /// A page of writers, in the order of their names.
    pub(crate) async fn writers(&self, filter: &WriterFilter) -> Result<WriterPage, StoreError> {
        let mut query = QueryBuilder::new("SELECT * FROM writers WHERE TRUE");
        check(filter, &mut query);
        if let Some((organization, writer)) = &filter.after {
            query.push(" AND (organization_id, writer_id) > (");
            query.push_bind(text::stored(organization)).push(", ");
            query.push_bind(text::stored(writer)).push(")");
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
        let mut query = QueryBuilder::new(runs::TOTALS);
        check(filter, &mut query);
        let mut reader = self.reader().await?;
        let query = query.build_query_as();
        let totals: (i64, i64, i64, i64) = query.fetch_one(&mut *reader).await?;
        let (writers, incomplete_writers, events, missing) = totals;
        Ok(WriterTotals {
            writers,
            incomplete_writers,
            events,
            missing,
        })
    }

    /// The first holes of a writer's sequence, and whether there are more.
    pub(crate) async fn holes(&self, writer: &Writer) -> Result<(Vec<Run>, bool), StoreError> {
        if writer.missing() == 0 {
            return Ok((Vec::new(), false));
        }
        // The first run may begin at 1, and then has no hole before it.
        let count = limits::HOLES_MAX.saturating_add(2);
        let mut reader = self.reader().await?;
        let runs = runs::first(&mut reader, writer, count).await?;
        Ok(Run::holes_between(runs))
    }

    /// The holes of a writer's sequence that are nearest to `seq`, as many as `count`, and whether
    /// there are more.
    pub(crate) async fn holes_around(
        &self,
        writer: &Writer,
        seq: i64,
        count: usize,
    ) -> Result<(Vec<Run>, bool), StoreError> {
        if writer.missing() == 0 {
            return Ok((Vec::new(), false));
        }
        let rows = i64::try_from(count).unwrap_or(i64::MAX).saturating_add(2);
        let mut reader = self.reader().await?;
        let runs = runs::around(&mut reader, writer, seq, rows).await?;
        Ok(Run::holes_around(seq, runs, count))
    }
}

fn check(filter: &WriterFilter, query: &mut QueryBuilder<Dialect>) {
    if let Some(organization) = &filter.organization_id {
        query.push(" AND organization_id = ");
        query.push_bind(text::stored(organization).into_owned());
    }
    if let Some(writer) = &filter.writer_id {
        query.push(" AND writer_id = ");
        query.push_bind(text::stored(writer).into_owned());
    }
    if let Some(from) = filter.from {
        query.push(" AND last_timestamp >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND first_timestamp < ").push_bind(until);
    }
    if filter.is_incomplete {
        query.push(" AND last_seq > received");
    }
}
