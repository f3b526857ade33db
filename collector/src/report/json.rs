//! A report for programs: the facts as they are.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::report::head::Head;
use crate::report::{Failure, Report};

/// One JSON object. `data` stands in it byte for byte as it was hashed.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, Failure> {
    let whole = Whole {
        head: &report.head,
        data: &report.data,
    };
    serde_json::to_vec(&whole).map_err(|_| Failure::Damaged)
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    head: &'a Head,
    data: &'a RawValue,
}
