//! Which dead letters are imported.

use audit_layer_core::dead_letter::LetterKey;
use thiserror::Error;

/// Whom an import believes.
#[derive(Debug)]
pub struct Trust {
    /// Keys of gateways: what has a right MAC by one of them is imported.
    pub keys: Vec<LetterKey>,
    /// What is done with dead letters of which nobody can say who wrote them.
    pub unproven: Unproven,
}

/// What is done with a dead letter of which nobody can say who wrote it. Where it is imported, whoever
/// can write a line of the log can write an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// It is not imported: keys were given to check letters by.
    Withheld,
    /// It is imported if no other of the whole import is proven: if one is, the gateways that wrote the
    /// logs are known to sign what they write.
    Taken,
    /// It is imported: the operator has asked for it.
    Wanted,
}

/// Why nobody can say who wrote a dead letter.
#[derive(Debug, Error)]
pub enum Unchecked {
    /// It is not as it was written, so that its MAC is wrong whoever wrote it.
    #[error(
        "the MAC of this dead letter cannot be checked because a character was lost where the log was split"
    )]
    Damaged,
    /// It has none.
    #[error(
        "this dead letter cannot be checked because it has no MAC: it is from an earlier version of the plugin or a gateway without a key"
    )]
    NoMac,
    /// It has one, by a key that was not given.
    #[error(
        "this dead letter cannot be checked because its key {0} was not given: set the gateway's key with --dead-letter-key or AUDIT_LAYER_DEAD_LETTER_KEY"
    )]
    OtherKey(String),
    /// It is written in a form that is not known yet.
    #[error(
        "this dead letter cannot be checked because it is from a later version of the plugin: use the audit-layer of that version"
    )]
    OtherVersion,
}
