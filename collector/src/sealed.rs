//! Events that are sealed for an auditor, opened by the auditor's key.

use std::collections::BTreeSet;

use audit_layer_core::event::{DecisionSource, Member};
use audit_layer_core::sealing::{self, OpenError, PrivateKey};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::event::{Entries, Object};

/// Members of `metadata.audit_layer` that are no content: what is stored and what is sealed have the same.
const FACTS: [&str; 13] = [
    "/schema",
    "/completion/state",
    "/completion/http_status",
    "/usage",
    "/timing",
    "/identity/user_id",
    "/identity/session_id",
    "/identity/organization_id",
    "/prompt/hash",
    "/response/hash",
    "/response/model",
    "/capture/api",
    "/gateway",
];

/// Where they stand.
const LAYER: &str = "/metadata/audit_layer";

/// The organization may be that of the key.
const ORGANIZATION: &str = "/organization_id";

/// The empty text as JSON.
const NO_TEXT: &str = "\"\"";

/// An event that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The event with its content, and what the collector says of it: JSON.
    pub event: String,
    /// The name of the key that opened it.
    pub key_id: String,
    /// The paths of members that are stored otherwise than they were sealed: somebody changed the event.
    pub changed: Vec<String>,
}

/// Opens an event with the first key that fits; `None` if nothing of it is sealed.
///
/// # Errors
/// It is no event, is sealed for other keys, or does not open with a key that it is sealed for.
pub fn open(stored: &str, keys: &[PrivateKey]) -> Result<Option<Opened>, OpenError> {
    let Some(sealing::Opened { event, key_id }) = sealing::open(stored, keys)? else {
        return Ok(None);
    };
    let no_event = |error: &dyn ToString| OpenError::NotAnEvent(error.to_string());
    Ok(Some(Opened {
        changed: changed(stored, &event).map_err(|error| no_event(&error))?,
        event: merged(stored, &event).ok_or_else(|| no_event(&"it has no metadata"))?,
        key_id,
    }))
}

/// What was sealed, behind what the collector says of the event. The writer is known only after an event is sealed,
/// and the organization may be that of the key.
fn merged(stored: &str, sealed: &str) -> Option<String> {
    let (stored, sealed) = (Entries::read(stored).ok()?, Entries::read(sealed).ok()?);
    let name = Member::Metadata.name();
    let metadata = metadata(stored.get(name)?, sealed.get(name)?)?;
    let of_collector = stored
        .entries()
        .filter(|(name, _)| sealed.get(name).is_none());
    let sealed_members = sealed.entries().map(|(name, value)| {
        let is_unknown = name == Member::OrganizationId.name() && value.get() == NO_TEXT;
        match stored.get(name) {
            _ if name == Member::Metadata.name() => (name, &*metadata),
            Some(stored) if is_unknown => (name, stored),
            _ => (name, value),
        }
    });
    let members: Vec<_> = of_collector.chain(sealed_members).collect();
    serde_json::to_string(&Object(&members)).ok()
}

fn metadata(stored: &RawValue, sealed: &RawValue) -> Option<Box<RawValue>> {
    const AUDIT_LAYER: &str = "audit_layer";
    const WRITER: &str = "writer";
    let (stored, sealed) = (
        Entries::read(stored.get()).ok()?,
        Entries::read(sealed.get()).ok()?,
    );
    let own = Entries::read(stored.get(AUDIT_LAYER)?.get()).ok()?;
    let layer = Entries::read(sealed.get(AUDIT_LAYER)?.get()).ok()?;
    let members: Vec<_> = layer
        .entries()
        .map(|(name, value)| match own.get(name) {
            Some(writer) if name == WRITER => (name, writer),
            _ => (name, value),
        })
        .collect();
    let layer = to_raw_value(&Object(&members)).ok()?;
    let members: Vec<_> = sealed
        .entries()
        .map(|(name, value)| (name, if name == AUDIT_LAYER { &*layer } else { value }))
        .collect();
    to_raw_value(&Object(&members)).ok()
}

/// The paths of facts that differ, and of everything that stands there and was not sealed so.
fn changed(stored: &str, sealed: &str) -> Result<Vec<String>, serde_json::Error> {
    let stored: Value = serde_json::from_str(stored)?;
    let sealed: Value = serde_json::from_str(sealed)?;
    let documented = Member::ALL.iter().filter(|member| is_fact(**member));
    let documented = documented.map(|member| format!("/{}", member.name()));
    let own = FACTS.map(|path| format!("{LAYER}{path}"));
    let differs = |path: &String| {
        let value = |event: &Value| event.pointer(path).cloned().unwrap_or_default();
        let (stored, original) = (value(&stored), value(&sealed));
        let is_withheld = is_content(&sealed, path) && is_left_of(&stored, &original);
        let is_of_the_key = path == ORGANIZATION && original == "";
        stored != original && !is_withheld && !is_of_the_key
    };
    let mut paths: BTreeSet<String> = documented.chain(own).filter(differs).collect();
    added(&stored, &sealed, "", &mut paths);
    let callers = |event: &Value| {
        let mut metadata = event
            .get(Member::Metadata.name())
            .cloned()
            .unwrap_or_default();
        metadata
            .as_object_mut()
            .and_then(|members| members.remove("audit_layer"));
        metadata
    };
    if callers(&stored) != callers(&sealed) {
        paths.insert(format!("/{}", Member::Metadata.name()));
    }
    Ok(paths
        .iter()
        .map(|path| path.trim_start_matches('/').replace('/', "."))
        .collect())
}

/// Finds what is stored and was not sealed so: a level takes out, and adds sizes and hashes alone.
fn added(stored: &Value, sealed: &Value, path: &str, found: &mut BTreeSet<String>) {
    if is_of_a_level(path) || stored.is_null() || stored == "" || stored == sealed {
        return;
    }
    match (stored, sealed) {
        (Value::Object(stored), Value::Object(sealed)) => {
            for (name, value) in stored {
                let path = format!("{path}/{name}");
                let original = sealed.get(name).unwrap_or(&Value::Null);
                added(value, original, &path, found);
            }
        }
        (Value::Array(stored), Value::Array(sealed)) if stored.len() == sealed.len() => {
            for (stored, sealed) in stored.iter().zip(sealed) {
                added(stored, sealed, &format!("{path}/*"), found);
            }
        }
        (Value::Array(stored), Value::Array(sealed))
            if sealed.iter().all(Value::is_string)
                && stored.iter().all(|item| sealed.contains(item)) => {}
        _ => {
            found.insert(path.to_owned());
        }
    }
}

/// Whether a member is the collector's, or what a level puts in the place of a text.
fn is_of_a_level(path: &str) -> bool {
    const OF_COLLECTOR: [&str; 6] = [
        "/conflict_of",
        "/id",
        ORGANIZATION,
        "/received_at",
        "/recorded_by",
        "/writer_not_counted",
    ];
    const OF_LEVEL: [&str; 10] = [
        "/capture/content",
        "/capture/notes",
        "/capture/request_hash",
        "/capture/truncated",
        "/prompt/parts/*/bytes",
        "/prompt/parts/*/hash",
        "/response/parts/*/bytes",
        "/response/parts/*/hash",
        "/response/tool_calls/*/arguments",
        "/sealed",
    ];
    let own = path.strip_prefix(LAYER);
    OF_COLLECTOR.contains(&path)
        || own.is_some_and(|own| own == "/writer" || OF_LEVEL.contains(&own))
}

/// Whether a member is a part of prompt or answer by where it comes from, so that the gateway may have left it out.
fn is_content(sealed: &Value, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let layer = |path: &str| sealed.pointer(&format!("{LAYER}{path}"));
    let decided_in = layer(&format!("/decision/{name}/source")).and_then(Value::as_str);
    let is_decided_in_it = decided_in
        .and_then(DecisionSource::named)
        .is_some_and(DecisionSource::is_content);
    let of_model = layer(&format!("/response/decision/source/{name}"));
    let is_body = layer(&format!("/identity/{name}/source")).is_some_and(|source| source == "body");
    let is_pointed_at = is_body && layer(&format!("/identity/{name}/name")).is_some();
    is_decided_in_it || of_model.is_some_and(|source| source == "answer") || is_pointed_at
}

/// Whether a value is nothing, or a list of some of the original's items.
fn is_left_of(stored: &Value, original: &Value) -> bool {
    match (stored, original) {
        (Value::Null, _) => true,
        (Value::String(text), _) => text.is_empty(),
        (Value::Array(items), Value::Array(original)) => {
            items.iter().all(|item| original.contains(item))
        }
        _ => false,
    }
}

fn is_fact(member: Member) -> bool {
    match member {
        Member::PromptContent
        | Member::ResponseContent
        | Member::ModelParameters
        | Member::Metadata => false,
        Member::RequestId
        | Member::Timestamp
        | Member::DurationMs
        | Member::UserId
        | Member::SessionId
        | Member::OrganizationId
        | Member::PromptHash
        | Member::PromptTokens
        | Member::ResponseTokens
        | Member::ModelProvider
        | Member::ModelName
        | Member::DecisionType
        | Member::DecisionOutcome
        | Member::ConfidenceScore
        | Member::Reasoning
        | Member::ComplianceTags
        | Member::RiskLevel => true,
    }
}
