//! Times as the database keeps them, in microseconds since 1970, for people and programs.

use chrono::{DateTime, SecondsFormat, Utc};

/// Microseconds of a day. Statements of the database have the number itself.
pub(crate) const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The moment. What no calendar has is 1970.
pub(crate) fn moment(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// As RFC 3339 in UTC, with all that is known.
pub(crate) fn text(micros: i64) -> String {
    moment(micros).to_rfc3339_opts(SecondsFormat::Micros, true)
}
