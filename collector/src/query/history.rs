//! Who looked at what is recorded, and who changed what may be seen.

mod asked;
mod pages;

use crate::access::Scope;
use crate::records::Shown;
use crate::store::{AccessRecord, RecordPlace};

pub(crate) use asked::{Asked, cursor};
pub(crate) use pages::RecordPages;

/// What a key of this scope gets to see of them.
pub(crate) fn shown(records: Vec<AccessRecord>, scope: &Scope) -> Vec<Shown> {
    let records = records.into_iter();
    records.map(|record| Shown::to(record, scope)).collect()
}

pub(crate) fn place(record: &AccessRecord) -> RecordPlace {
    RecordPlace {
        at: record.at,
        id: record.id.clone(),
    }
}
