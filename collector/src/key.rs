//! API keys: made here, kept only as a hash, compared in constant time.

use std::array::TryFromSliceError;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// A key that opens the API, as a client sends it after `Authorization: Bearer`.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// Makes a key from 32 bytes of the operating system's randomness: `al_sk_` and 43 characters
    /// of base64url.
    ///
    /// # Errors
    /// Only when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(KeyError::Random)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))))
    }

    /// Takes a key that an operator chose. Any visible ASCII will do.
    ///
    /// # Errors
    /// An empty key, or one that a header cannot carry. The error does not repeat the key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `text` has the form of a key that was made here.
    pub(crate) fn looks_like(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// The key itself. For the one moment in which its owner is told.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

/// A key never reaches a log by accident.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A character that an HTTP header cannot carry.
    #[error("contains a space or a character that is not visible ASCII")]
    Character,
    /// No key at all.
    #[error("is empty: set a key, or leave it out")]
    Empty,
    /// The operating system gave no random bytes.
    #[error("the operating system provided no random bytes: {0}")]
    Random(getrandom::Error),
}

/// SHA-256 of a key. A generated key has 256 random bits, so that a salt would add nothing.
///
/// To look up what belongs to a key that was let in it can be compared and hashed; to decide
/// whether it is let in there is [`KeyHash::is`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeyHash([u8; 32]);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are of the same key. Takes the same time wherever they differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl TryFrom<&[u8]> for KeyHash {
    type Error = TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

const PREFIX: &str = "al_sk_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_has_the_documented_form() {
        let key = ApiKey::generate().unwrap();
        let random = key.reveal().strip_prefix("al_sk_").unwrap();
        assert_eq!(random.len(), 43);
        assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        assert_ne!(key.reveal(), ApiKey::generate().unwrap().reveal());
    }

    #[test]
    fn only_the_same_key_has_the_same_hash() {
        assert!(KeyHash::of("one").is(&KeyHash::of("one")));
        assert!(!KeyHash::of("one").is(&KeyHash::of("two")));
    }

    #[test]
    fn a_hash_is_32_bytes() {
        assert!(KeyHash::try_from([0; 32].as_slice()).is_ok());
        assert!(KeyHash::try_from([0; 31].as_slice()).is_err());
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused() {
        for text in ["", "with space", "line\n", "schlüssel"] {
            assert!(ApiKey::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_key() {
        let key = ApiKey::parse("al_sk_secret").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
    }
}
