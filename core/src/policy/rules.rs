//! From rules as written to those that are looked at.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::to_raw_value;
use wildmatch::WildMatch;

use super::error::ConfigError;
use super::raw::{RawPatterns, RawRule, RawString, RawValues, RawWhen};
use super::resolver::Resolver;
use crate::api::FORMATS;
use crate::credentials::names_a_credential;
use crate::event::Members;
use crate::event::limits::ID_BYTES_MAX;
use crate::limits::{
    NAME_BYTES_MAX, PARAMETER_BYTES_MAX, RULE_NAME_BYTES_MAX, RULE_PATTERNS_MAX, RULES_MAX,
};
use crate::rules::{Applies, Patterns, Rule, Rules, Values, When};

/// The member of the event's metadata that is the gateway's.
const RESERVED: &str = "audit_layer";

pub(super) fn rules(
    raw: Vec<RawRule>,
    applies: Option<Applies>,
    resolver: &Resolver<'_>,
) -> Result<Rules, ConfigError> {
    if raw.len() > RULES_MAX {
        let reason = format!("must have at most {RULES_MAX} rules");
        return Err(ConfigError::new("rules", reason));
    }
    if applies.is_some() && raw.is_empty() {
        return Err(ConfigError::new("rules_apply", "has a use only with rules"));
    }
    let mut list: Vec<Rule> = Vec::with_capacity(raw.len());
    for (number, raw) in raw.into_iter().enumerate() {
        let at = format!("rules[{number}]");
        let rule = rule(&at, number, raw, resolver)?;
        if list.iter().any(|known| known.name == rule.name) {
            let reason = "is the name of another rule";
            return Err(ConfigError::new(&format!("{at}.name"), reason));
        }
        list.push(rule);
    }
    Ok(Rules {
        list,
        applies: applies.unwrap_or_default(),
    })
}

fn rule(
    at: &str,
    number: usize,
    raw: RawRule,
    resolver: &Resolver<'_>,
) -> Result<Rule, ConfigError> {
    let name = raw
        .name
        .unwrap_or_else(|| number.saturating_add(1).to_string());
    if name.is_empty() || name.len() > RULE_NAME_BYTES_MAX {
        let reason = format!("must have from 1 to {RULE_NAME_BYTES_MAX} bytes");
        return Err(ConfigError::new(&format!("{at}.name"), reason));
    }
    let is_idle = is_empty(&raw.set) && is_empty(&raw.default) && raw.content.is_none();
    if is_idle {
        let reason = "must have at least one of set, default and content";
        return Err(ConfigError::new(at, reason));
    }
    if raw.default.provider.is_some() {
        // The gateway always knows one, if only by the wire format.
        let at = format!("{at}.default.provider");
        return Err(ConfigError::new(&at, "has a use only in set"));
    }
    Ok(Rule {
        name,
        when: when(&format!("{at}.match"), raw.when)?,
        set: values(&format!("{at}.set"), raw.set, resolver)?,
        default: values(&format!("{at}.default"), raw.default, resolver)?,
        content: raw.content,
    })
}

fn is_empty(values: &RawValues) -> bool {
    let RawValues {
        organization_id,
        provider,
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level,
        metadata,
    } = values;
    let texts = [
        organization_id,
        provider,
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

fn when(at: &str, raw: RawWhen) -> Result<When, ConfigError> {
    let RawWhen {
        host,
        path,
        method,
        route,
        cluster,
        model,
        format,
        provider,
        user_id,
        session_id,
        header,
    } = raw;
    let has_none = [
        &host,
        &path,
        &method,
        &route,
        &cluster,
        &model,
        &format,
        &provider,
        &user_id,
        &session_id,
    ]
    .iter()
    .all(|patterns| patterns.is_none());
    if has_none && header.is_empty() {
        let reason = "must have at least one member; {\"path\": \"*\"} matches every call";
        return Err(ConfigError::new(at, reason));
    }
    let of = |member: &str, raw: Option<RawPatterns>| match raw {
        None => Ok(Patterns::default()),
        Some(raw) => patterns(&format!("{at}.{member}"), raw),
    };
    let format = of("format", format)?;
    let is_known = |pattern: &WildMatch| FORMATS.iter().any(|format| pattern.matches(format.name));
    if let Some(number) = format.0.iter().position(|pattern| !is_known(pattern)) {
        let known: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        let reason = format!("number {number} matches none of {}", known.join(", "));
        return Err(ConfigError::new(&format!("{at}.format"), reason));
    }
    let lower = |raw: Option<RawPatterns>| {
        raw.map(|raw| RawPatterns(raw.0.iter().map(|text| text.to_ascii_lowercase()).collect()))
    };
    Ok(When {
        host: of("host", lower(host))?,
        path: of("path", path)?,
        method: of("method", method)?,
        route: of("route", route)?,
        cluster: of("cluster", cluster)?,
        model: of("model", model)?,
        format,
        provider: of("provider", provider)?,
        user_id: of("user_id", user_id)?,
        session_id: of("session_id", session_id)?,
        headers: headers(&format!("{at}.header"), header)?,
    })
}

fn headers(
    at: &str,
    raw: BTreeMap<String, RawPatterns>,
) -> Result<Vec<(String, Patterns)>, ConfigError> {
    let mut headers = Vec::with_capacity(raw.len());
    for (name, raw) in raw {
        let at = format!("{at}.{name}");
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/;<=>?@[\\]{}".contains(&byte);
        let reason = if name.is_empty() || !name.bytes().all(is_token) {
            "must be the name of a header"
        } else if names_a_credential(name.as_bytes()) {
            "contains a credential, which a configuration must not"
        } else {
            headers.push((name.to_ascii_lowercase(), patterns(&at, raw)?));
            continue;
        };
        return Err(ConfigError::new(&at, reason));
    }
    Ok(headers)
}

fn patterns(at: &str, RawPatterns(raw): RawPatterns) -> Result<Patterns, ConfigError> {
    let is_right = |pattern: &String| (1..=NAME_BYTES_MAX).contains(&pattern.len());
    let reason = if raw.is_empty() || raw.len() > RULE_PATTERNS_MAX {
        format!("must have from 1 to {RULE_PATTERNS_MAX} patterns")
    } else if !raw.iter().all(is_right) {
        format!("must have patterns of 1 to {NAME_BYTES_MAX} bytes")
    } else {
        let patterns = raw.iter().map(|pattern| WildMatch::new(pattern));
        return Ok(Patterns(patterns.collect()));
    };
    Err(ConfigError::new(at, reason))
}

fn values(at: &str, raw: RawValues, resolver: &Resolver<'_>) -> Result<Values, ConfigError> {
    let text = |member: &str, raw: Option<RawString>| {
        let at = format!("{at}.{member}");
        match resolver.resolve(&at, raw)? {
            Some(text) if text.is_empty() || text.len() > ID_BYTES_MAX => {
                let reason = format!("must have from 1 to {ID_BYTES_MAX} bytes");
                Err(ConfigError::new(&at, reason))
            }
            text => Ok(text),
        }
    };
    let is_tag = |tag: &String| (1..=ID_BYTES_MAX).contains(&tag.len());
    if let Some(number) = raw.compliance_tags.iter().position(|tag| !is_tag(tag)) {
        let reason = format!("must have from 1 to {ID_BYTES_MAX} bytes");
        let at = format!("{at}.compliance_tags[{number}]");
        return Err(ConfigError::new(&at, reason));
    }
    Ok(Values {
        organization_id: text("organization_id", raw.organization_id)?,
        provider: text("provider", raw.provider)?,
        decision_type: text("decision_type", raw.decision_type)?,
        decision_outcome: text("decision_outcome", raw.decision_outcome)?,
        confidence_score: raw
            .confidence_score
            .and_then(|number| to_raw_value(&number).ok()),
        reasoning: text("reasoning", raw.reasoning)?,
        compliance_tags: raw.compliance_tags,
        risk_level: raw.risk_level,
        metadata: metadata(&format!("{at}.metadata"), raw.metadata)?,
    })
}

fn metadata(at: &str, raw: BTreeMap<String, Value>) -> Result<Members, ConfigError> {
    if raw.contains_key(RESERVED) {
        let at = format!("{at}.{RESERVED}");
        return Err(ConfigError::new(&at, "is reserved for the gateway"));
    }
    let mut members = Vec::with_capacity(raw.len());
    let mut bytes: usize = 0;
    for (name, value) in raw {
        let value = to_raw_value(&value).map_err(|error| ConfigError::new(at, error))?;
        bytes = bytes
            .saturating_add(name.len())
            .saturating_add(value.get().len());
        members.push((name, value));
    }
    if bytes > PARAMETER_BYTES_MAX {
        let reason = format!("must have at most {PARAMETER_BYTES_MAX} bytes");
        return Err(ConfigError::new(at, reason));
    }
    Ok(Members(members))
}
