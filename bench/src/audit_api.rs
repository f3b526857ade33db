//! How fast the audit API takes events and answers queries.

pub mod corpus;
pub mod ingest;
pub mod queries;
