//! Which dead letters are imported.

use audit_layer_core::dead_letter::LetterKey;
use thiserror::Error;

/// Whom an import believes.
#[derive(Debug, Default)]
pub struct Trust {
    /// Keys of gateways: what has a right MAC by one of them is imported.
    pub keys: Vec<LetterKey>,
    /// Whether dead letters are imported as well of which nobody can say who wrote them. Whoever can
    /// write a line of the log can then write an event.
    pub unchecked: bool,
}

/// Why nobody can say who wrote a dead letter. The messages are of an import that leaves it out.
#[derive(Debug, Error)]
pub enum Unchecked {
    /// It is not as it was written, so that its MAC is wrong whoever wrote it.
    #[error(
        "a character of this dead letter is lost where the log was cut into pieces, so that its MAC cannot be checked, and it is not imported: --unchecked imports it"
    )]
    Damaged,
    /// It has none.
    #[error(
        "this dead letter has no MAC, like those of earlier versions of the plugin and of gateways without a key, so that it cannot be checked, and is not imported: --unchecked imports it"
    )]
    NoMac,
    /// It has one, by a key that was not given.
    #[error(
        "this dead letter names the key {0}, which is not among the given ones, so that it cannot be checked, and is not imported: give the gateway's key by --dead-letter-key or AUDIT_LAYER_DEAD_LETTER_KEY"
    )]
    OtherKey(String),
    /// It is written in a form that is not known yet.
    #[error(
        "this dead letter is of a later version of the plugin, so that it cannot be checked, and is not imported: use the audit-layer of that version"
    )]
    OtherVersion,
}
