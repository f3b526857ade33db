//! What of an event can be asked for by its value.

use audit_layer_core::event::Member;

use crate::event::GatewayFacts;
use crate::search::Term;

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

    /// The name of the parameter, which is also that of its column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CompletionState => "completion_state",
            Self::DecisionOutcome => Member::DecisionOutcome.name(),
            Self::DecisionType => Member::DecisionType.name(),
            Self::ModelName => Member::ModelName.name(),
            Self::ModelProvider => Member::ModelProvider.name(),
            Self::OrganizationId => Member::OrganizationId.name(),
            Self::PromptHash => Member::PromptHash.name(),
            Self::RiskLevel => Member::RiskLevel.name(),
            Self::SessionId => Member::SessionId.name(),
            Self::UserId => Member::UserId.name(),
        }
    }
}

/// What a gateway observed of a call and can be asked for: no column has it, only the event's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observed {
    CaptureApi,
    OuterRequestId,
}

impl Observed {
    pub(crate) const ALL: [Self; 2] = [Self::CaptureApi, Self::OuterRequestId];

    /// The name of the parameter.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CaptureApi => "capture_api",
            Self::OuterRequestId => "outer_request_id",
        }
    }

    /// What a gateway says of it.
    pub(crate) fn value(self, facts: &GatewayFacts) -> Option<&str> {
        match self {
            Self::CaptureApi => facts.capture_api.as_deref(),
            Self::OuterRequestId => facts.outer_request_id.as_deref(),
        }
    }

    /// What events with this value are found by. Events of earlier versions have other wire formats,
    /// and are not found by them: whoever asks for one looks at each event.
    pub(crate) fn term(self, value: &str) -> Option<Term> {
        let is_indexed = self != Self::CaptureApi || value == UNREAD_API;
        is_indexed.then(|| Term::member(self.name(), value))
    }
}

/// The wire format of calls whose content is not read.
pub(crate) const UNREAD_API: &str = "unknown";
