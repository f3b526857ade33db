//! Keys of recipients, as text: X25519 (RFC 7748) in PEM (RFC 8410), as OpenSSL writes it, or its 32 bytes in base64.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hpke::{Deserializable, Kem as _, Serializable};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Entropy, Kem};

const KEY_BYTES: usize = 32;

/// Bytes of the digest of a public key that name it.
const ID_BYTES: usize = 8;

/// What precedes the 32 bytes of a public key in its DER form: a `SubjectPublicKeyInfo` of X25519.
const PUBLIC_DER: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00";

/// The same of a private key: a `PrivateKeyInfo`, version 0.
const PRIVATE_DER: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20";

/// Bytes of one line of PEM.
const PEM_LINE_BYTES: usize = 64;

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is a private key where a public one belongs.
    #[error("is a private key, which belongs nowhere but with its owner")]
    Private,
    /// It is a public key where a private one belongs.
    #[error("is a public key, which opens nothing")]
    Public,
    /// It is something else.
    #[error("must be an X25519 key: PEM, or 32 bytes in base64")]
    Other,
}

/// A recipient's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    /// Reads a key.
    ///
    /// # Errors
    /// The text is no public key of X25519.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = der(text).ok_or(KeyError::Other)?;
        if der.starts_with(PRIVATE_DER) || text.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        let bytes = der.strip_prefix(PUBLIC_DER).unwrap_or(&der);
        bytes.try_into().map(Self).map_err(|_| KeyError::Other)
    }

    /// Its name where it has no other: the first digits of its SHA-256.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.0);
        let digits = digest.iter().take(ID_BYTES);
        digits.map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

/// A recipient's private key. It is never printed.
#[derive(Clone)]
pub struct PrivateKey(<Kem as hpke::Kem>::PrivateKey);

impl PrivateKey {
    /// Reads a key.
    ///
    /// # Errors
    /// The text is no private key of X25519.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = der(text).ok_or(KeyError::Other)?;
        if der.starts_with(PUBLIC_DER) || text.contains("PUBLIC KEY") {
            return Err(KeyError::Public);
        }
        let bytes = der.strip_prefix(PRIVATE_DER).unwrap_or(&der);
        let key = <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes);
        key.map(Self).map_err(|_| KeyError::Other)
    }

    /// A new key; `None` where the host has no random bytes.
    pub fn generate(entropy: Entropy) -> Option<Self> {
        let mut bytes = [0; KEY_BYTES];
        let is_random = entropy(&mut bytes);
        is_random.then(|| Self(Kem::derive_keypair(&bytes).0))
    }

    /// The key that content is sealed for.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(Kem::sk_to_pk(&self.0).to_bytes().into())
    }

    /// The key as PEM, to be kept in a file.
    pub fn to_pem(&self) -> String {
        let der = [PRIVATE_DER, self.0.to_bytes().as_slice()].concat();
        let text = STANDARD.encode(der);
        let lines = text.as_bytes().chunks(PEM_LINE_BYTES);
        let lines = lines.map(|line| format!("{}\n", String::from_utf8_lossy(line)));
        let lines: String = lines.collect();
        format!("-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n")
    }

    pub(super) fn key(&self) -> &<Kem as hpke::Kem>::PrivateKey {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(…)")
    }
}

/// The bytes of a text in base64, with or without the lines around it that PEM has.
fn der(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).ok()
}
