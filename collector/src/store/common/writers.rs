//! Reading what was received of each writer, and what is missing.

use sqlx::{Connection as _, FromRow, QueryBuilder, Row as _};

use crate::limits;
use crate::store::{Run, StoreError, Writer, WriterFilter, WriterHoles, WriterPage, WriterTotals};

use super::runs;
use super::terms::{Connection, Dialect, Row, SNAPSHOT, Store};
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
    /// A page of writers, in the order of their names, each with its first holes, and what the
    /// writers of `totals_of` come to.
    pub(crate) async fn writers(
        &self,
        filter: &WriterFilter,
        totals_of: &WriterFilter,
    ) -> Result<WriterPage, StoreError> {
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(SNAPSHOT).await?;
        let totals = totals(&mut snapshot, totals_of).await?;
        let mut found = named(&mut snapshot, filter).await?;
        let has_more = found.len() > filter.limit;
        found.truncate(filter.limit);
        let mut writers = Vec::with_capacity(found.len());
        let mut holes_left = limits::ANSWER_HOLES_MAX;
        for writer in found {
            let of_each = filter.holes.unwrap_or(limits::HOLES_MAX);
            let writer = with_holes(&mut snapshot, writer, of_each.min(holes_left)).await?;
            holes_left = holes_left.saturating_sub(writer.holes.len());
            writers.push(writer);
        }
        Ok(WriterPage {
            writers,
            has_more,
            totals,
        })
    }

    /// What all writers of `filter` come to.
    pub(crate) async fn writer_totals(
        &self,
        filter: &WriterFilter,
    ) -> Result<WriterTotals, StoreError> {
        totals(&mut *self.reader().await?, filter).await
    }

    /// The first writer of `filter`, with the holes of its sequence that are nearest to `seq`, as many
    /// as `count`.
    pub(crate) async fn writer_around(
        &self,
        filter: &WriterFilter,
        seq: i64,
        count: usize,
    ) -> Result<Option<WriterHoles>, StoreError> {
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(SNAPSHOT).await?;
        let found = named(&mut snapshot, filter).await?;
        let Some(writer) = found.into_iter().next() else {
            return Ok(None);
        };
        let rows = i64::try_from(count).unwrap_or(i64::MAX).saturating_add(2);
        let runs = match writer.missing() {
            0 => Vec::new(),
            _ => runs::around(&mut snapshot, &writer, seq, rows).await?,
        };
        let (holes, has_more_holes) = Run::holes_around(seq, runs, count);
        Ok(Some(WriterHoles {
            writer,
            holes,
            has_more_holes,
        }))
    }
}

/// The writers of a page, and one more if there are more.
async fn named(
    connection: &mut Connection,
    filter: &WriterFilter,
) -> Result<Vec<Writer>, StoreError> {
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
    Ok(query.build_query_as().fetch_all(connection).await?)
}

async fn totals(
    connection: &mut Connection,
    filter: &WriterFilter,
) -> Result<WriterTotals, StoreError> {
    let mut query = QueryBuilder::new(runs::TOTALS);
    check(filter, &mut query);
    let query = query.build_query_as();
    let totals: (i64, i64, i64, i64) = query.fetch_one(connection).await?;
    let (writers, incomplete_writers, events, missing) = totals;
    Ok(WriterTotals {
        writers,
        incomplete_writers,
        events,
        missing,
    })
}

async fn with_holes(
    connection: &mut Connection,
    writer: Writer,
    holes_max: usize,
) -> Result<WriterHoles, StoreError> {
    // The first run may begin at 1, and then has no hole before it.
    let count = i64::try_from(holes_max).unwrap_or(i64::MAX);
    let runs = match (writer.missing(), holes_max) {
        (0, _) | (_, 0) => Vec::new(),
        _ => runs::first(connection, &writer, count.saturating_add(2)).await?,
    };
    let (holes, has_more) = Run::holes_between(runs, holes_max);
    let has_more_holes = has_more || (holes_max == 0 && writer.missing() > 0);
    Ok(WriterHoles {
        writer,
        holes,
        has_more_holes,
    })
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
