//! What columns tell of a filter.

use sqlx::QueryBuilder;

use crate::store::{Condition, LogFilter};

use super::terms::Dialect;
use super::text;

/// Adds it to a statement.
pub(super) fn check(filter: &LogFilter, query: &mut QueryBuilder<Dialect>) {
    if let Some(from) = filter.range.from {
        query.push(" AND timestamp >= ").push_bind(from);
    }
    if let Some(until) = filter.range.until {
        query.push(" AND timestamp < ").push_bind(until);
    }
    for condition in &filter.conditions {
        if let Condition::Is(field, value) = condition {
            query.push(format_args!(" AND {} = ", field.name()));
            query.push_bind(text::stored(value).into_owned());
        }
    }
}
