//! The audit API as a service.
