//! What columns tell of a filter, and what only the text of an event tells.

use std::time::Instant;

use sqlx::QueryBuilder;
use tokio::task::consume_budget;

use crate::limits;
use crate::store::{Condition, Log, LogFilter, StoreError};

use super::terms::Dialect;
use super::text;

/// Whether a filter wants an event whose columns it wants.
pub(super) async fn fits(
    filter: &LogFilter,
    log: &Log,
    began_at: Instant,
) -> Result<bool, StoreError> {
    // Long texts take a while, in which this thread has others to serve.
    consume_budget().await;
    if began_at.elapsed() >= limits::QUERY_TIME_MAX {
        return Err(StoreError::TooSlow);
    }
    let fits = filter.fits(&log.event);
    fits.map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Adds to a statement what columns tell.
pub(super) fn check(filter: &LogFilter, query: &mut QueryBuilder<Dialect>) {
    if let Some(from) = filter.range.from {
        query.push(" AND timestamp >= ").push_bind(from);
    }
    if let Some(until) = filter.range.until {
        query.push(" AND timestamp < ").push_bind(until);
    }
    for condition in &filter.conditions {
        match condition {
            Condition::Is(field, value) => {
                query.push(format_args!(" AND {} = ", field.name()));
                query.push_bind(text::stored(value).into_owned());
            }
            Condition::RecordedBy(key_id) => {
                query.push(" AND recorded_by = ");
                query.push_bind(text::stored(key_id).into_owned());
            }
            Condition::RecordedByKind(kind) => {
                query.push(" AND recorded_kind = ").push_bind(kind.name());
            }
            Condition::InConflict(true) => {
                query.push(" AND conflict_of IS NOT NULL");
            }
            Condition::InConflict(false) => {
                query.push(" AND conflict_of IS NULL");
            }
            Condition::Observed(..) | Condition::Tag(_) | Condition::Words(_) => {}
        }
    }
}
