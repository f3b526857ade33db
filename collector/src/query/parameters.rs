//! The parameters of a query: read strictly, since a filter that is ignored gives wrong answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use thiserror::Error;

use crate::event::RISK_LEVELS;
use crate::limits;
use crate::query::words;
use crate::store::{Condition, Field, LogFilter, Position};

/// Reads `start_date=…&limit=…` as it stands after the question mark.
pub(crate) fn parse(query: &str) -> Result<LogFilter, ParameterError> {
    let mut filter = LogFilter {
        limit: limits::PAGE_EVENTS_DEFAULT,
        ..LogFilter::default()
    };
    let mut seen = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let parameter = Parameter::named(&name)?;
        if seen.contains(&parameter) {
            return Err(ParameterError::Repeated(parameter.name()));
        }
        parameter.apply(&mut filter, &value)?;
        seen.push(parameter);
    }
    match (filter.range.from, filter.range.until) {
        (Some(from), Some(until)) if until <= from => Err(ParameterError::EndBeforeStart),
        _ => Ok(filter),
    }
}

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Cursor,
    EndDate,
    Is(Field),
    Limit,
    StartDate,
    Tag,
    Text,
}

impl Parameter {
    fn all() -> impl Iterator<Item = Self> {
        use Parameter::{Cursor, EndDate, Is, Limit, StartDate, Tag, Text};
        let fields = Field::ALL.into_iter().map(Is);
        [StartDate, EndDate, Limit, Cursor, Text, Tag]
            .into_iter()
            .chain(fields)
    }

    fn named(name: &str) -> Result<Self, ParameterError> {
        let found = Self::all().find(|parameter| parameter.name() == name);
        found.ok_or_else(|| ParameterError::Unknown(name.to_owned()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cursor => "cursor",
            Self::EndDate => "end_date",
            Self::Is(field) => field.name(),
            Self::Limit => "limit",
            Self::StartDate => "start_date",
            Self::Tag => "compliance_tag",
            Self::Text => "text",
        }
    }

    fn apply(self, filter: &mut LogFilter, value: &str) -> Result<(), ParameterError> {
        match self {
            Self::Cursor => filter.range.before = Some(position(value)?),
            Self::EndDate => filter.range.until = Some(instant(value, Edge::End)?),
            Self::Is(field) => filter.conditions.push(is(field, value)?),
            Self::Limit => filter.limit = page_events(value)?,
            Self::StartDate => filter.range.from = Some(instant(value, Edge::Start)?),
            Self::Tag => filter.conditions.push(Condition::Tag(value.to_owned())),
            Self::Text => filter.conditions.push(text(value)?),
        }
        Ok(())
    }
}

/// A misspelt value of the few that there are would say that there is no such event.
fn is(field: Field, value: &str) -> Result<Condition, ParameterError> {
    let known: &[&str] = match field {
        Field::RiskLevel => &RISK_LEVELS,
        Field::CompletionState => &COMPLETION_STATES,
        _ => &[],
    };
    if !known.is_empty() && !known.contains(&value) {
        let name = field.name();
        return Err(ParameterError::Choice { name, known });
    }
    Ok(Condition::Is(field, value.to_owned()))
}

fn text(value: &str) -> Result<Condition, ParameterError> {
    if value.len() > limits::SEARCH_BYTES_MAX {
        return Err(ParameterError::TextTooLong);
    }
    let words = words::read(value);
    match words.is_empty() {
        true => Err(ParameterError::TextWithoutWord),
        false => Ok(Condition::Words(words)),
    }
}

/// How a call can have ended, as gateways say it.
const COMPLETION_STATES: [&str; 9] = [
    "client_abort",
    "complete",
    "local_reply",
    "pending",
    "rejected",
    "shutdown",
    "timeout",
    "upstream_abort",
    "upstream_error",
];

/// Which end of a range a date stands for.
#[derive(Clone, Copy)]
enum Edge {
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
fn instant(value: &str, edge: Edge) -> Result<i64, ParameterError> {
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
    // The format also takes days and months of one digit, and years of five.
    let value = Some(value).filter(|value| value.len() == "YYYY-MM-DD".len())?;
    let day = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    let day = match edge {
        Edge::Start => day,
        Edge::End => day.checked_add_days(Days::new(1))?,
    };
    Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

fn page_events(value: &str) -> Result<usize, ParameterError> {
    let limit = value.parse().map_err(|_| ParameterError::Limit)?;
    match (1..=limits::PAGE_EVENTS_MAX).contains(&limit) {
        true => Ok(limit),
        false => Err(ParameterError::Limit),
    }
}

/// The cursor that goes on after `position`. Clients pass it back and do not look inside.
pub(crate) fn cursor(position: Position) -> String {
    URL_SAFE_NO_PAD.encode(position.0.to_be_bytes())
}

fn position(cursor: &str) -> Result<Position, ParameterError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    let number = bytes.map(i64::from_be_bytes);
    number.map(Position).ok_or(ParameterError::Cursor)
}

/// A parameter that cannot be obeyed.
#[derive(Debug, Error)]
pub(crate) enum ParameterError {
    #[error("{name}: must be one of {known}", known = known.join(", "))]
    Choice {
        name: &'static str,
        known: &'static [&'static str],
    },
    #[error("cursor: not one that the API gave: pass `next_cursor` of the page before unchanged")]
    Cursor,
    #[error(
        "{0}: must be a day such as 2025-01-31, or an RFC 3339 time such as 2025-01-31T12:00:00Z \
         (in a URL write + as %2B)"
    )]
    Date(&'static str),
    #[error("end_date: must not be before start_date")]
    EndBeforeStart,
    #[error("limit: must be an integer from 1 to {}", limits::PAGE_EVENTS_MAX)]
    Limit,
    #[error("{0}: given twice, give it once")]
    Repeated(&'static str),
    #[error("text: must be at most {} bytes long", limits::SEARCH_BYTES_MAX)]
    TextTooLong,
    #[error("text: must hold a word, that is a letter or a digit")]
    TextWithoutWord,
    #[error("{0}: unknown parameter, the known ones are {known}", known = names())]
    Unknown(String),
}

impl ParameterError {
    /// The name of the parameter.
    pub(crate) fn parameter(&self) -> &str {
        match self {
            Self::Choice { name, .. } => name,
            Self::Cursor => "cursor",
            Self::Date(name) => name,
            Self::EndBeforeStart => "end_date",
            Self::Limit => "limit",
            Self::Repeated(name) => name,
            Self::TextTooLong | Self::TextWithoutWord => "text",
            Self::Unknown(name) => name,
        }
    }
}

fn names() -> String {
    Parameter::all()
        .map(Parameter::name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter_at_fault(query: &str) -> Option<String> {
        parse(query).err().map(|error| error.parameter().to_owned())
    }

    #[test]
    fn a_day_reaches_from_its_midnight_to_the_next() {
        let filter = parse("start_date=2025-02-01&end_date=2025-02-01").unwrap();
        let day_micros = 24 * 60 * 60 * 1_000_000;
        assert_eq!(filter.range.from, Some(1_738_368_000_000_000));
        assert_eq!(filter.range.until, Some(1_738_368_000_000_000 + day_micros));
    }

    #[test]
    fn an_instant_as_the_end_is_in_the_range() {
        let query = "start_date=2025-02-01T01:00:00%2B01:00&end_date=2025-02-01T00:00:00Z";
        let filter = parse(query).unwrap();
        assert_eq!(filter.range.from, Some(1_738_368_000_000_000));
        assert_eq!(filter.range.until, Some(1_738_368_000_000_001));
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let wrong = [
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=", "limit"),
            ("limit=-1", "limit"),
            ("start_date=2025-02-30", "start_date"),
            ("start_date=yesterday", "start_date"),
            ("start_date=2025-2-1", "start_date"),
            ("end_date=%2B99999-12-31", "end_date"),
            ("end_date=2025-02-01T00:00:00+01:00", "end_date"),
            ("start_date=2025-02-02&end_date=2025-02-01", "end_date"),
            ("cursor=", "cursor"),
            ("cursor=%00", "cursor"),
            ("cursor=bm9wZQ", "cursor"),
            ("page=2", "page"),
            ("user_id=a&user_id=b", "user_id"),
        ];
        for (query, name) in wrong {
            assert_eq!(parameter_at_fault(query).as_deref(), Some(name), "{query}");
        }
    }

    #[test]
    fn limits_are_inclusive() {
        assert_eq!(parse("limit=1").unwrap().limit, 1);
        assert_eq!(parse("limit=500").unwrap().limit, 500);
        assert_eq!(parse("").unwrap().limit, 50);
    }

    #[test]
    fn a_cursor_gives_its_position_back() {
        let here = Position(-7_000_000_001);
        assert_eq!(position(&cursor(here)).unwrap(), here);
    }
}
