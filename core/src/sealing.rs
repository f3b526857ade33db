//! Sealed content: an event whose content only the holders of a private key can read.
//!
//! Each configuration that is loaded has a content key of its own. It is encrypted for every recipient once, since
//! that takes as long as hundreds of calls, and each event is encrypted with it under a nonce of its own.
//! `core/SEALED.md` specifies the form, so that an event can be opened without this library.

mod key;
mod open;

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, OpModeS, Serializable};

use crate::event::{AuditEvent, Sealed, SealedKey};
use crate::json;

pub use key::{KeyError, PrivateKey, PublicKey};
pub use open::{OpenError, Opened, open};

/// The member `algorithm` of what is sealed here.
pub const ALGORITHM: &str = "hpke-x25519-sha256-chacha20poly1305/1";

/// What the encryption of a content key is bound to, beside the name of the recipient's key.
const INFO: &[u8] = b"audit-layer sealed content 1";

const CONTENT_KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// Bytes of most events beside the texts of prompt and answer.
const EVENT_BYTES: usize = 4 << 10;

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type KeyAead = hpke::aead::ChaCha20Poly1305;

/// Fills a buffer with random bytes; false where the host has none.
pub type Entropy = fn(&mut [u8]) -> bool;

/// For whom content is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name of the key.
    pub key_id: String,
    /// The key.
    pub public_key: PublicKey,
}

/// Seals events for its recipients. It is not to be copied: no two events may have one nonce.
pub struct Sealer {
    recipients: Vec<Recipient>,
    keys: Vec<SealedKey>,
    cipher: ChaCha20Poly1305,
    sealed: AtomicU64,
}

/// Why there is no sealer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSealer {
    /// The host has no random bytes.
    Entropy,
    /// Nothing can be encrypted for this recipient, by its number from 0.
    Recipient(usize),
}

impl Sealer {
    /// A sealer with a new content key.
    ///
    /// # Errors
    /// The host has no random bytes, or a public key is none.
    pub fn new(recipients: Vec<Recipient>, entropy: Entropy) -> Result<Self, NoSealer> {
        let mut random = Random {
            entropy,
            has_failed: false,
        };
        let mut content_key = [0; CONTENT_KEY_BYTES];
        random.fill(&mut content_key);
        let numbered = recipients.iter().enumerate();
        let keys = numbered.map(|(number, recipient)| {
            wrapped(recipient, &content_key, &mut random).ok_or(NoSealer::Recipient(number))
        });
        let keys = keys.collect::<Result<_, _>>()?;
        if random.has_failed {
            return Err(NoSealer::Entropy);
        }
        Ok(Self {
            recipients,
            keys,
            cipher: ChaCha20Poly1305::new(&content_key.into()),
            sealed: AtomicU64::new(0),
        })
    }

    /// For whom.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Encrypts an event, as it is; `None` if it cannot be written.
    pub(crate) fn seal(&self, event: &AuditEvent) -> Option<Sealed> {
        let texts = event
            .prompt_content
            .len()
            .saturating_add(event.response_content.len());
        let text = json::written(event, texts.saturating_add(EVENT_BYTES)).ok()?;
        let state = event.metadata.audit_layer.completion.state;
        let nonce = self.nonce();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: &bound_to(&event.request_id, state.name()),
        };
        let ciphertext = self.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some(Sealed {
            algorithm: ALGORITHM,
            recipients: self.keys.clone(),
            nonce: STANDARD.encode(nonce),
            ciphertext: STANDARD.encode(ciphertext),
        })
    }

    /// The number of the event among those with this content key.
    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let number = self.sealed.fetch_add(1, Ordering::Relaxed);
        let mut nonce = [0; NONCE_BYTES];
        if let Some(last) = nonce.last_chunk_mut() {
            *last = number.to_be_bytes();
        }
        nonce
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sealer")
            .field("recipients", &self.recipients)
            .finish_non_exhaustive()
    }
}

/// What a ciphertext belongs to: put into another event, it does not open.
fn bound_to(request_id: &str, state: &str) -> Vec<u8> {
    format!("{request_id}\n{state}").into_bytes()
}

fn wrapped(
    recipient: &Recipient,
    content_key: &[u8; CONTENT_KEY_BYTES],
    random: &mut Random,
) -> Option<SealedKey> {
    let Recipient { key_id, public_key } = recipient;
    let public_key = <Kem as hpke::Kem>::PublicKey::from_bytes(public_key.bytes()).ok()?;
    let (encapsulated, content_key) = hpke::single_shot_seal_with_rng::<KeyAead, Kdf, Kem>(
        &OpModeS::Base,
        &public_key,
        INFO,
        content_key,
        key_id.as_bytes(),
        random,
    )
    .ok()?;
    Some(SealedKey {
        key_id: key_id.clone(),
        encapsulated_key: STANDARD.encode(encapsulated.to_bytes()),
        content_key: STANDARD.encode(content_key),
    })
}

/// The host's random bytes, as the library asks for them: it cannot be told of a failure, so that is kept.
struct Random {
    entropy: Entropy,
    has_failed: bool,
}

impl Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.has_failed |= !(self.entropy)(bytes);
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}

#[cfg(test)]
mod tests;
