//! What happens in each situation, grouped by what it happens to.

pub(crate) mod answers;
pub(crate) mod audit_api;
pub(crate) mod changes;
pub(crate) mod ends;
pub(crate) mod forgery;
pub(crate) mod guarantee;
pub(crate) mod hostile;
pub(crate) mod nodes;
pub(crate) mod queue;
pub(crate) mod tenants;
pub(crate) mod traps;
