//! The plugin, as it ships, on a proxy that exists only in these tests: every order of callbacks,
//! every split, every limit, and thousands of random lives, all repeatable.

mod acknowledged;
mod audit_api;
mod budgets;
mod call;
mod destinations;
mod envoy;
mod handover;
mod hostile;
mod lifecycle;
mod limits;
mod memory;
mod one_call;
mod proxy;
mod receipts;
mod recordings;
mod simulation;
mod splits;
mod tenants;
mod worst;
