//! Who looked: each read of what is recorded leaves an access record, and so does what changes who may
//! read and what is kept.
//!
//! There is one door, [`record`], through which every read of the API goes. Its record is on disk before
//! the answer leaves; a read that cannot be recorded is refused.

mod asked;
mod body;
mod door;
mod follows;
mod operator;
mod refusals;
mod seen;
mod shown;
mod writer;

pub(crate) use asked::client;
#[cfg(test)]
pub(crate) use asked::of_path;
pub(crate) use door::record;
pub(crate) use operator::operator;
pub(crate) use seen::{Seen, Told};
pub use shown::Shown;
pub(crate) use writer::{RecordWriter, Records};
