//! The audit API from outside: every test starts the program itself and talks HTTP to it.

mod backup;
mod batch;
mod camel;
mod completeness;
mod curl;
mod durability;
mod erasure;
mod errors;
mod export;
mod import;
mod keys;
mod metrics;
mod openapi;
mod page;
mod program;
mod query;
mod rates;
mod retention;
mod sample;
mod search;
mod session;
mod single;
mod startup;
mod terminal;
mod tls;
mod upgrade;
