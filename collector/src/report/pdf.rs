//! A report as a PDF, typeset by typst within the program: no network, no packages, no
//! files but fonts.
//!
//! It is written to be kept: as PDF/A-2a, with tags for those who have it read to them (PDF/UA-1).

mod fonts;
mod letters;
mod texts;
mod world;

use std::sync::Arc;

use thiserror::Error;
use typst::comemo;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::report::pdf::world::World;
use crate::report::{Failure, Report};
use crate::telemetry;

pub(crate) use fonts::Fonts;
pub use fonts::FontsError;

/// Typesets the report.
pub(crate) fn write(report: &Report, fonts: &Arc<Fonts>) -> Result<Vec<u8>, Failure> {
    let data =
        serde_json::to_string(&texts::prepare(report, fonts)).map_err(|_| Failure::Damaged)?;
    let world = World::new(&data, Arc::clone(fonts));
    let written = typeset(&world, report);
    // What typst remembers for the next time is only of use for a text that changes little.
    comemo::evict(0);
    written.map_err(|error| {
        telemetry::typesetting_failed(&error);
        Failure::Typesetting
    })
}

fn typeset(world: &World, report: &Report) -> Result<Vec<u8>, TypesetError> {
    let document = typst::compile::<PagedDocument>(world).output;
    let document = document.map_err(|errors| TypesetError {
        step: "layout",
        errors: errors.len(),
    })?;
    let export = |standards: &[PdfStandard]| {
        let options = PdfOptions {
            ident: Smart::Custom(report.head.id.clone()),
            creator: Smart::Custom(Some(report.head.generated_by.program.to_owned())),
            timestamp: datetime(&report.head.generated_at).map(Timestamp::new_utc),
            standards: PdfStandards::new(standards).unwrap_or_default(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options)
    };
    // A text may have something that must not stand in an archive. Then it is a PDF without the promise.
    let written = export(&[PdfStandard::A_2a, PdfStandard::Ua_1]).or_else(|_| export(&[]));
    written.map_err(|errors| TypesetError {
        step: "export",
        errors: errors.len(),
    })
}

fn datetime(text: &str) -> Option<Datetime> {
    use chrono::{DateTime, Datelike, Timelike};
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let byte = |number: u32| u8::try_from(number).ok();
    Datetime::from_ymd_hms(
        time.year(),
        byte(time.month())?,
        byte(time.day())?,
        byte(time.hour())?,
        byte(time.minute())?,
        byte(time.second())?,
    )
}

/// Why there is no PDF. What typst says is left out: it may quote the text.
#[derive(Debug, Error)]
#[error("{step} failed with {errors} errors")]
struct TypesetError {
    step: &'static str,
    errors: usize,
}
