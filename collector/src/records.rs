//! Who looked: each read of what is recorded leaves an access record, and so does what changes who may
//! read and what is kept.
//!
//! A read's record is on disk before its answer leaves; a read that cannot be recorded is refused.

mod follows;
mod operator;
mod refusals;
mod shown;
mod told;
mod writer;

pub(crate) use operator::operator;
pub use shown::Shown;
pub(crate) use told::Told;
pub(crate) use writer::{RecordWriter, Records, Unrecorded};
