//! The recipients of sealed content as written.

/// For whom content is sealed.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawSeal {
    /// Who can open it: each of these alone.
    pub(in crate::policy) recipients: Vec<RawRecipient>,
}

/// Someone who can open sealed content.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct RawRecipient {
    /// The name of the key in events. Default: the first 16 digits of its SHA-256.
    pub(in crate::policy) key_id: Option<String>,
    /// The public key, of X25519: PEM, or 32 bytes in base64. audit-layer sealing-key makes a pair.
    pub(in crate::policy) public_key: String,
}
