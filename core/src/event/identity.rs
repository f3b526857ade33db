//! Who made a call, and who says so.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Members, RiskLevel};

/// Who made the call, and who says so.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Identity {
    /// Where `user_id` comes from; absent if it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Provenance>,
    /// Where `session_id` comes from; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Provenance>,
    /// Where `organization_id` comes from, if not from the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Provenance>,
    /// What the caller claims and the event does not state as a fact; absent if there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Box<Claimed>>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// The kind of source.
    pub source: IdentitySource,
    /// Which one, where there are several: the header's name, the claim's path joined by dots, the
    /// certificate's field, the pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

words! {
    /// Where `user_id` or `session_id` comes from.
    pub enum IdentitySource {
        Caller "caller" "The caller's own header, `x-audit-user-id` or `x-audit-session-id`.",
        Header "header" "A header of the request that the operator named.",
        JwtClaim "jwt_claim" "A claim of a JWT that the gateway verified.",
        JwtPrincipal "jwt_principal" "Issuer and subject of a JWT that the gateway verified, joined by a slash.",
        UnverifiedJwtClaim "unverified_jwt_claim" "A claim of a bearer token whose signature nobody verified.",
        Certificate "certificate" "The client's certificate, which the gateway verified.",
        PeerAddress "peer_address" "The address of the client, as the gateway's listener determines it: of the connection, or from `x-forwarded-for`.",
        Body "body" "The request's body, as the caller wrote it.",
        ApiKey "api_key" "A keyed fingerprint of the request's API key.",
        Constant "constant" "The configuration.",
    }
}

/// What a caller claims and the event does not state as a fact: the operator does not trust that
/// header, or another source comes first and says something else.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Claimed {
    /// By `x-audit-user-id`, or else by the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// By `x-audit-session-id`, or else by the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// By `x-audit-decision-type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_type: Option<String>,
    /// By `x-audit-decision-outcome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_outcome: Option<String>,
    /// By `x-audit-confidence-score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub confidence_score: Option<Box<RawValue>>,
    /// By `x-audit-reasoning`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// By `x-audit-compliance-tags`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compliance_tags: Vec<String>,
    /// By `x-audit-risk-level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<RiskLevel>,
    /// By `x-audit-metadata`.
    #[serde(skip_serializing_if = "Members::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")
    )]
    pub metadata: Members,
}

impl Identity {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.user_id.is_none()
            && self.session_id.is_none()
            && self.organization_id.is_none()
            && self.claimed.is_none()
    }
}

impl Claimed {
    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        let Self {
            user_id,
            session_id,
            decision_type,
            decision_outcome,
            confidence_score,
            reasoning,
            compliance_tags,
            risk_level,
            metadata,
        } = self;
        let texts = [
            user_id,
            session_id,
            decision_type,
            decision_outcome,
            reasoning,
        ];
        texts.iter().all(|text| text.is_none())
            && confidence_score.is_none()
            && compliance_tags.is_empty()
            && risk_level.is_none()
            && metadata.is_empty()
    }
}
