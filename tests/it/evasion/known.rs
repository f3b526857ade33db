//! Ways by which a prompt is known to escape.

/// Their names. One that no longer escapes has to go from here.
pub(crate) const ESCAPES: &[&str] = &[];
