//! Who makes a call: where an event's `user_id` and `session_id` are looked for, and what is only claimed.

mod compound;
mod fingerprint;
mod known;
mod token;

use crate::digest::HmacKey;

pub(crate) use compound::split;
pub(crate) use known::{Ids, Known, Late, Resolved};

/// Where an event's ids come from. The first source that has a value counts.
#[derive(Debug, Clone)]
pub struct IdentityPolicy {
    /// Which of a caller's own headers are believed.
    pub trust: Trust,
    /// Sources of `user_id`, in order.
    pub user_id: Vec<Source>,
    /// Sources of `session_id`, in order.
    pub session_id: Vec<Source>,
    /// Sources of `organization_id`, in order; where none has a value, it is the configuration's.
    pub organization_id: Vec<Source>,
    /// What the host is asked for when a call ends, each once; a source names one by its place here.
    pub attributes: Vec<Attribute>,
    /// By which fingerprints of API keys are made; there if a source needs it.
    pub fingerprint_key: Option<HmacKey>,
}

/// Where a value is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The caller's own header of the `x-audit-` family.
    Caller,
    /// A header of the request, by its name in lower case: that of a filter or a proxy in front.
    Header(String),
    /// What the host knows, by its place among [`IdentityPolicy::attributes`].
    Attribute(usize),
    /// A claim of a bearer token whose signature nobody has checked, by the names on the way to it.
    UnverifiedClaim(Vec<String>),
    /// The address of the client as the host determines it, without its port.
    PeerAddress,
    /// The members that the wire format has for it.
    Body,
    /// A member of the request's body, by its place among [`Wanted::body`](crate::wanted::Wanted::body).
    BodyMember(usize),
    /// A fingerprint of the request's API key.
    ApiKey,
    /// Always the same.
    Constant(String),
}

/// What a host knows of who makes a call, because it has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// A claim of a JWT.
    Claim {
        /// The name under which the host keeps the token's claims.
        payload: String,
        /// The names on the way to it, at least one.
        path: Vec<String>,
    },
    /// The issuer and the subject of a JWT, joined by a slash, as Istio's request principal.
    Principal {
        /// The name under which the host keeps the token's claims.
        payload: String,
    },
    /// A field of the client's certificate.
    Certificate(Certificate),
}

words! {
    /// A field of a client's certificate.
    pub enum Certificate {
        UriSan "uri_san" "The URI among its subject alternative names, such as a SPIFFE id.",
        DnsSan "dns_san" "The DNS name among its subject alternative names.",
        Subject "subject" "Its subject.",
        Sha256 "sha256" "The SHA-256 digest of the certificate.",
    }
}

/// Which of a caller's own headers are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// All of them.
    All,
    /// Those of these fields; of none if there are none.
    Fields(Vec<Field>),
}

words! {
    /// What a caller can say about a call, each by a header of its own.
    pub enum Field {
        UserId "user_id" "`x-audit-user-id`.",
        SessionId "session_id" "`x-audit-session-id`.",
        DecisionType "decision_type" "`x-audit-decision-type`.",
        DecisionOutcome "decision_outcome" "`x-audit-decision-outcome`.",
        ConfidenceScore "confidence_score" "`x-audit-confidence-score`.",
        Reasoning "reasoning" "`x-audit-reasoning`.",
        ComplianceTags "compliance_tags" "`x-audit-compliance-tags`.",
        RiskLevel "risk_level" "`x-audit-risk-level`.",
        Metadata "metadata" "`x-audit-metadata`.",
    }
}

impl Trust {
    /// Whether the header of a field is believed.
    pub fn believes(&self, field: Field) -> bool {
        match self {
            Self::All => true,
            Self::Fields(fields) => fields.contains(&field),
        }
    }
}

impl Default for IdentityPolicy {
    /// What a caller says, or else what its body says.
    fn default() -> Self {
        Self {
            trust: Trust::All,
            user_id: vec![Source::Caller, Source::Body],
            session_id: vec![Source::Caller, Source::Body],
            organization_id: Vec::new(),
            attributes: Vec::new(),
            fingerprint_key: None,
        }
    }
}
