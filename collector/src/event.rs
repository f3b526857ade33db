//! An audit event as a client sent it: checked once, kept as text, with the facts one asks for
//! beside it.

mod field;
mod gateway;
mod json;
mod members;
mod node;
mod print;
mod same;
mod tombstone;
mod twins;
mod usage;

use std::sync::{Arc, OnceLock};

use audit_layer_core::event::{CompletionState, Member};
use serde::Deserialize;
use thiserror::Error;

use crate::access::{Kind, Scope};
use crate::event::gateway::object;
use crate::event::members::{Members, Spelling};
use crate::limits;
use crate::search::{Content, Term};
use crate::time;

pub(crate) use field::{Field, Observed, UNREAD_API};
pub(crate) use gateway::GatewayFacts;
pub(crate) use json::{Entries, Object};
pub(crate) use node::{Fields, Node};
pub(crate) use print::in_print;
pub(crate) use same::Said;
pub(crate) use tombstone::tombstone;
pub(crate) use usage::{Usage, UsageSource};

/// A checked event. [`Event::parse`] is the only way to one.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) organization_id: String,
    pub(crate) request_id: String,
    /// Microseconds since 1970, UTC.
    pub(crate) timestamp: i64,
    pub(crate) user_id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) decision_type: Option<String>,
    pub(crate) decision_outcome: Option<String>,
    pub(crate) model_provider: String,
    pub(crate) model_name: String,
    pub(crate) risk_level: Option<String>,
    pub(crate) prompt_hash: String,
    /// Where it comes from and how the call ended, if a gateway of ours wrote it.
    pub(crate) gateway: GatewayFacts,
    /// Whether it was exported, and there was recorded with an application's key, as its sender says.
    pub(crate) is_of_application: bool,
    /// What it can be found by, each once and in their order.
    pub(crate) terms: Arc<[Term]>,
    /// The JSON object as it was sent, without the members that the collector adds, with the
    /// organization, and with the documented members in snake case.
    pub(crate) text: String,
    said: OnceLock<Said>,
}

impl Event {
    /// Reads one event from the body of a request or from one line of a batch.
    ///
    /// An event that names no organization belongs to that of `scope`.
    pub(crate) fn parse(bytes: &[u8], scope: &Scope) -> Result<Self, EventError> {
        if bytes.len() > limits::EVENT_BYTES_MAX {
            return Err(EventError::TooLarge);
        }
        let text = str::from_utf8(bytes).map_err(|_| EventError::NotUtf8)?;
        let text = text.trim_matches(JSON_SPACE);
        json::check(text)?;
        let entries = Entries::read(text)?;
        let spelling = Spelling::of(&entries);
        let members = Members::read(&entries, spelling)?;
        let audit_layer = twins::check(&entries, members.raw(Member::Metadata))?;
        let organization = Organization::of(&members, scope)?;
        let kept_name = |name| match ADDED_MEMBERS.contains(&name) {
            true => None,
            false => Some(spelling.kept_name(name)),
        };
        let mut event = Self {
            request_id: members.id(Member::RequestId)?,
            timestamp: members.time(Member::Timestamp)?,
            user_id: members.text(Member::UserId)?,
            session_id: members.optional_text(Member::SessionId)?,
            decision_type: members.optional_text(Member::DecisionType)?,
            decision_outcome: members.optional_text(Member::DecisionOutcome)?,
            model_provider: members.text(Member::ModelProvider)?,
            model_name: members.text(Member::ModelName)?,
            risk_level: members.optional_text(Member::RiskLevel)?,
            prompt_hash: members.text(Member::PromptHash)?,
            gateway: GatewayFacts::of(audit_layer),
            text: match entries.rewritten(kept_name, organization.added())? {
                Some(rewritten) => rewritten,
                None => text.to_owned(),
            },
            is_of_application: is_of_application(&entries),
            organization_id: organization.into_id(),
            terms: Arc::default(),
            said: OnceLock::new(),
        };
        event.terms = event.find_terms()?;
        Ok(event)
    }

    /// What stays of it when its content is erased at this time, in microseconds since 1970, UTC.
    pub(crate) fn erased(&self, at: i64) -> Result<Self, EventError> {
        let tombstone = tombstone(&self.text, &time::text(at))?;
        Self::parse(tombstone.as_bytes(), &Scope::All)
    }

    /// The member that a filter can ask for.
    pub(crate) fn value(&self, field: Field) -> Option<&str> {
        match field {
            Field::CompletionState => self.gateway.completion_state.as_deref(),
            Field::DecisionOutcome => self.decision_outcome.as_deref(),
            Field::DecisionType => self.decision_type.as_deref(),
            Field::ModelName => Some(&self.model_name),
            Field::ModelProvider => Some(&self.model_provider),
            Field::OrganizationId => Some(&self.organization_id),
            Field::PromptHash => Some(&self.prompt_hash),
            Field::RiskLevel => self.risk_level.as_deref(),
            Field::SessionId => self.session_id.as_deref(),
            Field::UserId => Some(&self.user_id),
        }
    }

    fn find_terms(&self) -> Result<Arc<[Term]>, EventError> {
        let mut terms = Content::read(&self.text)?.terms();
        let members = Field::ALL.into_iter().filter_map(|field| {
            let value = self.value(field)?;
            Some(Term::member(field.name(), value))
        });
        terms.extend(members);
        let observed = Observed::ALL.into_iter();
        terms.extend(observed.filter_map(|one| one.term(one.value(&self.gateway)?)));
        terms.sort_unstable();
        terms.dedup();
        Ok(terms.into())
    }

    /// What its text says, to be compared.
    pub(crate) fn said(&self) -> Said {
        *self.said.get_or_init(|| Said::of(&self.text))
    }

    /// Whether it says only that a call began.
    pub(crate) fn is_pending(&self) -> bool {
        self.gateway.completion_state.as_deref() == Some(CompletionState::Pending.name())
    }

    /// Whether it has no content, as the log that it was imported from was to have none: a whole event
    /// of the call says all that it says, and more.
    pub(crate) fn is_stub(&self) -> bool {
        self.gateway.is_stub
    }

    /// The request_id of text that may not be an event, to name a rejected line.
    pub(crate) fn request_id_of(bytes: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            request_id: Option<String>,
            #[serde(rename = "requestId")]
            camel: Option<String>,
        }
        let named: Named = object(str::from_utf8(bytes).ok()?.trim_matches(JSON_SPACE))?;
        let id = named.request_id.or(named.camel)?;
        (id.len() <= limits::ID_BYTES_MAX).then_some(id)
    }
}

/// Whether an exported event says that an application's key recorded it.
fn is_of_application(entries: &Entries<'_>) -> bool {
    let mut recorders = entries.iter().filter(|(name, _)| *name == "recorded_by");
    recorders.any(|(_, recorder)| {
        let kind = Node::of(recorder).get("kind").text();
        kind.as_deref() == Some(Kind::Application.name())
    })
}

/// Where an event's organization comes from.
enum Organization {
    /// From the event.
    Named(String),
    /// From the key it was sent with.
    OfKey(String),
}

impl Organization {
    fn of(members: &Members<'_>, scope: &Scope) -> Result<Self, EventError> {
        let Scope::Organization(own) = scope else {
            return Ok(Self::Named(members.id(Member::OrganizationId)?));
        };
        match members.optional_text(Member::OrganizationId)? {
            Some(named) if named == *own => Ok(Self::Named(named)),
            Some(named) if !named.is_empty() => Err(EventError::OtherOrganization {
                field: members.spelt(Member::OrganizationId),
            }),
            Some(_) | None => Ok(Self::OfKey(own.clone())),
        }
    }

    /// The member that the event's text gets.
    fn added(&self) -> Option<(&str, &str)> {
        match self {
            Self::Named(_) => None,
            Self::OfKey(id) => Some((Member::OrganizationId.name(), id)),
        }
    }

    fn into_id(self) -> String {
        match self {
            Self::Named(id) | Self::OfKey(id) => id,
        }
    }
}

/// Why text is no event.
#[derive(Debug, Error)]
pub(crate) enum EventError {
    #[error("not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{field}: must be {expected}")]
    Member {
        field: &'static str,
        expected: &'static str,
    },
    #[error("{field}: missing, must be {expected}")]
    MemberMissing {
        field: &'static str,
        expected: &'static str,
    },
    #[error(
        "{field}: more than {} seconds ahead of the collector's clock: correct the application's clock",
        limits::APPLICATION_AHEAD_MAX.as_secs()
    )]
    Ahead { field: &'static str },
    #[error("{field}: appears twice, send it once")]
    MemberTwice { field: &'static str },
    #[error("{field}: contains an object in which a member appears twice, send each member once")]
    TwinsInside { field: &'static str },
    #[error("not an event: send one JSON object")]
    NotAnObject,
    #[error("{field}: this key can only record events of another organization")]
    OtherOrganization { field: &'static str },
    #[error("not valid JSON: the bytes are not UTF-8 (compressed bodies are not supported)")]
    NotUtf8,
    #[error(
        "there are already {} conflicting events with this request_id: use a different request_id for each call",
        limits::CONFLICTS_MAX.saturating_add(1)
    )]
    TooManyConflicts,
    #[error(
        "nested more than {} levels deep: flatten the inner values or leave them out",
        limits::EVENT_DEPTH_MAX
    )]
    TooDeep,
    #[error(
        "more than {} members: put your own members in metadata",
        limits::EVENT_MEMBERS_MAX
    )]
    TooManyMembers,
    #[error(
        "larger than {} bytes: leave out or shorten content",
        limits::EVENT_BYTES_MAX
    )]
    TooLarge,
}

impl EventError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::NotUtf8 => "invalid_json",
            Self::Member { .. }
            | Self::MemberMissing { .. }
            | Self::MemberTwice { .. }
            | Self::TwinsInside { .. }
            | Self::Ahead { .. }
            | Self::NotAnObject => "invalid_event",
            Self::OtherOrganization { .. } => "wrong_organization",
            Self::TooManyConflicts => "too_many_conflicts",
            Self::TooDeep => "event_too_deep",
            Self::TooLarge => "event_too_large",
            Self::TooManyMembers => "event_too_many_members",
        }
    }

    pub(crate) fn field(&self) -> Option<&'static str> {
        match self {
            Self::Member { field, .. }
            | Self::MemberMissing { field, .. }
            | Self::MemberTwice { field }
            | Self::TwinsInside { field }
            | Self::Ahead { field }
            | Self::OtherOrganization { field } => Some(field),
            Self::Json(_)
            | Self::NotAnObject
            | Self::NotUtf8
            | Self::TooDeep
            | Self::TooLarge
            | Self::TooManyMembers => None,
            Self::TooManyConflicts => Some(Member::RequestId.name()),
        }
    }
}

/// Members that the collector adds to what it returns.
///
/// An event that was exported and is sent again carries the old ones; two members of one name
/// would leave it to the reader which of them counts.
pub(crate) const ADDED_MEMBERS: [&str; 5] = [
    "id",
    "received_at",
    "recorded_by",
    "conflict_of",
    "writer_not_counted",
];

/// White space as JSON defines it; Unicode has more.
const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

#[cfg(test)]
mod tests;
