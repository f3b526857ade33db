//! Which events a query wants, and how SQLite finds them.
//!
//! Each condition has an index that ends in the position, so that events come in order and reading
//! can stop when the page is full. One condition drives the search, the others are checked on what
//! it finds. Left alone, SQLite would choose among indexes that all look the same to it.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::limits;
use crate::store::{Position, StoreError};

/// Which events to read, and how many.
#[derive(Debug, Default, Clone)]
pub(crate) struct LogFilter {
    pub(crate) range: Range,
    /// All of them have to hold.
    pub(crate) conditions: Vec<Condition>,
    /// How many events, at most.
    pub(crate) limit: usize,
}

/// A stretch of time. `None` means without an end.
#[derive(Debug, Default, Clone)]
pub(crate) struct Range {
    /// The first timestamp that is in, in microseconds.
    pub(crate) from: Option<i64>,
    /// The first timestamp that is no longer in, in microseconds.
    pub(crate) until: Option<i64>,
    /// Where the page before ended.
    pub(crate) before: Option<Position>,
}

/// What must hold of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A member has exactly this value.
    Is(Field, String),
    /// It has this tag.
    Tag(String),
    /// Its texts hold all of these.
    Words(Vec<Words>),
}

/// Words that have to stand in this order in the text, without regard to case and accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) String);

/// A member of the event that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    CompletionState,
    DecisionOutcome,
    DecisionType,
    ModelName,
    ModelProvider,
    OrganizationId,
    PromptHash,
    RiskLevel,
    SessionId,
    UserId,
}

impl Field {
    pub(crate) const ALL: [Self; 10] = [
        Self::CompletionState,
        Self::DecisionOutcome,
        Self::DecisionType,
        Self::ModelName,
        Self::ModelProvider,
        Self::OrganizationId,
        Self::PromptHash,
        Self::RiskLevel,
        Self::SessionId,
        Self::UserId,
    ];

    /// The name of the column, which is also that of the parameter.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CompletionState => "completion_state",
            Self::DecisionOutcome => "decision_outcome",
            Self::DecisionType => "decision_type",
            Self::ModelName => "model_name",
            Self::ModelProvider => "model_provider",
            Self::OrganizationId => "organization_id",
            Self::PromptHash => "prompt_hash",
            Self::RiskLevel => "risk_level",
            Self::SessionId => "session_id",
            Self::UserId => "user_id",
        }
    }
}

impl Condition {
    /// Begins the statement with the events that meet this condition, found by its index.
    fn drive(&self, query: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::Is(field, value) => {
                query.push(format_args!("events e WHERE e.{} = ", field.name()));
                query.push_bind(value.clone());
            }
            // CROSS JOIN keeps the order of the tables.
            Self::Tag(tag) => {
                query.push(
                    "event_tags CROSS JOIN events e ON e.position = event_tags.position
                    WHERE event_tags.tag = ",
                );
                query.push_bind(tag.clone());
            }
            Self::Words(words) => {
                query.push(
                    "event_words CROSS JOIN events e ON e.position = event_words.rowid
                    WHERE event_words MATCH ",
                );
                query.push_bind(expression(words));
            }
        }
    }

    /// The same without the events themselves: what is counted is in the index.
    fn find(&self, query: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::Is(field, value) => {
                query.push(format_args!("events WHERE {} = ", field.name()));
                query.push_bind(value.clone());
            }
            Self::Tag(tag) => {
                query.push("event_tags WHERE tag = ").push_bind(tag.clone());
            }
            Self::Words(words) => {
                query.push("event_words WHERE event_words MATCH ");
                query.push_bind(expression(words));
            }
        }
    }

    /// Checks the condition on an event that another condition has found.
    fn check(&self, query: &mut QueryBuilder<Sqlite>) {
        match self {
            // The sign keeps SQLite from taking this index instead.
            Self::Is(field, value) => {
                query.push(format_args!(" AND +e.{} = ", field.name()));
                query.push_bind(value.clone());
            }
            Self::Tag(tag) => {
                query.push(
                    " AND EXISTS (SELECT 1 FROM event_tags WHERE position = e.position AND tag = ",
                );
                query.push_bind(tag.clone()).push(")");
            }
            Self::Words(words) => {
                query.push(
                    " AND EXISTS (SELECT 1 FROM event_words WHERE rowid = e.position
                    AND event_words MATCH ",
                );
                query.push_bind(expression(words)).push(")");
            }
        }
    }

    /// The position as the index has it, when this condition drives.
    fn order(&self) -> &'static str {
        match self {
            Self::Is(..) => "e.position",
            Self::Tag(_) => "event_tags.position",
            Self::Words(_) => "event_words.rowid",
        }
    }

    /// The position as the index has it, when nothing else is read.
    fn position(&self) -> &'static str {
        match self {
            Self::Is(..) | Self::Tag(_) => "position",
            Self::Words(_) => "rowid",
        }
    }
}

impl Range {
    /// Leaves only what may be in the range by its position, which is where reading starts and ends.
    fn bound(&self, query: &mut QueryBuilder<Sqlite>, position: &str) {
        let end = self.until.map(Position::end_of_all_before);
        let end = end.into_iter().chain(self.before).min();
        if let Some(Position(start)) = self.from.map(Position::first_at) {
            query
                .push(format_args!(" AND {position} >= "))
                .push_bind(start);
        }
        if let Some(Position(end)) = end {
            query
                .push(format_args!(" AND {position} < "))
                .push_bind(end);
        }
    }

    fn check(&self, query: &mut QueryBuilder<Sqlite>, position: &str) {
        self.bound(query, position);
        if let Some(from) = self.from {
            query.push(" AND e.timestamp >= ").push_bind(from);
        }
        if let Some(until) = self.until {
            query.push(" AND e.timestamp < ").push_bind(until);
        }
    }
}

/// The statement that reads the events of `filter`, newest first, and one more than its limit,
/// which tells whether there is a next page.
pub(super) async fn select(
    connection: &mut SqliteConnection,
    filter: &LogFilter,
) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let driver = rarest(connection, filter).await?;
    let mut query = QueryBuilder::new("SELECT e.position, e.id, e.received_at, e.event FROM ");
    let order = match driver.and_then(|index| filter.conditions.get(index)) {
        None => {
            query.push("events e WHERE TRUE");
            "e.position"
        }
        Some(condition) => {
            condition.drive(&mut query);
            condition.order()
        }
    };
    for (index, condition) in filter.conditions.iter().enumerate() {
        if Some(index) != driver {
            condition.check(&mut query);
        }
    }
    filter.range.check(&mut query, order);
    let rows_max = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    query.push(format_args!(" ORDER BY {order} DESC LIMIT "));
    query.push_bind(rows_max.saturating_add(1));
    Ok(query)
}

/// The condition that the fewest events of the range meet, as far as that is worth counting.
async fn rarest(
    connection: &mut SqliteConnection,
    filter: &LogFilter,
) -> Result<Option<usize>, StoreError> {
    if filter.conditions.len() < 2 {
        return Ok((!filter.conditions.is_empty()).then_some(0));
    }
    let mut rarest = None;
    for (index, condition) in filter.conditions.iter().enumerate() {
        let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ");
        condition.find(&mut query);
        filter.range.bound(&mut query, condition.position());
        query.push(" LIMIT ").push_bind(limits::COUNTED_EVENTS_MAX);
        query.push(")");
        let count: i64 = query
            .build_query_scalar()
            .fetch_one(&mut *connection)
            .await?;
        if rarest.is_none_or(|(fewest, _)| count < fewest) {
            rarest = Some((count, index));
        }
    }
    Ok(rarest.map(|(_, index)| index))
}

/// The words in the language of FTS5: in quotes nothing has a meaning but the quote itself.
/// https://www.sqlite.org/fts5.html#full_text_query_syntax
fn expression(words: &[Words]) -> String {
    let quoted = words
        .iter()
        .map(|Words(text)| format!("\"{}\"", text.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" AND ")
}
