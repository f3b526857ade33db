//! Giving events out: one by its id, or pages of them.

pub(crate) mod dialect;
mod error;
mod export;
pub(crate) mod filter;
mod find;
pub(crate) mod follow;
mod format;
pub(crate) mod history;
mod known;
pub(crate) mod near;
mod pages;
mod parameters;
mod received;
pub(crate) mod render;
pub(crate) mod table;
pub(crate) mod values;
mod words;
pub(crate) mod writers;

pub(crate) use error::QueryError;
pub(crate) use export::{ExportError, Exports, Pages};
pub(crate) use find::{narrow, one_log, reached};
pub(crate) use format::Format;
pub(crate) use pages::EventPages;
pub(crate) use parameters::{ParameterError, number_up_to, read as read_parameters};
pub(crate) use received::Received;
