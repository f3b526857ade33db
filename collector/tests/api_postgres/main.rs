//! The audit API on PostgreSQL: the same tests, and what only a server can show.

mod address;
mod collectors;
mod database;
mod index;
mod outage;

#[path = "../api/batch.rs"]
mod batch;
#[path = "../api/camel.rs"]
mod camel;
#[path = "../api/completeness.rs"]
mod completeness;
#[path = "../api/curl.rs"]
mod curl;
#[path = "../api/durability.rs"]
mod durability;
#[path = "../api/erasure.rs"]
mod erasure;
#[path = "../api/errors.rs"]
mod errors;
#[path = "../api/export.rs"]
mod export;
#[path = "../api/forgery.rs"]
mod forgery;
#[path = "../api/history.rs"]
mod history;
#[path = "../api/keys.rs"]
mod keys;
#[path = "../api/metrics.rs"]
mod metrics;
#[path = "../api/openapi.rs"]
mod openapi;
#[path = "../api/program.rs"]
mod program;
#[path = "../api/query.rs"]
mod query;
#[path = "../api/records.rs"]
mod records;
#[path = "../api/reports.rs"]
mod reports;
#[path = "../api/retention.rs"]
mod retention;
#[path = "../api/sample.rs"]
mod sample;
#[path = "../api/search.rs"]
mod search;
#[path = "../api/session.rs"]
mod session;
#[path = "../api/single.rs"]
mod single;
#[path = "../api/values.rs"]
mod values;
#[path = "../api/whole.rs"]
mod whole;
