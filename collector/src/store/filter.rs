//! Which events a query wants.

use crate::access::Kind;
use crate::event::{Field, GatewayFacts, Observed};
use crate::search::{Content, Position, Term, terms_of_phrase};
use crate::store::arrival::{RECORDED_BY, RECORDED_BY_KIND};

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
    /// What a gateway observed is exactly this.
    Observed(Observed, String),
    /// It has this tag.
    Tag(String),
    /// Its texts hold all of these.
    Words(Vec<Phrase>),
    /// It was recorded with the key of this id.
    RecordedBy(String),
    /// It was recorded with a key of this kind.
    RecordedByKind(Kind),
    /// Whether other records of its call contradict it.
    InConflict(bool),
}

/// Words that have to stand in a row in one of an event's texts, each as
/// [`each_word`](crate::search::each_word) gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase(pub(crate) Vec<String>);

impl LogFilter {
    /// The one organization whose events are wanted, if it is one.
    pub(crate) fn organization(&self) -> Option<&str> {
        let mut conditions = self.conditions.iter();
        conditions.find_map(|condition| match condition {
            Condition::Is(Field::OrganizationId, id) => Some(id.as_str()),
            _ => None,
        })
    }

    /// Whether only events are wanted that others of their call contradict. They are few.
    pub(super) fn is_of_conflicts(&self) -> bool {
        self.conditions.contains(&Condition::InConflict(true))
    }

    /// What events must be found by to be wanted. None is needed to be wanted by no condition.
    pub(super) fn terms(&self) -> Vec<Term> {
        let terms = self.conditions.iter().flat_map(Condition::terms);
        terms.collect()
    }

    /// Whether an event, whose text this is, has what no column tells.
    pub(super) fn fits(&self, event: &str) -> Result<bool, serde_json::Error> {
        let is_of_content = |one: &Condition| !one.is_of_columns();
        if !self.conditions.iter().any(is_of_content) {
            return Ok(true);
        }
        let content = Content::read(event)?;
        let mut conditions = self.conditions.iter();
        Ok(conditions.all(|condition| condition.fits(&content)))
    }
}

impl Condition {
    /// Whether columns alone tell.
    fn is_of_columns(&self) -> bool {
        match self {
            Self::Is(..) | Self::RecordedBy(_) | Self::RecordedByKind(_) | Self::InConflict(_) => {
                true
            }
            Self::Observed(..) | Self::Tag(_) | Self::Words(_) => false,
        }
    }

    fn terms(&self) -> Vec<Term> {
        match self {
            Self::Is(field, value) => vec![Term::member(field.name(), value)],
            Self::Observed(observed, value) => observed.term(value).into_iter().collect(),
            Self::Tag(tag) => vec![Term::tag(tag)],
            Self::Words(phrases) => {
                let terms = phrases.iter().map(|Phrase(words)| terms_of_phrase(words));
                terms.flatten().collect()
            }
            Self::RecordedBy(key_id) => vec![Term::member(RECORDED_BY, key_id)],
            Self::RecordedByKind(kind) => vec![Term::member(RECORDED_BY_KIND, kind.name())],
            // It may come to hold of an event that is in the index: a table has those.
            Self::InConflict(_) => Vec::new(),
        }
    }

    fn fits(&self, content: &Content<'_>) -> bool {
        match self {
            Self::Is(..) | Self::RecordedBy(_) | Self::RecordedByKind(_) | Self::InConflict(_) => {
                true
            }
            Self::Observed(observed, value) => {
                let facts = GatewayFacts::read(content.metadata());
                observed.value(&facts) == Some(value.as_str())
            }
            Self::Tag(tag) => content.has_tag(tag),
            Self::Words(phrases) => phrases
                .iter()
                .all(|Phrase(words)| content.has_phrase(words)),
        }
    }
}

impl Range {
    /// The first and the last position that an event in the range can have.
    pub(super) fn bounds(&self) -> (Position, Position) {
        let first = self.from.map_or(Position::FIRST, Position::first_at);
        let end = self.until.map(Position::end_of_all_before);
        let end = end.into_iter().chain(self.before).min();
        (first, end.map_or(Position::LAST, Position::before))
    }
}
