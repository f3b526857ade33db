//! Ways by which a prompt is known to escape.

/// Their names. One that no longer escapes has to go from here.
pub(crate) const ESCAPES: &[&str] = &[
    "/api/chat: in another case",
    "/api/chat: long s",
    "/api/generate: in another case",
    "/api/generate: in another case behind a decoy",
    "/completion: in another case",
    "/completion: in another case behind a decoy",
    "/generate: in another case",
    "/generate: in another case behind a decoy",
    "/generate: long s",
    "/generate: messages instead",
    "/generate: prompt instead",
    "/invocations: in another case",
    "/invocations: in another case behind a decoy",
    "/invocations: long s",
    "/v1/completions: in another case behind a decoy",
    "JSON: capitals behind a decoy",
    "JSON: content in capitals",
    "JSON: content in capitals behind a decoy",
    "JSON: long s behind a decoy",
    "JSON: long s escaped, behind a decoy",
    "JSON: messages twice, text in the second alone",
    "charset: utf-7 with another meaning",
    "path: overlong slash",
    "path: percent sign alone",
];
