//! Asking the database for the facts of a report.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Datelike, Days, NaiveDate};
use tokio::task::spawn_blocking;

use crate::limits;
use crate::query::Received;
use crate::report::activity::{Activity, Gaps, Period};
use crate::report::completeness::{Completeness, Sequence};
use crate::report::failure::Failure;
use crate::report::outer::Outer;
use crate::report::removed::Removed;
use crate::report::request::Query;
use crate::report::tally::Tally;
use crate::store::{LogFilter, Store, StoreError, WriterFilter, WriterHoles, WriterPage};

/// How many events a report has read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(crate) fn events_read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.0.fetch_add(events, Ordering::Relaxed);
    }
}

/// What happened in a period. It is read in steps, between which no transaction is open.
pub(crate) async fn activity(
    store: &Store,
    filter: LogFilter,
    query: &Query,
    progress: &Progress,
) -> Result<Activity, Failure> {
    let range = filter.range.clone();
    let organization = filter.organization().map(str::to_owned);
    let tally = tally(store, filter, progress).await?;
    let writers = WriterFilter {
        organization_id: organization.clone(),
        from: range.from,
        until: range.until,
        limit: limits::REPORT_NAMES_LISTED,
        ..WriterFilter::default()
    };
    let gaps = gaps(store, writers).await?;
    let from = range.from.unwrap_or(i64::MIN);
    let (removals, erasures) = (store.removals().await?, store.erasures().await?);
    let removed = Removed::since(from, organization.as_deref(), &removals, &erasures);
    let date = |name| query.get(name).unwrap_or_default().to_owned();
    let period = Period {
        start_date: date("start_date"),
        end_date: date("end_date"),
    };
    Ok(Activity::new(period, tally, gaps, removed))
}

async fn tally(
    store: &Store,
    mut filter: LogFilter,
    progress: &Progress,
) -> Result<Tally, Failure> {
    filter.limit = limits::REPORT_STEP_EVENTS;
    let mut tally = Tally::default();
    for day in days(&filter) {
        tally.days.insert(day, 0);
    }
    loop {
        let page = store.logs(&filter).await?;
        progress.add(page.logs.len());
        // Reading the events takes a while, in which this thread has others to serve.
        let (logs, mut outer) = beside(move || {
            let outer = Outer::of(&page.logs);
            (page.logs, outer)
        })
        .await?;
        outer.look_up(store, &filter).await?;
        tally = beside(move || {
            for (log, mark) in logs.iter().zip(outer.marks()) {
                tally.add(log, mark);
            }
            tally
        })
        .await?;
        filter.range.before = page.next;
        if page.next.is_none() {
            return Ok(tally);
        }
    }
}

async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_| Failure::Interrupted)
}

/// The days of a filter's period. If they are too many to be of interest one by one, one of each month
/// stands for it: events are then added up by what is longer, and no month without any is missing.
fn days(filter: &LogFilter) -> Vec<String> {
    let day = |micros: i64| DateTime::from_timestamp_micros(micros).map(|time| time.date_naive());
    let first = filter.range.from.and_then(day);
    let last = filter
        .range
        .until
        .and_then(|end| day(end.saturating_sub(1)));
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    // No event is outside of these years, but for its time zone.
    let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let first = first.max(new_year(*limits::EVENT_YEARS.start()));
    let last = last.min(new_year(limits::EVENT_YEARS.end().saturating_add(1)));
    let next = |day: &NaiveDate| day.checked_add_days(Days::new(1));
    let days_max = limits::REPORT_DAYS_LISTED.saturating_mul(31);
    let days = std::iter::successors(Some(first), next).take_while(|day| *day <= last);
    let is_long = days.clone().nth(days_max).is_some();
    let listed = days.filter(|day| !is_long || *day == first || day.day() == 1);
    listed.map(|day| day.to_string()).collect()
}

async fn gaps(store: &Store, mut filter: WriterFilter) -> Result<Gaps, Failure> {
    filter.is_incomplete = true;
    filter.holes = Some(limits::REPORT_HOLES_MAX);
    let page = writers(store, &filter).await?;
    Ok(Gaps {
        totals: page.totals,
        incomplete: received(page.writers),
    })
}

/// What was received of all writers, as many as a report lists.
pub(crate) async fn completeness(
    store: &Store,
    mut filter: WriterFilter,
) -> Result<Completeness, Failure> {
    filter.limit = limits::REPORT_WRITERS_MAX;
    filter.holes = Some(limits::REPORT_HOLES_MAX);
    let page = writers(store, &filter).await?;
    Ok(Completeness {
        totals: page.totals,
        has_more_writers: page.has_more,
        writers: received(page.writers),
    })
}

/// The writers that are to be listed, and the totals of all, with or without holes: a list of those
/// with holes must not read as if there were no others.
async fn writers(store: &Store, filter: &WriterFilter) -> Result<WriterPage, StoreError> {
    let all = WriterFilter {
        is_incomplete: false,
        ..filter.clone()
    };
    store.writers(filter, &all).await
}

fn received(writers: Vec<WriterHoles>) -> Vec<Received> {
    let writers = writers.into_iter();
    let received = writers.map(|writer| Received::new(writer, limits::REPORT_HOLES_MAX));
    received.collect()
}

/// Where an event stands among those of its writer; `None` if no writer numbered it.
pub(crate) async fn sequence(
    store: &Store,
    organization: &str,
    writer: Option<(String, i64)>,
) -> Result<Option<Sequence>, Failure> {
    let Some((writer_id, seq)) = writer else {
        return Ok(None);
    };
    let filter = WriterFilter {
        organization_id: Some(organization.to_owned()),
        writer_id: Some(writer_id),
        limit: 1,
        ..WriterFilter::default()
    };
    let count = limits::REPORT_NEAREST_HOLES;
    let writer = store.writer_around(&filter, seq, count).await?;
    Ok(writer.map(|writer| Sequence {
        seq,
        writer: Received::new(writer, count),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::filter;

    fn days_of(start: &str, end: &str) -> Vec<String> {
        let query = [("start_date", start), ("end_date", end)];
        days(&filter::of(query.into_iter()).unwrap())
    }

    #[test]
    fn a_period_has_each_of_its_days() {
        let expected = ["2024-02-28", "2024-02-29", "2024-03-01"];
        assert_eq!(days_of("2024-02-28", "2024-03-01"), expected);
        let late = days_of("2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z");
        assert_eq!(late, ["2024-02-28", "2024-02-29"]);
        let long = days_of("2017-01-06", "2025-05-05");
        assert_eq!(long.len(), 12 * 8 + 5);
        assert_eq!(long[..2], ["2017-01-06", "2017-02-01"]);
        let all = days_of("0001-01-01", "9999-12-31");
        assert_eq!(all.len(), 12 * (2261 - 1678 + 1) + 1);
    }
}
