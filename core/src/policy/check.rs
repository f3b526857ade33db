//! From what the operator wrote to what is in range.

use super::decision::decision;
use super::error::ConfigError;
use super::identity::identity;
use super::raw::{
    RawAuditApi, RawBatch, RawCapture, RawDeadLetter, RawDeadLetterContent, RawDelivery,
    RawGuarantee, RawHash, RawPolicy, RawProvider, RawString,
};
use super::redact::redact;
use super::resolver::Resolver;
use super::rules::rules;
use super::seal::sealer;
use super::{Batch, DeadLetterPolicy, Delivery, GatewayPolicy, Policy, Queue, Retry};
use crate::api::Own;
use crate::capture::{CaptureLimits, CapturePolicy};
use crate::dead_letter::LetterKey;
use crate::destination::{AuditApi, Destination, KeySource, Secret};
use crate::digest::{HashForm, HmacKey};
use crate::event::limits::ID_BYTES_MAX;
use crate::event::{ContentLevel, ContentPolicy};
use crate::hop::HopKey;
use crate::host::Host;
use crate::wanted::Wanted;

/// The environment variable of the audit API's key.
const API_KEY: &str = "AUDIT_LAYER_API_KEY";

/// The environment variable of the key of hashes.
const HASH_KEY: &str = "AUDIT_LAYER_HASH_KEY";

/// The environment variable of a key of dead letters of its own.
const DEAD_LETTER_KEY: &str = "AUDIT_LAYER_DEAD_LETTER_KEY";

pub(super) fn policy(
    raw: RawPolicy,
    env: &dyn Fn(&str) -> Option<String>,
    host: &Host,
) -> Result<Policy, ConfigError> {
    let resolver = Resolver { env, host };
    let organization_id = organization_id(raw.organization_id, &resolver)?;
    let audit_api = audit_api(raw.audit_api, &resolver)?;
    let api_key = audit_api.api_key.as_ref().map(Secret::expose);
    let delivery = delivery(raw.delivery, api_key, &resolver)?;
    let rules = rules(raw.rules, raw.rules_apply, &resolver)?;
    let own = &raw.capture.content;
    let has = |level| {
        let mut levels = rules.levels().chain([own.policy]);
        levels.any(|content| content.has(level))
    };
    let is_redacted = has(ContentLevel::Redacted);
    let is_sealed = has(ContentLevel::Sealed);
    let needs_no_key = own.is_older || own.policy.is_full();
    let is_full = needs_no_key && rules.levels().all(ContentPolicy::is_full);
    let mut wanted = Wanted::default();
    let identity = identity(raw.identity, &resolver, &mut wanted)?;
    let decision = decision(raw.decision, &resolver, &mut wanted)?;
    Ok(Policy {
        recorder: host.recorder,
        point: host.point,
        gateway: GatewayPolicy {
            hop_key: api_key.and_then(HopKey::new),
            sends_hop: raw.gateway.hop_header,
        },
        destination: Destination::new(&audit_api, &organization_id),
        organization_id,
        audit_api,
        delivery,
        redact: redact(raw.redact, is_redacted, &resolver)?,
        sealer: sealer(raw.seal, is_sealed, host.entropy)?,
        capture: capture(raw.capture, is_full, &resolver)?,
        identity,
        decision,
        wanted,
        rules,
        providers: providers(raw.providers, &resolver)?,
    })
}

/// An id that the audit API would refuse with each event is refused here.
fn organization_id(raw: Option<RawString>, resolver: &Resolver<'_>) -> Result<String, ConfigError> {
    let id = resolver.or_env("organization_id", raw, "AUDIT_LAYER_ORG_ID")?;
    let id = id.unwrap_or_default();
    if id.len() > ID_BYTES_MAX {
        let reason = format_args!("must be at most {ID_BYTES_MAX} bytes long");
        return Err(ConfigError::new("organization_id", reason));
    }
    Ok(id)
}

fn providers(raw: Vec<RawProvider>, resolver: &Resolver<'_>) -> Result<Vec<Own>, ConfigError> {
    let numbered = raw.into_iter().enumerate();
    numbered
        .map(|(number, raw)| provider(&format!("providers[{number}]"), raw, resolver))
        .collect()
}

fn provider(at: &str, raw: RawProvider, resolver: &Resolver<'_>) -> Result<Own, ConfigError> {
    if raw.host.is_none() && raw.cluster.is_none() && raw.route.is_none() {
        let reason = "must have at least one of host, cluster and route";
        return Err(ConfigError::new(at, reason));
    }
    let text = |member: &str, value: Option<RawString>| {
        let path = format!("{at}.{member}");
        let text = resolver.resolve(&path, value)?;
        if text.as_deref() == Some("") {
            return Err(ConfigError::new(&path, "must not be empty"));
        }
        Ok(text)
    };
    let bare = |member: &str, value: Option<RawString>| {
        let text = text(member, value)?;
        if text
            .as_deref()
            .is_some_and(|text| text.contains(['/', ':']))
        {
            let reason = "must be a name without a scheme, a port or a path";
            return Err(ConfigError::new(&format!("{at}.{member}"), reason));
        }
        Ok(text)
    };
    Ok(Own {
        host: bare("host", raw.host)?.map(|host| host.to_ascii_lowercase()),
        cluster: text("cluster", raw.cluster)?,
        route: text("route", raw.route)?,
        name: bare("name", Some(raw.name))?.unwrap_or_default(),
        format: raw.format.map(|format| format.0),
    })
}

fn delivery(
    raw: RawDelivery,
    api_key: Option<&str>,
    resolver: &Resolver<'_>,
) -> Result<Delivery, ConfigError> {
    Ok(Delivery {
        batch: batch(raw.batch, resolver)?,
        dead_letter: dead_letter(raw.dead_letter, api_key, resolver)?,
        queue: Queue {
            max_events: raw.queue.max_events.size(),
            max_bytes: raw.queue.max_bytes.size(),
        },
        retry: Retry {
            base_ms: raw.retry.base_ms.get(),
            max_ms: raw.retry.max_ms.get(),
            max_age_ms: raw.retry.max_age_ms.get(),
        },
        hold_ms: match raw.guarantee {
            RawGuarantee::Async => None,
            RawGuarantee::Acknowledged => Some(raw.hold_ms.get()),
        },
    })
}

fn dead_letter(
    raw: RawDeadLetter,
    api_key: Option<&str>,
    resolver: &Resolver<'_>,
) -> Result<DeadLetterPolicy, ConfigError> {
    let at = "delivery.dead_letter.key";
    let own = resolver.or_env(at, raw.key, DEAD_LETTER_KEY)?;
    // The importer is given it as a variable or an argument, where blanks tell keys apart.
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    if own.as_deref().is_some_and(|key| !is_key(key)) {
        let reason = "must be printable ASCII without spaces, and not empty";
        return Err(ConfigError::new(at, reason));
    }
    Ok(DeadLetterPolicy {
        key: own.as_deref().or(api_key).and_then(LetterKey::new),
        has_content: matches!(raw.content, RawDeadLetterContent::Full),
    })
}

fn audit_api(raw: RawAuditApi, resolver: &Resolver<'_>) -> Result<AuditApi, ConfigError> {
    let cluster = cluster(raw.cluster, resolver)?;
    let url = resolver
        .or_env("audit_api.url", raw.url, "AUDIT_LAYER_API_URL")?
        .unwrap_or_else(|| "https://api.auditlayer.io/v1".to_owned());
    let url = Url::parse(&url).map_err(|reason| ConfigError::new("audit_api.url", reason))?;
    let key_source = match &raw.api_key {
        Some(RawString::Literal(_)) => KeySource::Configuration,
        Some(RawString::Env(name)) => KeySource::Environment(name.clone()),
        None => KeySource::Environment(API_KEY.to_owned()),
    };
    let api_key = resolver.or_env("audit_api.api_key", raw.api_key, API_KEY)?;
    if api_key
        .as_deref()
        .is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        let reason = "must be printable ASCII without spaces, as it becomes a header";
        return Err(ConfigError::new("audit_api.api_key", reason));
    }
    Ok(AuditApi {
        cluster,
        scheme: url.scheme,
        authority: url.authority,
        base_path: url.base_path,
        api_key: api_key.filter(|key| !key.is_empty()).map(Secret::new),
        key_source,
        timeout_ms: raw.timeout_ms.get(),
    })
}

/// The host's name of the audit API; empty where the host needs none.
fn cluster(raw: Option<RawString>, resolver: &Resolver<'_>) -> Result<String, ConfigError> {
    let at = "audit_api.cluster";
    let cluster = resolver.resolve(at, raw)?.unwrap_or_default();
    match resolver.host.cluster {
        Some(what) if cluster.is_empty() => Err(ConfigError::new(at, format!("required: {what}"))),
        _ => Ok(cluster),
    }
}

fn batch(raw: RawBatch, resolver: &Resolver<'_>) -> Result<Batch, ConfigError> {
    let path = resolver.resolve("delivery.batch.path", raw.path)?;
    if path.as_deref().is_some_and(|path| !path.starts_with('/')) {
        return Err(ConfigError::new(
            "delivery.batch.path",
            "must start with \"/\"",
        ));
    }
    let max_events = raw.max_events.size();
    Ok(Batch {
        max_events: if path.is_some() { max_events } else { 1 },
        max_bytes: raw.max_bytes.size(),
        linger_ms: raw.linger_ms.get(),
        path,
    })
}

/// `is_full` where all content of every call is in its event, or else hashes need no key.
fn capture(
    raw: RawCapture,
    is_full: bool,
    resolver: &Resolver<'_>,
) -> Result<CapturePolicy, ConfigError> {
    Ok(CapturePolicy {
        content: raw.content.policy,
        prompt_format: raw.prompt_format,
        hash: hash(raw.hash, raw.hash_key, is_full, resolver)?,
        limits: CaptureLimits {
            request_bytes: raw.limits.request_bytes.size(),
            response_bytes: raw.limits.response_bytes.size(),
            content_bytes: raw.limits.content_bytes.size(),
        },
    })
}

/// Where content is left out, hashes are keyed unless the operator says otherwise: what is short, or of few
/// possible values, can be guessed from a plain hash.
fn hash(
    form: Option<RawHash>,
    key: Option<RawString>,
    is_full: bool,
    resolver: &Resolver<'_>,
) -> Result<HashForm, ConfigError> {
    let at = "capture.hash_key";
    let (form, why) = match form {
        Some(form) => (form, "by the hash \"hmac-sha256\""),
        None if is_full => (RawHash::Sha256, ""),
        None => (
            RawHash::HmacSha256,
            "where content is not \"full\", as it could be guessed from hashes without a key",
        ),
    };
    let plain = match form {
        RawHash::Sha256 => HashForm::Sha256,
        RawHash::Bare => HashForm::Bare,
        RawHash::HmacSha256 => {
            let key = resolver.or_env(at, key, HASH_KEY)?.unwrap_or_default();
            let required = || ConfigError::new(at, format!("required {why}; or set {HASH_KEY}"));
            let key = HmacKey::new(key.as_bytes()).ok_or_else(required)?;
            return Ok(HashForm::Hmac(key));
        }
    };
    match key {
        None => Ok(plain),
        Some(_) => {
            let reason = "has a use only with the hash \"hmac-sha256\"";
            Err(ConfigError::new(at, reason))
        }
    }
}

/// The parts of `scheme://authority/path`.
struct Url {
    scheme: String,
    authority: String,
    base_path: String,
}

impl Url {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("must start with https:// or http://")?;
        if !matches!(scheme, "http" | "https") {
            return Err("must start with https:// or http://");
        }
        let (authority, path) = match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
            Some((authority, path)) => (authority, path),
            None => (rest, ""),
        };
        if authority.is_empty() {
            return Err("has no host");
        }
        if authority.contains('@') {
            return Err("must not hold credentials; use audit_api.api_key");
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
        if !text.bytes().all(is_plain) {
            return Err("must be printable ASCII without spaces, query and fragment");
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            base_path: path.trim_end_matches('/').to_owned(),
        })
    }
}
