//! What columns tell of a filter.

use sqlx::{QueryBuilder, Sqlite};

use crate::store::{Condition, LogFilter};

/// Adds it to a statement.
pub(super) fn check(filter: &LogFilter, query: &mut QueryBuilder<Sqlite>) {
    if let Some(from) = filter.range.from {
        query.push(" AND timestamp >= ").push_bind(from);
    }
    if let Some(until) = filter.range.until {
        query.push(" AND timestamp < ").push_bind(until);
    }
    for condition in &filter.conditions {
        if let Condition::Is(field, value) = condition {
            query.push(format_args!(" AND {} = ", field.name()));
            query.push_bind(value.clone());
        }
    }
}
