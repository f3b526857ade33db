//! What callers say about a call by `x-audit-*` request headers.
//!
//! No header lets a caller switch the audit off or shrink it.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::event::{Members, RiskLevel};
use crate::headers::{AUDIT_REQUEST_ID, Headers, recorded};
use crate::json::{self, Broken, FromObject, Json, List, Object, Text};
use crate::note::Note;

/// The member of the event's metadata that is the gateway's.
const RESERVED: &str = "audit_layer";

const USER_ID: &str = "x-audit-user-id";
const SESSION_ID: &str = "x-audit-session-id";
const DECISION_TYPE: &str = "x-audit-decision-type";
const DECISION_OUTCOME: &str = "x-audit-decision-outcome";
const CONFIDENCE_SCORE: &str = "x-audit-confidence-score";
const REASONING: &str = "x-audit-reasoning";
const COMPLIANCE_TAGS: &str = "x-audit-compliance-tags";
const RISK_LEVEL: &str = "x-audit-risk-level";
const METADATA: &str = "x-audit-metadata";

/// The headers that mean something; a client that sends back the id of an earlier answer does no
/// harm.
const KNOWN: [&str; 10] = [
    USER_ID,
    SESSION_ID,
    DECISION_TYPE,
    DECISION_OUTCOME,
    CONFIDENCE_SCORE,
    REASONING,
    COMPLIANCE_TAGS,
    RISK_LEVEL,
    METADATA,
    AUDIT_REQUEST_ID,
];

/// The audit fields of one call, as its caller gave them.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// `x-audit-user-id`.
    pub user_id: Option<String>,
    /// `x-audit-session-id`.
    pub session_id: Option<String>,
    /// `x-audit-decision-type`.
    pub decision_type: Option<String>,
    /// `x-audit-decision-outcome`.
    pub decision_outcome: Option<String>,
    /// `x-audit-confidence-score`: a number, as it was written.
    pub confidence_score: Option<Box<RawValue>>,
    /// `x-audit-reasoning`.
    pub reasoning: Option<String>,
    /// `x-audit-compliance-tags`: separated by commas, or a JSON array of strings.
    pub compliance_tags: Vec<String>,
    /// `x-audit-risk-level`.
    pub risk_level: RiskLevel,
    /// `x-audit-metadata`: a JSON object, its values byte for byte.
    pub metadata: Members,
}

impl Caller {
    /// Reads the headers; what cannot be understood is left out with a note.
    pub fn read(headers: Headers<'_>, notes: &mut BTreeSet<Note>) -> Self {
        if !headers.audit_names().iter().all(|name| is_known(name)) {
            notes.insert(Note::AuditHeaderUnknown);
        }
        let mut text = |name| {
            headers
                .recorded(name, notes)
                .filter(|text| !text.is_empty())
        };
        let mut caller = Self {
            user_id: text(USER_ID),
            session_id: text(SESSION_ID),
            decision_type: text(DECISION_TYPE),
            decision_outcome: text(DECISION_OUTCOME),
            reasoning: text(REASONING),
            ..Self::default()
        };
        if let Some(score) = text(CONFIDENCE_SCORE) {
            caller.confidence_score = number(&score);
            note_if(
                caller.confidence_score.is_none(),
                Note::AuditHeaderInvalid,
                notes,
            );
        }
        if let Some(level) = headers.recorded(RISK_LEVEL, notes) {
            let level = RiskLevel::parse(level.trim());
            note_if(level.is_none(), Note::AuditHeaderInvalid, notes);
            caller.risk_level = level.unwrap_or_default();
        }
        caller.compliance_tags = tags(headers, notes);
        caller.metadata = metadata(headers, notes);
        caller
    }
}

fn is_known(name: &[u8]) -> bool {
    KNOWN
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fn note_if(condition: bool, note: Note, notes: &mut BTreeSet<Note>) {
    if condition {
        notes.insert(note);
    }
}

/// A JSON number that a double can hold.
fn number(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    serde_json::from_str::<f64>(text).ok()?;
    RawValue::from_string(text.to_owned()).ok()
}

/// Order and repetition are the caller's to choose.
fn tags(headers: Headers<'_>, notes: &mut BTreeSet<Note>) -> Vec<String> {
    let mut tags = Vec::new();
    for value in headers.all(COMPLIANCE_TAGS) {
        let value = recorded(value, notes);
        if value.trim_start().starts_with('[') {
            let (text, _) = json::text(value.as_bytes(), true);
            let list: Option<List<Text<'_>>> = json::read(&text);
            note_if(list.is_none(), Note::AuditHeaderInvalid, notes);
            let texts = list
                .unwrap_or_default()
                .0
                .into_iter()
                .filter_map(|Text(tag)| tag);
            tags.extend(texts.map(String::from));
        } else {
            let parts = value
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty());
            tags.extend(parts.map(str::to_owned));
        }
    }
    tags
}

fn metadata(headers: Headers<'_>, notes: &mut BTreeSet<Note>) -> Members {
    let Some(value) = headers.recorded(METADATA, notes) else {
        return Members::default();
    };
    let (text, _) = json::text(value.as_bytes(), true);
    let Some(Object(Some(AllMembers(mut members)))) = json::read(&text) else {
        notes.insert(Note::AuditHeaderInvalid);
        return Members::default();
    };
    let given = members.len();
    members.retain(|(name, _)| name != RESERVED);
    note_if(members.len() < given, Note::AuditMetadataReserved, notes);
    let given = members.len();
    members.retain(|(_, value)| json::is_portable(*value));
    note_if(members.len() < given, Note::AuditHeaderInvalid, notes);
    Members(
        members
            .into_iter()
            .map(|(name, value)| (name, json::one_line(value)))
            .collect(),
    )
}

#[derive(Default)]
struct AllMembers<'a>(Vec<(String, Json<'a>)>);

impl<'de> FromObject<'de> for AllMembers<'de> {
    fn member(&mut self, name: &str, value: &mut json::Members<'_, 'de>) -> Result<(), Broken> {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.next_value()?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> (Caller, Vec<Note>) {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
            .collect();
        let mut notes = BTreeSet::new();
        let caller = Caller::read(Headers(&headers), &mut notes);
        (caller, notes.into_iter().collect())
    }

    #[test]
    fn every_field_is_read() {
        let (caller, notes) = read(&[
            ("X-Audit-User-Id", b"alice"),
            ("x-audit-session-id", b"s-1"),
            ("x-audit-decision-type", b"loan"),
            ("x-audit-decision-outcome", b"denied"),
            ("x-audit-confidence-score", b" 0.75 "),
            ("x-audit-reasoning", "zu hoch: 48 %, sagt Jürgen".as_bytes()),
            ("x-audit-compliance-tags", b"SOC2, FCRA,,SOC2"),
            ("x-audit-risk-level", b"High"),
            (
                "x-audit-metadata",
                br#"{"n":18446744073709551615,"f":1.0,"e":1e40,"u":"\u00fc"}"#,
            ),
            ("authorization", b"Bearer secret"),
        ]);
        assert_eq!(notes, []);
        assert_eq!(caller.user_id.as_deref(), Some("alice"));
        assert_eq!(caller.decision_outcome.as_deref(), Some("denied"));
        assert_eq!(caller.confidence_score.unwrap().get(), "0.75");
        assert_eq!(
            caller.reasoning.as_deref(),
            Some("zu hoch: 48 %, sagt Jürgen")
        );
        assert_eq!(caller.compliance_tags, ["SOC2", "FCRA", "SOC2"]);
        assert_eq!(caller.risk_level, RiskLevel::High);
        let metadata = serde_json::to_string(&caller.metadata).unwrap();
        assert_eq!(
            metadata,
            r#"{"n":18446744073709551615,"f":1.0,"e":1e40,"u":"\u00fc"}"#
        );
    }

    #[test]
    fn tags_may_come_as_json_and_in_several_headers() {
        let name = "x-audit-compliance-tags";
        let (caller, notes) = read(&[(name, br#"["a,b","c"]"#), (name, b"d")]);
        assert_eq!(caller.compliance_tags, ["a,b", "c", "d"]);
        assert_eq!(notes, []);
    }

    #[test]
    fn what_is_not_understood_is_left_out_with_a_note() {
        for (name, value) in [
            ("x-audit-confidence-score", "sure"),
            ("x-audit-confidence-score", "NaN"),
            ("x-audit-risk-level", "extreme"),
            ("x-audit-metadata", "[1]"),
            ("x-audit-metadata", "{"),
            ("x-audit-metadata", "{\"a\":1e999}"),
            ("x-audit-compliance-tags", "[\"a\""),
        ] {
            let (caller, notes) = read(&[(name, value.as_bytes())]);
            assert_eq!(notes, [Note::AuditHeaderInvalid], "{name}: {value}");
            assert!(caller.metadata.0.is_empty() && caller.confidence_score.is_none());
        }
        assert_eq!(
            read(&[("x-audit-usr-id", b"a")]).1,
            [Note::AuditHeaderUnknown]
        );
        assert_eq!(read(&[("x-audit-request-id", b"a")]).1, []);
    }

    #[test]
    fn the_gateways_member_of_the_metadata_cannot_be_forged() {
        let (caller, notes) = read(&[("x-audit-metadata", br#"{"audit_layer":{},"a":1}"#)]);
        assert_eq!(caller.metadata.0.len(), 1);
        assert_eq!(notes, [Note::AuditMetadataReserved]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_with_a_note() {
        let (caller, notes) = read(&[("x-audit-user-id", b"al\xffce")]);
        assert_eq!(caller.user_id.as_deref(), Some("al\u{fffd}ce"));
        assert_eq!(notes, [Note::HeaderNotUtf8]);
    }
}
