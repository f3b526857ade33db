//! The body of `POST /v1/reports/generate`: read strictly, since what is ignored gives a wrong report.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::event::Entries;
use crate::event::{Field, Observed};
use crate::query::dialect::Dialect;
use crate::query::{ParameterError, filter, writers};
use crate::report::{ReportFormat, ReportType};
use crate::store::arrival::{RECORDED_BY, RECORDED_BY_KIND};
use crate::store::{LogFilter, WriterFilter};

/// What a client asks for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) subject: Subject,
    pub(crate) format: ReportFormat,
    pub(crate) query: Query,
}

/// What the report is to be about.
#[derive(Debug)]
pub(crate) enum Subject {
    /// All events that the filter wants.
    Activity(LogFilter),
    Completeness(WriterFilter),
    /// The event with this log id or `request_id`, of this organization if one is named.
    Decision {
        id: String,
        organization_id: Option<String>,
    },
}

/// The members that were given, as texts and in the order of their names. A report repeats them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(one, value)| (one == name).then_some(value))
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Request {
    /// Reads the body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let text = str::from_utf8(body).map_err(|_| RequestError::NotAnObject)?;
        let entries = Entries::read(text).map_err(|_| RequestError::NotAnObject)?;
        let named = entries.iter().find(|(name, _)| *name == "report_type");
        let (_, report_type) = named.ok_or(RequestError::Missing("report_type"))?;
        let report_type = serde_json::from_str::<String>(report_type).ok();
        let report_type = report_type.and_then(|name| ReportType::named(&name));
        let report_type = report_type.ok_or(ParameterError::Choice {
            name: "report_type",
            known: ReportType::ALL.map(ReportType::name).to_vec(),
        })?;
        let query = read(&entries, &known(report_type))?;
        Dialect::of(query.iter())?;
        Ok(Self {
            format: format(&query)?,
            subject: match report_type {
                ReportType::Activity => Subject::Activity(activity(&query)?),
                ReportType::Completeness => Subject::Completeness(completeness(&query)?),
                ReportType::DecisionAudit => Subject::Decision {
                    id: required(&query, "audit_log_id")?.to_owned(),
                    organization_id: query.get("organization_id").map(str::to_owned),
                },
            },
            query,
        })
    }
}

fn format(query: &Query) -> Result<ReportFormat, RequestError> {
    let format = match query.get("format") {
        None => ReportFormat::Json,
        Some(name) => ReportFormat::named(name).ok_or(ParameterError::Choice {
            name: "format",
            known: ReportFormat::ALL.map(ReportFormat::name).to_vec(),
        })?,
    };
    match format == ReportFormat::Pdf && !cfg!(feature = "pdf") {
        true => Err(RequestError::NoTypesetter),
        false => Ok(format),
    }
}

/// The members that a report takes.
fn known(report_type: ReportType) -> Vec<&'static str> {
    let mut known = OF_REPORTS.to_vec();
    match report_type {
        ReportType::Activity => {
            known.extend(["start_date", "end_date", "text", "compliance_tag"]);
            known.extend(["conflict", RECORDED_BY, RECORDED_BY_KIND]);
            known.extend(Field::ALL.map(Field::name));
            known.extend(Observed::ALL.map(Observed::name));
        }
        ReportType::Completeness => known.extend([
            "start_date",
            "end_date",
            "organization_id",
            "writer_id",
            "incomplete",
        ]),
        ReportType::DecisionAudit => known.extend(["audit_log_id", "organization_id"]),
    }
    known
}

/// Each member is one of `known`, comes once, and is a text.
fn read(entries: &Entries<'_>, known: &[&'static str]) -> Result<Query, RequestError> {
    let mut query: Vec<(&'static str, String)> = Vec::new();
    for (name, raw) in entries.entries() {
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            return Err(RequestError::Unknown {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        if query.iter().any(|(seen, _)| *seen == name) {
            return Err(ParameterError::Repeated(name).into());
        }
        query.push((name, member(name, raw)?));
    }
    query.sort();
    Ok(Query(query))
}

fn member(name: &'static str, raw: &RawValue) -> Result<String, RequestError> {
    match raw.get() {
        switch @ ("true" | "false") if SWITCHES.contains(&name) => Ok(switch.to_owned()),
        text => serde_json::from_str(text).map_err(|_| RequestError::NotText(name)),
    }
}

fn activity(query: &Query) -> Result<LogFilter, RequestError> {
    // Without a period, nobody could tell from a report what it is of.
    required(query, "start_date")?;
    required(query, "end_date")?;
    let filters = query.iter().filter(|(name, _)| !OF_REPORTS.contains(name));
    Ok(filter::of(filters)?)
}

fn completeness(query: &Query) -> Result<WriterFilter, RequestError> {
    let filters = query.iter().filter(|(name, _)| !OF_REPORTS.contains(name));
    Ok(writers::of(filters)?)
}

fn required<'q>(query: &'q Query, name: &'static str) -> Result<&'q str, RequestError> {
    query.get(name).ok_or(RequestError::Missing(name))
}

/// Members that may be booleans.
const SWITCHES: [&str; 2] = ["csv_bom", "incomplete"];

/// Members that choose no events.
const OF_REPORTS: [&str; 4] = ["report_type", "format", "csv_bom", "csv_delimiter"];

/// Why there is no such report.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    #[error("{0}: missing, it is required for this report")]
    Missing(&'static str),
    #[error(
        "format: this program was built without PDF support: use html, or install it with `cargo install --path collector`"
    )]
    NoTypesetter,
    #[error("the body is not a JSON object: send one such as {{\"report_type\": \"activity\", …}}")]
    NotAnObject,
    #[error("{0}: must be a string")]
    NotText(&'static str),
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    #[error("{name}: unknown member, use one of {known}")]
    Unknown { name: String, known: String },
}

impl RequestError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAnObject => "invalid_json",
            _ => "invalid_parameter",
        }
    }

    /// The member at fault, if it is one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Missing(name) | Self::NotText(name) => Some(name),
            Self::NoTypesetter => Some("format"),
            Self::NotAnObject => None,
            Self::Parameter(error) => Some(error.parameter()),
            Self::Unknown { name, .. } => Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_at_fault(body: &str) -> Option<String> {
        Request::parse(body.as_bytes())
            .unwrap_err()
            .field()
            .map(str::to_owned)
    }

    #[test]
    fn a_wrong_member_is_named() {
        let decision = r#""report_type": "decision_audit""#;
        let activity = r#""report_type": "activity", "start_date": "2025-02-01""#;
        let wrong = [
            ("[]".to_owned(), None),
            ("{".to_owned(), None),
            ("{}".to_owned(), Some("report_type")),
            (
                r#"{"report_type": "summary"}"#.to_owned(),
                Some("report_type"),
            ),
            (r#"{"report_type": 1}"#.to_owned(), Some("report_type")),
            (format!("{{{decision}}}"), Some("audit_log_id")),
            (
                format!(r#"{{{decision}, "audit_log_id": 7}}"#),
                Some("audit_log_id"),
            ),
            (
                format!(r#"{{{decision}, "audit_log_id": "a", "format": "doc"}}"#),
                Some("format"),
            ),
            (
                format!(r#"{{{decision}, "audit_log_id": "a", "user_id": "b"}}"#),
                Some("user_id"),
            ),
            (
                format!(r#"{{{decision}, "audit_log_id": "a", "audit_log_id": "b"}}"#),
                Some("audit_log_id"),
            ),
            (format!("{{{activity}}}"), Some("end_date")),
            (
                format!(r#"{{{activity}, "end_date": "2025-01-31"}}"#),
                Some("end_date"),
            ),
            (
                format!(r#"{{{activity}, "end_date": "2025-02-28", "risk_level": "none"}}"#),
                Some("risk_level"),
            ),
            (
                r#"{"report_type": "completeness", "incomplete": "maybe"}"#.to_owned(),
                Some("incomplete"),
            ),
        ];
        for (body, field) in wrong {
            assert_eq!(field_at_fault(&body).as_deref(), field, "{body}");
        }
    }

    #[test]
    fn the_query_is_what_was_given() {
        let body = br#"{"incomplete": true, "report_type": "completeness", "writer_id": "w"}"#;
        let request = Request::parse(body).unwrap();
        let json = serde_json::to_string(&request.query).unwrap();
        assert_eq!(
            json,
            r#"{"incomplete":"true","report_type":"completeness","writer_id":"w"}"#
        );
        assert_eq!(request.format, ReportFormat::Json);
        let Subject::Completeness(filter) = request.subject else {
            panic!("{request:?}")
        };
        assert!(filter.is_incomplete);
        assert_eq!(filter.writer_id.as_deref(), Some("w"));
    }
}
