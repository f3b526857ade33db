//! Ways by which a prompt is known to escape.

/// Their names. One that no longer escapes has to go from here.
pub(crate) const ESCAPES: &[&str] = &[
    "/generate: messages instead",
    "/generate: prompt instead",
    "JSON: all in another case",
    "JSON: content in capitals",
    "JSON: content in capitals behind a decoy",
    "charset: utf-7 with another meaning",
    "path: overlong slash",
    "path: percent sign alone",
];
