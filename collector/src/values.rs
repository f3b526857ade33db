//! Which values events have, and how many events have each: as the API counts them, for those who have the
//! database at hand.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::access::Scope;
use crate::event::Field;
use crate::limits;
use crate::query::values::{Answer, LISTED, Tally, Value, each};
use crate::records::operator;
use crate::store::{AccessRecord, Action, Database, LogFilter, Range, Store, StoreError};
use crate::time;

/// The members whose values are counted, in the order of their names.
pub const MEMBERS: &[&str] = &LISTED;

/// What is counted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// One of [`MEMBERS`].
    pub member: String,
    /// Events from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Events before this time.
    pub until: Option<DateTime<Utc>>,
    /// Whose events.
    pub scope: Scope,
    /// How many values, at most: those of most events.
    pub limit: usize,
}

/// What was counted.
#[derive(Debug)]
pub struct Counts {
    answer: Answer,
}

impl Counts {
    /// The values, each with how many events have it, those of most events first.
    pub fn values(&self) -> impl Iterator<Item = (&str, u64)> {
        let values = self.answer.data.values().flatten();
        values.map(|Value { value, events }| (value.as_str(), *events))
    }

    /// How many events were looked at: the newest.
    pub fn counted_events(&self) -> u64 {
        self.answer.counted_events
    }

    /// Whether these are all of the period.
    pub fn is_all(&self) -> bool {
        self.answer.is_all
    }

    /// The same JSON as the API gives.
    pub fn json(&self) -> String {
        // Texts and numbers always can be written.
        serde_json::to_string(&self.answer).unwrap_or_default()
    }
}

/// Counts the values of a member among the newest events of a period, which is recorded before this
/// returns.
///
/// # Errors
/// The period has no time in it, or no event has such a member; or the database cannot be used. The message
/// says what to do.
pub async fn count(database: &Database, wanted: &Wanted) -> Result<Counts, ValuesError> {
    let member = MEMBERS.iter().find(|name| **name == wanted.member);
    let member = member.ok_or(ValuesError::Member)?;
    if let (Some(from), Some(until)) = (wanted.from, wanted.until)
        && until <= from
    {
        return Err(ValuesError::Period);
    }
    let store = Store::open_existing(database).await?;
    let counted = count_recorded(&store, member, wanted).await;
    store.close().await;
    Ok(counted?)
}

async fn count_recorded(
    store: &Store,
    member: &'static str,
    wanted: &Wanted,
) -> Result<Counts, StoreError> {
    let mut tally = Tally::default();
    // Not by the index: of the newest events only the process that stores them has one.
    let seen = each(
        store,
        period(wanted),
        limits::VALUES_EVENTS_MAX,
        |members| {
            let is_wanted = wanted.scope.id().is_none_or(|id| {
                let own = members.of_filter(Field::OrganizationId.name());
                own.iter().any(|own| own == id)
            });
            if is_wanted {
                tally.add(member, members);
            }
            is_wanted
        },
    );
    let seen = seen.await?;
    let answer = Answer::new(&tally, &[member], wanted.limit, seen);
    let asked = json!({
        "field": member,
        "from": wanted.from.map(shown),
        "until": wanted.until.map(shown),
        "organization_id": wanted.scope.id(),
        "limit": wanted.limit,
    });
    let record = AccessRecord::new(Action::ValuesListed, operator()).of(&wanted.scope);
    let record = record.asking(&asked).of_items(answer.items());
    store.write_record(record.of_ids(answer.names())).await?;
    Ok(Counts { answer })
}

fn period(wanted: &Wanted) -> LogFilter {
    let micros = |time: DateTime<Utc>| time.timestamp_micros();
    LogFilter {
        range: Range {
            from: wanted.from.map(micros),
            until: wanted.until.map(micros),
            before: None,
        },
        ..LogFilter::default()
    }
}

fn shown(time: DateTime<Utc>) -> String {
    time::text(time.timestamp_micros())
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// The values of such a member are not counted.
    #[error("the values of this member are not counted: use one of {}", MEMBERS.join(", "))]
    Member,
    /// The period has no time in it.
    #[error("--to is before --from: give a period that ends after it begins")]
    Period,
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}
