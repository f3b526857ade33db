//! Reports: what an auditor takes away, as PDF, HTML, JSON or CSV.
//!
//! Facts are gathered once ([`gather`]) and are then only written: JSON is the facts themselves, and
//! the three that people read are made of one [`Document`] of sections, tables and texts.

mod activity;
mod completeness;
mod csv;
mod decision;
mod document;
mod failure;
mod gather;
mod head;
mod html;
mod json;
mod members;
mod outer;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(not(feature = "pdf"))]
#[path = "report/no_pdf.rs"]
mod pdf;
mod removed;
mod request;
mod runs;
mod spelling;
mod tally;
mod words;

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::hash::sha256;
use crate::report::document::Document;
use crate::report::head::Head;

pub(crate) use failure::Failure;
pub(crate) use pdf::Fonts;
pub use pdf::FontsError;
pub(crate) use request::{Request, RequestError, Subject};
pub(crate) use runs::{Found, Order, Reports};

/// A report, ready to be written.
pub(crate) struct Report {
    head: Head,
    /// The facts as JSON. The head has the hash of this text.
    data: Box<RawValue>,
    /// The same facts for people.
    document: Document,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportType {
    /// All that there is in a period.
    Activity,
    /// What was received of each writer.
    Completeness,
    /// One event.
    DecisionAudit,
}

impl ReportType {
    pub(crate) const ALL: [Self; 3] = [Self::Activity, Self::Completeness, Self::DecisionAudit];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Completeness => "completeness",
            Self::DecisionAudit => "decision_audit",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    Csv,
    Html,
    Json,
    Pdf,
}

impl ReportFormat {
    pub(crate) const ALL: [Self; 4] = [Self::Csv, Self::Html, Self::Json, Self::Pdf];

    /// The name, which is also the end of a file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Json => "json",
            Self::Pdf => "pdf",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Pdf => "application/pdf",
        }
    }
}

impl Report {
    /// A report of these facts, whose head depends on their hash.
    fn new(
        facts: &impl Serialize,
        document: Document,
        head: impl FnOnce(String) -> Head,
    ) -> Result<Self, Failure> {
        let data = to_raw_value(facts).map_err(|_| Failure::Damaged)?;
        Ok(Self {
            head: head(sha256(data.get())),
            data,
            document,
        })
    }

    /// Writes it. Typesetting takes a processor for up to seconds: not for a thread of the runtime.
    pub(crate) fn write(
        &self,
        format: ReportFormat,
        fonts: &Arc<Fonts>,
    ) -> Result<Vec<u8>, Failure> {
        match format {
            ReportFormat::Csv => csv::write(self),
            ReportFormat::Html => Ok(html::write(self).into_bytes()),
            ReportFormat::Json => json::write(self),
            ReportFormat::Pdf => pdf::write(self, fonts),
        }
    }
}
