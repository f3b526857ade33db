//! What of an event only the holders of a private key can read.

use serde::Serialize;

/// An event with its content, encrypted for the configured recipients. `core/SEALED.md` specifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sealed {
    /// How it is encrypted.
    pub algorithm: &'static str,
    /// The content key, encrypted for each recipient.
    pub recipients: Vec<SealedKey>,
    /// The nonce of the ciphertext: 12 bytes in base64.
    pub nonce: String,
    /// The encrypted event in base64.
    pub ciphertext: String,
}

/// A content key, encrypted for one recipient by HPKE (RFC 9180).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedKey {
    /// The name of the recipient's key.
    pub key_id: String,
    /// The encapsulated key: 32 bytes in base64.
    pub encapsulated_key: String,
    /// The encrypted content key: 48 bytes in base64.
    pub content_key: String,
}
