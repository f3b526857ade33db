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
        "a character of this dead letter is lost where the log was cut into pieces, so that its MAC cannot be checked"
    )]
    Damaged,
    /// It has none.
    #[error(
        "this dead letter has no MAC, like those of earlier versions of the plugin and of gateways without a key, so that it cannot be checked"
    )]
    NoMac,
    /// It has one, by a key that was not given.
    #[error(
        "this dead letter names the key {0}, which is not among the given ones, so that it cannot be checked: give the gateway's key by --dead-letter-key or AUDIT_LAYER_DEAD_LETTER_KEY"
    )]
    OtherKey(String),
    /// It is written in a form that is not known yet.
    #[error(
        "this dead letter is of a later version of the plugin, so that it cannot be checked: use the audit-layer of that version"
    )]
    OtherVersion,
}
