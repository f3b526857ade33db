//! The parameters of a query: read strictly, since a filter that is ignored gives wrong answers.

use std::str::Utf8Error;

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::limits;

/// Reads `start_date=…&limit=…` as it stands after the question mark, in the order it is there.
///
/// Each name is one of `known`, and comes once.
pub(crate) fn read(
    query: &str,
    known: &[&'static str],
) -> Result<Vec<(&'static str, String)>, ParameterError> {
    let mut read: Vec<(&'static str, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).map_err(|_| ParameterError::NotUtf8(name.to_owned()))?;
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            return Err(ParameterError::Unknown {
                name,
                known: known.join(", "),
            });
        };
        if read.iter().any(|(seen, _)| *seen == name) {
            return Err(ParameterError::Repeated(name));
        }
        let value = decoded(value).map_err(|_| ParameterError::NotUtf8(name.to_owned()))?;
        read.push((name, value));
    }
    Ok(read)
}

/// What a form wrote, where a plus is a blank. Bytes that are no text would otherwise stand for
/// another one.
fn decoded(text: &str) -> Result<String, Utf8Error> {
    let text = text.replace('+', " ");
    Ok(percent_decode_str(&text).decode_utf8()?.into_owned())
}

/// A range of time whose ends are in the right order. Each is the first microsecond after.
pub(crate) fn check_range(from: Option<i64>, until: Option<i64>) -> Result<(), ParameterError> {
    match (from, until) {
        (Some(from), Some(until)) if until <= from => Err(ParameterError::EndBeforeStart),
        _ => Ok(()),
    }
}

/// `true` or `false`.
pub(crate) fn switch(name: &'static str, value: &str) -> Result<bool, ParameterError> {
    value.parse().map_err(|_| ParameterError::Choice {
        name,
        known: vec!["true", "false"],
    })
}

/// Which end of a range a date stands for.
#[derive(Clone, Copy)]
pub(crate) enum Edge {
    Start,
    End,
}

impl Edge {
    fn parameter(self) -> &'static str {
        match self {
            Self::Start => "start_date",
            Self::End => "end_date",
        }
    }
}

/// The first microsecond that is in the range (start), or that is no longer in it (end).
pub(crate) fn instant(value: &str, edge: Edge) -> Result<i64, ParameterError> {
    let time = DateTime::parse_from_rfc3339(value).map(|time| time.timestamp_micros());
    let micros = match (time, edge) {
        (Ok(time), Edge::Start) => Some(time),
        (Ok(time), Edge::End) => time.checked_add(1),
        (Err(_), _) => midnight(value, edge),
    };
    micros.ok_or(ParameterError::Date(edge.parameter()))
}

/// The midnight UTC that begins the day (start), or that ends it (end).
fn midnight(value: &str, edge: Edge) -> Option<i64> {
    // The format also takes signs, blanks, and fewer digits or more.
    let is_in = |at: usize, c: u8| match at {
        4 | 7 => c == b'-',
        _ => c.is_ascii_digit(),
    };
    let is_a_day =
        value.len() == "YYYY-MM-DD".len() && value.bytes().enumerate().all(|(at, c)| is_in(at, c));
    let value = is_a_day.then_some(value)?;
    let day = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    let day = match edge {
        Edge::Start => day,
        Edge::End => day.checked_add_days(Days::new(1))?,
    };
    Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

/// A `limit` from 1 to `max`.
pub(crate) fn number_up_to(max: usize, value: &str) -> Result<usize, ParameterError> {
    let is_a_number = value.bytes().all(|c| c.is_ascii_digit());
    let limit = value.parse().ok().filter(|_| is_a_number);
    let limit = limit.filter(|limit| (1..=max).contains(limit));
    limit.ok_or(ParameterError::Limit { max })
}

/// A parameter that cannot be obeyed.
#[derive(Debug, Error)]
pub(crate) enum ParameterError {
    #[error("after: must be `start`, or the unchanged `after` of the previous answer")]
    After,
    #[error("after: cannot be combined with cursor or format")]
    AfterOfOther,
    #[error("{name}: must be one of {known}", known = known.join(", "))]
    Choice {
        name: &'static str,
        known: Vec<&'static str>,
    },
    #[error(
        "cursor: not a cursor from this API: pass `next_cursor` of the previous page unchanged"
    )]
    Cursor,
    #[error(
        "{0}: must be a day such as 2025-01-31, or an RFC 3339 time such as 2025-01-31T12:00:00Z \
         (in a URL, write + as %2B)"
    )]
    Date(&'static str),
    #[error("end_date: must not be before start_date")]
    EndBeforeStart,
    #[error("limit: must be an integer from 1 to {max}")]
    Limit { max: usize },
    #[error("{0}: the percent-encoded bytes are not UTF-8")]
    NotUtf8(String),
    #[error("{0}: given more than once, give it once")]
    Repeated(&'static str),
    #[error("text: must be at most {} bytes long", limits::SEARCH_BYTES_MAX)]
    TextTooLong,
    #[error("text: must contain a letter or a digit")]
    TextWithoutWord,
    #[error("{name}: unknown parameter, use one of {known}")]
    Unknown { name: String, known: String },
}

impl ParameterError {
    /// The name of the parameter.
    pub(crate) fn parameter(&self) -> &str {
        match self {
            Self::After | Self::AfterOfOther => "after",
            Self::Choice { name, .. } => name,
            Self::Cursor => "cursor",
            Self::Date(name) => name,
            Self::EndBeforeStart => "end_date",
            Self::Limit { .. } => "limit",
            Self::NotUtf8(name) => name,
            Self::Repeated(name) => name,
            Self::TextTooLong | Self::TextWithoutWord => "text",
            Self::Unknown { name, .. } => name,
        }
    }
}
