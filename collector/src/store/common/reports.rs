//! Keeping reports: that they were asked for, how far they are, and their documents.

use sqlx::{FromRow, Row as _};

use crate::access::Scope;
use crate::limits;
use crate::store::hold::Holds;
use crate::store::{Erasure, NewReport, ReportStatus, StoreError, StoredReport};
use crate::time::DAY_MICROS;

use super::terms::{Connection, Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for StoredReport {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let status = ReportStatus::named(row.try_get("status")?, row.try_get("failure")?);
        Ok(Self {
            id: row.try_get("id")?,
            organization_id: row
                .try_get::<Option<String>, _>("organization_id")?
                .map(text::read),
            report_type: row.try_get("report_type")?,
            format: row.try_get("format")?,
            query: row.try_get("query")?,
            created_at: row.try_get("created_at")?,
            finished_at: row.try_get("finished_at")?,
            events_read: row.try_get("events_read")?,
            bytes: row.try_get("bytes")?,
            status: match status {
                Some(ReportStatus::Running) if row.try_get("is_silent")? => {
                    ReportStatus::Failed(None)
                }
                status => status.unwrap_or(ReportStatus::Failed(None)),
            },
        })
    }
}

impl Store {
    /// Notes that a report is to be made.
    pub(crate) async fn add_report(&self, report: &NewReport) -> Result<(), StoreError> {
        let (log_id, user_id) = report.shows.clone().unzip();
        sqlx::query(ADD)
            .bind(&report.id)
            .bind(report.organization_id.as_deref().map(text::stored))
            .bind(report.report_type)
            .bind(report.format)
            .bind(&report.query)
            .bind(log_id)
            .bind(user_id.as_deref().map(text::stored))
            .bind(report.created_at)
            .bind(RUNNING.name())
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Notes how far a report is, and that it is being made. `now` is in microseconds since 1970.
    pub(crate) async fn report_is_alive(
        &self,
        id: &str,
        events_read: u64,
        now: i64,
    ) -> Result<(), StoreError> {
        let events_read = i64::try_from(events_read).unwrap_or(i64::MAX);
        let query = sqlx::query(ALIVE).bind(now).bind(events_read).bind(id);
        let query = query.bind(RUNNING.name());
        query.execute(&self.writes).await?;
        Ok(())
    }

    /// Keeps the document of a report. `false` if the event that it shows has another text by now.
    pub(crate) async fn finish_report(
        &self,
        id: &str,
        document: &[u8],
        shown: Option<&str>,
        events_read: u64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(FINISH)
            .bind(now)
            .bind(i64::try_from(events_read).unwrap_or(i64::MAX))
            .bind(i64::try_from(document.len()).unwrap_or(i64::MAX))
            .bind(document)
            .bind(id)
            .bind(shown)
            .bind(RUNNING.name())
            .bind(ReportStatus::Done.name())
            .execute(&self.writes)
            .await?;
        let trim = sqlx::query(TRIM).bind(limits::REPORTS_BYTES_MAX);
        let trim = trim.bind(limits::REPORTS_KEPT_MAX);
        trim.execute(&self.writes).await?;
        Ok(result.rows_affected() > 0)
    }

    /// Notes why there is no document.
    pub(crate) async fn fail_report(
        &self,
        id: &str,
        failure: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let failed = ReportStatus::Failed(Some(failure.to_owned()));
        let query = sqlx::query(FAIL).bind(now).bind(failure).bind(id);
        let query = query.bind(RUNNING.name()).bind(failed.name());
        query.execute(&self.writes).await?;
        Ok(())
    }

    /// The report with this id, if `scope` reaches it. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn report(
        &self,
        id: &str,
        scope: &Scope,
        now: i64,
    ) -> Result<Option<StoredReport>, StoreError> {
        let query = sqlx::query_as(ONE)
            .bind(silent_before(now))
            .bind(scope.id().map(text::stored))
            .bind(text::stored(id));
        Ok(query.fetch_optional(&mut *self.reader().await?).await?)
    }

    /// The document of a report that is done.
    pub(crate) async fn report_document(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar(DOCUMENT)
            .bind(text::stored(id))
            .bind(ReportStatus::Done.name());
        let document: Option<Option<Vec<u8>>> =
            query.fetch_optional(&mut *self.reader().await?).await?;
        Ok(document.flatten())
    }

    /// Reports that `scope` reaches, newest first, as many as `limit`: those after the one with the
    /// id `after`, if there is one. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn reports(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<StoredReport>, StoreError> {
        let query = sqlx::query_as(LIST)
            .bind(silent_before(now))
            .bind(scope.id().map(text::stored))
            .bind(after.map(text::stored))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(query.fetch_all(&mut *self.reader().await?).await?)
    }

    /// Removes reports that are older than they are kept, or that show an event which is gone.
    pub(crate) async fn remove_old_reports(&self, now: i64) -> Result<(), StoreError> {
        let kept = limits::REPORT_DAYS.saturating_mul(DAY_MICROS);
        let query = sqlx::query(REMOVE_OLD).bind(now.saturating_sub(kept));
        query.execute(&self.writes).await?;
        Ok(())
    }
}

/// Removes the reports that show content of this user which is erased, all that no hold keeps, and
/// tells how many.
pub(super) async fn erase(
    connection: &mut Connection,
    holds: &Holds,
    erasure: &Erasure,
) -> Result<u64, StoreError> {
    let query = sqlx::query_as(SHOWING)
        .bind(text::stored(&erasure.user_id))
        .bind(erasure.scope.id().map(text::stored));
    let showing: Vec<(String, String)> = query.fetch_all(&mut *connection).await?;
    let mut removed = 0_u64;
    for (id, organization) in showing {
        let organization = text::read(organization);
        if holds.covering(&organization, &erasure.user_id).is_none() {
            let remove = sqlx::query(REMOVE).bind(id).execute(&mut *connection);
            removed = removed.saturating_add(remove.await?.rows_affected());
        }
    }
    Ok(removed)
}

/// A running report that was last heard of before this is not being made any more.
fn silent_before(now: i64) -> i64 {
    let silence = i64::try_from(limits::REPORT_SILENCE_MAX.as_micros());
    now.saturating_sub(silence.unwrap_or(i64::MAX))
}

const RUNNING: ReportStatus = ReportStatus::Running;

const ADD: &str = "
    INSERT INTO reports
        (id, organization_id, report_type, format, query, log_id, user_id, created_at, alive_at, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";

const ALIVE: &str = "
    UPDATE reports SET alive_at = $1, events_read = $2 WHERE id = $3 AND status = $4";

// What was erased while the report was made must not be kept by it.
const FINISH: &str = "
    UPDATE reports
    SET status = $8, finished_at = $1, events_read = $2, bytes = $3, document = $4
    WHERE id = $5 AND status = $7 AND (
        log_id IS NULL OR EXISTS (SELECT 1 FROM events WHERE events.id = log_id AND event = $6)
    )";

const FAIL: &str = "
    UPDATE reports SET status = $5, finished_at = $1, failure = $2
    WHERE id = $3 AND status = $4";

const TRIM: &str = "
    DELETE FROM reports WHERE id IN (
        SELECT id FROM (
            SELECT
                id,
                sum(bytes) OVER (ORDER BY id DESC) AS bytes_so_far,
                row_number() OVER (ORDER BY id DESC) AS number
            FROM reports
        ) AS newest
        WHERE bytes_so_far > $1 OR number > $2
    )";

const ONE: &str = "
    SELECT id, organization_id, report_type, format, query, created_at, finished_at, events_read,
        bytes, status, failure, alive_at < $1 AS is_silent
    FROM reports WHERE (CAST($2 AS TEXT) IS NULL OR organization_id = $2) AND id = $3";

const LIST: &str = "
    SELECT id, organization_id, report_type, format, query, created_at, finished_at, events_read,
        bytes, status, failure, alive_at < $1 AS is_silent
    FROM reports WHERE (CAST($2 AS TEXT) IS NULL OR organization_id = $2)
        AND (CAST($3 AS TEXT) IS NULL OR id < $3)
    ORDER BY id DESC LIMIT $4";

const DOCUMENT: &str = "SELECT document FROM reports WHERE id = $1 AND status = $2";

const REMOVE_OLD: &str = "
    DELETE FROM reports WHERE created_at < $1 OR (
        log_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = log_id)
    )";

const SHOWING: &str = "
    SELECT id, organization_id FROM reports
    WHERE user_id = $1 AND (CAST($2 AS TEXT) IS NULL OR organization_id = $2)";

const REMOVE: &str = "DELETE FROM reports WHERE id = $1";
