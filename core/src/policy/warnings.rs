//! What an operator should know of a configuration that is taken.

use super::Policy;
use crate::digest::{HashForm, HmacKey};
use crate::event::{ContentLevel, ContentPolicy};
use crate::identity::{Source, Trust};
use crate::rules::Applies;

/// Something to know, with the member it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The path of the member.
    pub at: &'static str,
    /// One line.
    pub text: &'static str,
}

impl Policy {
    /// Everything to know of it.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |condition: bool, at, text| {
            if condition {
                warnings.push(Warning { at, text });
            }
        };
        warn(
            self.audit_api.api_key.is_none(),
            "audit_api.api_key",
            "there is none: the audit API gets events without a key",
        );
        warn(
            self.audit_api.scheme == "http",
            "audit_api.url",
            "begins with http: whether events are encrypted on their way depends on the cluster alone",
        );
        warn(
            self.stores_content_in_full(),
            "capture.content",
            "is full: prompts and answers are stored as they are, with whatever they contain",
        );
        warn(
            self.withholds_content() && !matches!(self.capture.hash, HashForm::Hmac(_)),
            "capture.hash",
            "has no key: content that is short or of few possible values can be guessed from its hash",
        );
        let is_short = |key: Option<&HmacKey>| key.is_some_and(HmacKey::is_short);
        let of_hashes = match &self.capture.hash {
            HashForm::Hmac(key) => Some(key),
            HashForm::Sha256 | HashForm::Bare => None,
        };
        for (key, at) in [
            (of_hashes, "capture.hash_key"),
            (self.redact.key.as_ref(), "redact.key"),
            (
                self.identity.fingerprint_key.as_ref(),
                "identity.fingerprint_key",
            ),
        ] {
            let text =
                "is shorter than 16 bytes: whoever finds it out by trying knows what it hides";
            warn(is_short(key), at, text);
        }
        warn(
            self.stores_content_in_full() && self.delivery.dead_letter.has_content,
            "delivery.dead_letter.content",
            "is full: events that cannot be delivered are in the proxy's log with their content",
        );
        warn(
            self.has_rules_in_vain(),
            "rules",
            "stand behind one that matches every call: since only the first applies, they never do",
        );
        warn(
            self.identity.trust != Trust::Fields(Vec::new()),
            "identity.trust",
            "callers are believed: what they write into their x-audit headers is recorded as fact",
        );
        warn(
            !self.verifies_users(),
            "identity.user_id",
            "has no source that the gateway verifies: any caller can claim to be anybody",
        );
        warn(
            self.identity.trust == Trust::Fields(Vec::new())
                && self.identity.user_id == [Source::Caller],
            "identity.user_id",
            "has no source but the caller's header, which is not trusted: user_id is always empty",
        );
        warnings
    }

    /// Whether rules stand behind one that matches every call and is the only one to apply.
    fn has_rules_in_vain(&self) -> bool {
        let before_last = self.rules.list.iter().rev().skip(1);
        let mut before_last = before_last.map(|rule| rule.when.is_for_all());
        self.rules.applies == Applies::First && before_last.any(|is_for_all| is_for_all)
    }

    /// Whether content of callers whom nobody has verified is stored as it is.
    pub fn stores_unverified_in_full(&self) -> bool {
        self.stores_content_in_full() && !self.verifies_users()
    }

    fn stores_content_in_full(&self) -> bool {
        self.levels().any(|level| level.has(ContentLevel::Full))
    }

    fn withholds_content(&self) -> bool {
        self.levels().any(|level| !level.is_full())
    }

    /// The levels that a call may have.
    fn levels(&self) -> impl Iterator<Item = ContentPolicy> {
        self.rules.levels().chain([self.capture.content])
    }

    /// Whether some source of the user is one that the gateway has verified, or that the operator sets.
    fn verifies_users(&self) -> bool {
        let mut sources = self.identity.user_id.iter();
        sources.any(|source| match source {
            Source::Attribute(_) | Source::Header(_) | Source::ApiKey | Source::Constant(_) => true,
            // A caller may write it into x-forwarded-for, unless the listener says otherwise.
            Source::PeerAddress
            | Source::Caller
            | Source::Body
            | Source::BodyMember(_)
            | Source::UnverifiedClaim(_) => false,
        })
    }
}
