//! The other half: an event opened by a recipient.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hpke::{Deserializable, OpModeR};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::{ALGORITHM, INFO, Kdf, Kem, KeyAead, NONCE_BYTES, PrivateKey, bound_to};
use crate::event::{ContentLevel, ContentPolicy};

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The event with its content, as the gateway wrote it: JSON.
    pub event: String,
    /// The name of the key that opened it.
    pub key_id: String,
}

/// Why an event does not open.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is no event.
    #[error("is no event: {0}")]
    NotAnEvent(String),
    /// Another version sealed it.
    #[error("is sealed by an algorithm that is not known: {0}")]
    Algorithm(String),
    /// Its gateway was to seal it, and what was sealed is gone.
    #[error("was sealed, and what was sealed is missing")]
    Missing,
    /// None of the keys is one of its recipients'.
    #[error("is sealed for other keys: {}", .0.join(", "))]
    OtherKeys(Vec<String>),
    /// What is sealed is not what the gateway sealed, or is that of another event.
    #[error("is damaged, or was changed: what is sealed is not of this event")]
    Changed,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    audit_layer: AuditLayer<'a>,
}

#[derive(Deserialize)]
struct AuditLayer<'a> {
    #[serde(borrow)]
    completion: Completion<'a>,
    #[serde(borrow)]
    sealed: Option<Sealed<'a>>,
    #[serde(default)]
    capture: Capture,
}

#[derive(Default, Deserialize)]
struct Capture {
    #[serde(default, deserialize_with = "if_known")]
    content: Option<ContentPolicy>,
}

/// The levels of an event, unless they are none that this version knows.
fn if_known<'de, D: Deserializer<'de>>(value: D) -> Result<Option<ContentPolicy>, D::Error> {
    let value = serde_json::Value::deserialize(value)?;
    Ok(ContentPolicy::deserialize(value).ok())
}

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(borrow)]
    recipients: Vec<SealedKey<'a>>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow)]
    ciphertext: Cow<'a, str>,
}

#[derive(Deserialize)]
struct SealedKey<'a> {
    #[serde(borrow)]
    key_id: Cow<'a, str>,
    #[serde(borrow)]
    encapsulated_key: Cow<'a, str>,
    #[serde(borrow)]
    content_key: Cow<'a, str>,
}

/// Opens an event, which is JSON as a collector stores it, with the first of `keys` that fits; `None` if nothing
/// of it is sealed.
///
/// # Errors
/// It is no event, is sealed for other keys, or does not open with a key that it is sealed for.
pub fn open(event: &str, keys: &[PrivateKey]) -> Result<Option<Opened>, OpenError> {
    let event: Event<'_> =
        serde_json::from_str(event).map_err(|error| OpenError::NotAnEvent(error.to_string()))?;
    let AuditLayer {
        completion,
        sealed,
        capture,
    } = event.metadata.audit_layer;
    let Some(sealed) = sealed else {
        let is_due = capture
            .content
            .is_some_and(|content| content.has(ContentLevel::Sealed));
        return if is_due {
            Err(OpenError::Missing)
        } else {
            Ok(None)
        };
    };
    if sealed.algorithm != ALGORITHM {
        return Err(OpenError::Algorithm(sealed.algorithm.into_owned()));
    }
    let (key_id, cipher) = content_key(&sealed.recipients, keys).ok_or_else(|| {
        let others = sealed.recipients.iter();
        OpenError::OtherKeys(others.map(|key| key.key_id.to_string()).collect())
    })?;
    let bound_to = bound_to(&event.request_id, &completion.state);
    let text = decrypted(&sealed, &cipher, &bound_to).ok_or(OpenError::Changed)?;
    Ok(Some(Opened {
        event: text,
        key_id,
    }))
}

/// The content key, by the first key that decrypts it, and what that is named.
fn content_key(
    recipients: &[SealedKey<'_>],
    keys: &[PrivateKey],
) -> Option<(String, ChaCha20Poly1305)> {
    recipients.iter().find_map(|recipient| {
        let encapsulated = STANDARD.decode(&*recipient.encapsulated_key).ok()?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&encapsulated).ok()?;
        let wrapped = STANDARD.decode(&*recipient.content_key).ok()?;
        let content_key = keys.iter().find_map(|key| {
            hpke::single_shot_open::<KeyAead, Kdf, Kem>(
                &OpModeR::Base,
                key.key(),
                &encapsulated,
                INFO,
                &wrapped,
                recipient.key_id.as_bytes(),
            )
            .ok()
        })?;
        let cipher = ChaCha20Poly1305::new_from_slice(&content_key).ok()?;
        Some((recipient.key_id.to_string(), cipher))
    })
}

fn decrypted(sealed: &Sealed<'_>, cipher: &ChaCha20Poly1305, bound_to: &[u8]) -> Option<String> {
    let nonce: [u8; NONCE_BYTES] = STANDARD.decode(&*sealed.nonce).ok()?.try_into().ok()?;
    let ciphertext = STANDARD.decode(&*sealed.ciphertext).ok()?;
    let payload = Payload {
        msg: &ciphertext,
        aad: bound_to,
    };
    let text = cipher.decrypt(&Nonce::from(nonce), payload).ok()?;
    String::from_utf8(text).ok()
}
