//! Taking events in: one at a time, or a batch of lines.

mod budget;
mod error;
mod lines;
mod portion;
mod rates;
mod writer;

pub(crate) use budget::{Budget, Share};
pub(crate) use error::IngestError;
pub(crate) use lines::{Lines, Rejected, read_event, read_lines};
pub(crate) use rates::Rates;
pub(crate) use writer::{Inbox, Writer};
