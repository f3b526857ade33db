//! What callers say about a call by `x-audit-*` request headers.
//!
//! No header lets a caller switch the audit off or shrink it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::mem;

use serde_json::value::RawValue;

use crate::event::{Claimed, Members, RiskLevel};
use crate::headers::{AUDIT_REQUEST_ID, Headers, recorded};
use crate::identity::{Field, Trust};
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
    pub risk_level: Option<RiskLevel>,
    /// `x-audit-metadata`: a JSON object, its values byte for byte.
    pub metadata: Members,
}

impl Caller {
    /// Reads the headers; what cannot be understood is left out with a note.
    pub fn read(headers: Headers<'_>, notes: &mut BTreeSet<Note>) -> Self {
        let given = Given(headers.audit().collect());
        if given.0.is_empty() {
            return Self::default();
        }
        if !given.0.iter().all(|(name, _)| is_known(name)) {
            notes.insert(Note::AuditHeaderUnknown);
        }
        let mut text = |name| {
            let text = given.one(name, notes)?;
            (!text.is_empty()).then(|| text.into_owned())
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
        if let Some(level) = given.one(RISK_LEVEL, notes) {
            let level = RiskLevel::parse(level.trim());
            note_if(level.is_none(), Note::AuditHeaderInvalid, notes);
            caller.risk_level = level;
        }
        caller.compliance_tags = all_tags(&given, notes);
        caller.metadata = metadata(&given, notes);
        caller
    }

    /// Moves what is not believed to what is only claimed.
    pub fn disbelieve(&mut self, trust: &Trust) -> Claimed {
        let mut claimed = Claimed::default();
        if *trust == Trust::All {
            return claimed;
        }
        let is_claim = |field| !trust.believes(field);
        if is_claim(Field::DecisionType) {
            claimed.decision_type = self.decision_type.take();
        }
        if is_claim(Field::DecisionOutcome) {
            claimed.decision_outcome = self.decision_outcome.take();
        }
        if is_claim(Field::ConfidenceScore) {
            claimed.confidence_score = self.confidence_score.take();
        }
        if is_claim(Field::Reasoning) {
            claimed.reasoning = self.reasoning.take();
        }
        if is_claim(Field::ComplianceTags) {
            claimed.compliance_tags = mem::take(&mut self.compliance_tags);
        }
        if is_claim(Field::RiskLevel) {
            claimed.risk_level = self.risk_level.take();
        }
        if is_claim(Field::Metadata) {
            claimed.metadata = mem::take(&mut self.metadata);
        }
        if is_claim(Field::UserId) {
            claimed.user_id = self.user_id.take();
        }
        if is_claim(Field::SessionId) {
            claimed.session_id = self.session_id.take();
        }
        claimed
    }
}

/// The headers by which a caller talks to the audit layer, in their order.
struct Given<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Given<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let given = self.0.iter();
        let found = given.filter(move |(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| *value)
    }

    /// The value of a header that has one.
    fn one(&self, name: &str, notes: &mut BTreeSet<Note>) -> Option<Cow<'a, str>> {
        let mut all = self.all(name);
        let first = all.next()?;
        note_if(all.next().is_some(), Note::AuditHeaderRepeated, notes);
        Some(said(first, notes))
    }
}

/// What a header's value says. One that begins with a quote is a JSON string, by which any text can
/// be written in the characters that every client lets through; or else it is taken as it is.
fn said<'a>(value: &'a [u8], notes: &mut BTreeSet<Note>) -> Cow<'a, str> {
    let text = recorded(value, notes);
    if !text.starts_with('"') {
        return text;
    }
    match serde_json::from_str(&text) {
        Ok(text) => Cow::Owned(text),
        Err(_) => {
            notes.insert(Note::AuditHeaderInvalid);
            text
        }
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
pub(crate) fn number(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    serde_json::from_str::<f64>(text).ok()?;
    RawValue::from_string(text.to_owned()).ok()
}

/// Order and repetition are the caller's to choose.
fn all_tags(given: &Given<'_>, notes: &mut BTreeSet<Note>) -> Vec<String> {
    let mut all = Vec::new();
    for value in given.all(COMPLIANCE_TAGS) {
        let (more, is_broken) = tags(&said(value, notes));
        note_if(is_broken, Note::AuditHeaderInvalid, notes);
        all.extend(more);
    }
    all
}

/// Tags separated by commas, or a JSON array of strings; and whether that had anything else.
pub(crate) fn tags(value: &str) -> (Vec<String>, bool) {
    if !value.trim_start().starts_with('[') {
        let parts = value
            .split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty());
        return (parts.map(str::to_owned).collect(), false);
    }
    let (text, _) = json::text(value.as_bytes(), true);
    let list: Option<List<Text<'_>>> = json::read(&text);
    let is_broken = list.is_none() || json::has_more(&text);
    let list = list.unwrap_or_default().0;
    let is_text = |tag: &Text<'_>| tag.0.is_some();
    let is_broken = is_broken || !list.iter().all(is_text);
    let texts = list.into_iter().filter_map(Text::filled);
    (texts.map(String::from).collect(), is_broken)
}

fn metadata(given: &Given<'_>, notes: &mut BTreeSet<Note>) -> Members {
    let Some(value) = given.one(METADATA, notes) else {
        return Members::default();
    };
    let (text, _) = json::text(value.as_bytes(), true);
    let Some(Object(Some(AllMembers(mut members)))) = json::read(&text) else {
        notes.insert(Note::AuditHeaderInvalid);
        return Members::default();
    };
    note_if(json::has_more(&text), Note::AuditHeaderInvalid, notes);
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
        assert_eq!(caller.risk_level, Some(RiskLevel::High));
        let metadata = serde_json::to_string(&caller.metadata).unwrap();
        assert_eq!(
            metadata,
            r#"{"n":18446744073709551615,"f":1.0,"e":1e40,"u":"\u00fc"}"#
        );
    }

    #[test]
    fn what_is_not_believed_is_a_claim() {
        let headers: [(&str, &[u8]); 9] = [
            ("x-audit-user-id", b"alice"),
            ("x-audit-session-id", b"s-1"),
            ("x-audit-decision-type", b"loan"),
            ("x-audit-decision-outcome", b"denied"),
            ("x-audit-confidence-score", b"0.75"),
            ("x-audit-reasoning", b"too high"),
            ("x-audit-compliance-tags", b"SOC2"),
            ("x-audit-risk-level", b"high"),
            ("x-audit-metadata", b"{\"n\":1}"),
        ];
        let split = |trust: &Trust| {
            let (mut caller, _) = read(&headers);
            let claimed = caller.disbelieve(trust);
            (
                serde_json::to_value(&claimed).unwrap(),
                format!("{caller:?}"),
            )
        };
        let believed = split(&Trust::All);
        let nobody = split(&Trust::Fields(Vec::new()));
        assert_eq!(believed.0, serde_json::json!({}));
        assert_eq!(nobody.1, format!("{:?}", Caller::default()));
        assert_eq!(nobody.0.as_object().unwrap().len(), Field::ALL.len());
        for field in Field::ALL {
            let (claimed, _) = split(&Trust::Fields(vec![*field]));
            let claimed = claimed.as_object().unwrap();
            assert!(!claimed.contains_key(field.name()), "{}", field.name());
            assert_eq!(claimed.len(), Field::ALL.len() - 1);
        }
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
    fn what_is_left_out_of_a_list_or_behind_it_is_noted() {
        let name = "x-audit-compliance-tags";
        for value in [r#"["a",1]"#, r#"["a",["b"]]"#, r#"["a"],b"#] {
            let (caller, notes) = read(&[(name, value.as_bytes())]);
            assert_eq!(caller.compliance_tags, ["a"], "{value}");
            assert_eq!(notes, [Note::AuditHeaderInvalid], "{value}");
        }
        let (caller, notes) = read(&[("x-audit-metadata", br#"{"a":1} {"b":2}"#)]);
        assert_eq!(caller.metadata.0.len(), 1);
        assert_eq!(notes, [Note::AuditHeaderInvalid]);
    }

    #[test]
    fn the_gateways_member_of_the_metadata_cannot_be_forged() {
        let (caller, notes) = read(&[("x-audit-metadata", br#"{"audit_layer":{},"a":1}"#)]);
        assert_eq!(caller.metadata.0.len(), 1);
        assert_eq!(notes, [Note::AuditMetadataReserved]);
    }

    #[test]
    fn text_in_any_language_comes_as_clients_can_send_it() {
        let user_id = |value: &[u8]| {
            let (caller, notes) = read(&[("x-audit-user-id", value)]);
            (caller.user_id.unwrap_or_default(), notes)
        };
        for (value, text, notes) in [
            ("José".as_bytes(), "José", &[][..]),
            // As `fetch` sends it.
            (b"Jos\xe9", "José", &[Note::HeaderNotUtf8]),
            // As `json.dumps` writes it.
            (br#""Jos\u00e9""#, "José", &[]),
            (br#""\u674e""#, "李", &[]),
            (br#""\ud83d\ude00 \"x\"\n""#, "😀 \"x\"\n", &[]),
            ("\"李\"".as_bytes(), "李", &[]),
            (b"\"Jos\xe9\"", "José", &[Note::HeaderNotUtf8]),
            (b"\"", "\"", &[Note::AuditHeaderInvalid]),
            (br#""a" b"#, "\"a\" b", &[Note::AuditHeaderInvalid]),
            (b"a \"b\"", "a \"b\"", &[]),
        ] {
            let (found, found_notes) = user_id(value);
            assert_eq!(found, text, "{}", value.escape_ascii());
            assert_eq!(found_notes, notes, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn every_header_may_be_a_json_string() {
        let (caller, notes) = read(&[
            ("x-audit-reasoning", br#""zu hoch: \u00fc""#),
            ("x-audit-compliance-tags", br#""SOC2,\u674e""#),
            ("x-audit-risk-level", br#""high""#),
            ("x-audit-confidence-score", br#""0.5""#),
            ("x-audit-metadata", br#""{\"a\":1}""#),
        ]);
        assert_eq!(notes, []);
        assert_eq!(caller.reasoning.as_deref(), Some("zu hoch: ü"));
        assert_eq!(caller.compliance_tags, ["SOC2", "李"]);
        assert_eq!(caller.risk_level, Some(RiskLevel::High));
        assert_eq!(caller.confidence_score.unwrap().get(), "0.5");
        assert_eq!(caller.metadata.0.len(), 1);
    }

    #[test]
    fn of_two_headers_with_one_value_the_first_counts_and_it_is_noted() {
        let names = [USER_ID, RISK_LEVEL, METADATA];
        for name in names {
            let (caller, notes) = read(&[(name, b"{}"), (name, b"high"), ("x-other", b"")]);
            assert!(notes.contains(&Note::AuditHeaderRepeated), "{name}");
            assert_eq!(caller.risk_level, None);
        }
        let twice = [(AUDIT_REQUEST_ID, &b"1"[..]), (AUDIT_REQUEST_ID, b"2")];
        assert_eq!(read(&twice).1, []);
    }
}
