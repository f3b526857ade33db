//! From the configured sources of identity to those that are looked at.

use super::error::ConfigError;
use super::raw::{RawIdentity, RawSource, RawString, RawTrust};
use super::resolver::Resolver;
use super::sources::{filled, header, pointed};
use crate::digest::HmacKey;
use crate::identity::{Attribute, IdentityPolicy, Source, Trust};
use crate::limits::IDENTITY_SOURCES_MAX;
use crate::wanted::{Wanted, place};

pub(super) fn identity(
    raw: RawIdentity,
    resolver: &Resolver<'_>,
    wanted: &mut Wanted,
) -> Result<IdentityPolicy, ConfigError> {
    let mut attributes = Vec::new();
    let mut list = |field: &str, raw: Option<Vec<RawSource>>, default: Vec<Source>| {
        let at = format!("identity.{field}");
        match raw {
            None => Ok(default),
            Some(raw) => sources(&at, raw, resolver, &mut attributes, wanted),
        }
    };
    let IdentityPolicy {
        user_id,
        session_id,
        ..
    } = IdentityPolicy::default();
    let user_id = list("user_id", raw.user_id, user_id)?;
    let session_id = list("session_id", raw.session_id, session_id)?;
    let organization_id = list("organization_id", Some(raw.organization_id), Vec::new())?;
    let is_callers = |source: &Source| {
        matches!(
            source,
            Source::Caller | Source::Body | Source::BodyMember(_) | Source::UnverifiedClaim(_)
        )
    };
    if let Some(number) = organization_id.iter().position(is_callers) {
        let at = format!("identity.organization_id[{number}]");
        let reason = "is the caller's to choose, and an organization must not be";
        return Err(ConfigError::new(&at, reason));
    }
    let needs_key = organization_id.contains(&Source::ApiKey)
        || user_id.contains(&Source::ApiKey)
        || session_id.contains(&Source::ApiKey);
    Ok(IdentityPolicy {
        trust: match raw.trust {
            RawTrust::All => Trust::All,
            RawTrust::None => Trust::Fields(Vec::new()),
            RawTrust::Fields(fields) => Trust::Fields(fields),
        },
        user_id,
        session_id,
        organization_id,
        attributes,
        fingerprint_key: fingerprint_key(raw.fingerprint_key, needs_key, resolver)?,
    })
}

fn fingerprint_key(
    raw: Option<RawString>,
    is_needed: bool,
    resolver: &Resolver<'_>,
) -> Result<Option<HmacKey>, ConfigError> {
    let at = "identity.fingerprint_key";
    let key = resolver.resolve(at, raw)?;
    match (is_needed, key) {
        (false, None) => Ok(None),
        (false, Some(_)) => {
            let reason = "is used only by the source \"api_key\"";
            Err(ConfigError::new(at, reason))
        }
        (true, key) => match HmacKey::new(key.unwrap_or_default().as_bytes()) {
            Some(key) => Ok(Some(key)),
            None => Err(ConfigError::new(at, "required by the source \"api_key\"")),
        },
    }
}

fn sources(
    at: &str,
    raw: Vec<RawSource>,
    resolver: &Resolver<'_>,
    attributes: &mut Vec<Attribute>,
    wanted: &mut Wanted,
) -> Result<Vec<Source>, ConfigError> {
    if raw.len() > IDENTITY_SOURCES_MAX {
        let reason = format!("must have at most {IDENTITY_SOURCES_MAX} sources");
        return Err(ConfigError::new(at, reason));
    }
    let numbered = raw.into_iter().enumerate();
    numbered
        .map(|(number, raw)| {
            source(
                &format!("{at}[{number}]"),
                raw,
                resolver,
                attributes,
                wanted,
            )
        })
        .collect()
}

fn source(
    at: &str,
    raw: RawSource,
    resolver: &Resolver<'_>,
    attributes: &mut Vec<Attribute>,
    wanted: &mut Wanted,
) -> Result<Source, ConfigError> {
    let text = |member: &str, raw: RawString| filled(&format!("{at}.{member}"), raw, resolver);
    let mut attribute = |attribute: Attribute| Source::Attribute(place(attributes, attribute));
    Ok(match raw {
        RawSource::Caller => Source::Caller,
        RawSource::Body => Source::Body,
        RawSource::ApiKey => Source::ApiKey,
        RawSource::PeerAddress => Source::PeerAddress,
        RawSource::Constant(raw) => Source::Constant(text("constant", raw)?),
        RawSource::BodyMember(text) => Source::BodyMember(pointed(
            &format!("{at}.body_member"),
            &text,
            &mut wanted.body,
        )?),
        RawSource::Header(raw) => Source::Header(header(&format!("{at}.header"), raw, resolver)?),
        RawSource::JwtClaim(raw) => attribute(Attribute::Claim {
            payload: text("jwt_claim.payload", raw.payload)?,
            path: path(&format!("{at}.jwt_claim.path"), raw.path)?,
        }),
        RawSource::JwtPrincipal(raw) => attribute(Attribute::Principal {
            payload: text("jwt_principal.payload", raw.payload)?,
        }),
        RawSource::UnverifiedJwtClaim(raw) => {
            let at = format!("{at}.unverified_jwt_claim.path");
            Source::UnverifiedClaim(path(&at, raw.path)?)
        }
        RawSource::Certificate(field) => attribute(Attribute::Certificate(field)),
    })
}

fn path(at: &str, path: Vec<String>) -> Result<Vec<String>, ConfigError> {
    if path.is_empty() || path.iter().any(String::is_empty) {
        let reason = "must be the names on the way to the claim, such as [\"sub\"]";
        return Err(ConfigError::new(at, reason));
    }
    Ok(path)
}

#[cfg(test)]
mod tests;
