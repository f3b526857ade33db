//! Hashes of content, in the forms that an event may carry.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

/// How a hash is made and written.
#[derive(Debug, Clone, Default)]
pub enum HashForm {
    /// `sha256:<hex>`.
    #[default]
    Sha256,
    /// `<hex>` of SHA-256, as the client wrappers write it.
    Bare,
    /// `hmac-sha256:<hex>`: short content cannot be guessed from it without the key.
    Hmac(HmacKey),
}

/// A key, already absorbed: neither printed nor readable again.
#[derive(Clone)]
pub struct HmacKey {
    mac: Hmac<Sha256>,
    is_short: bool,
}

/// Bytes of a key that nobody finds out by trying.
const LONG_KEY_BYTES: usize = 16;

impl HmacKey {
    /// A key of any length; `None` if it is empty, which would be no key at all.
    pub fn new(key: &[u8]) -> Option<Self> {
        if key.is_empty() {
            return None;
        }
        Some(Self {
            mac: Hmac::new_from_slice(key).ok()?,
            is_short: key.len() < LONG_KEY_BYTES,
        })
    }

    /// Whether it may be found out by trying.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// The first 128 bits of the HMAC of these parts, one after the other, as hex digits.
    pub fn tag(&self, parts: &[&[u8]]) -> String {
        let whole = self.bytes(parts);
        written("", whole.first_chunk::<16>().unwrap_or(&[0; 16]))
    }

    /// The HMAC of these parts, one after the other.
    pub fn bytes(&self, parts: &[&[u8]]) -> [u8; HASH_BYTES] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Whether two tags are the same, told in a time that does not say how much of a guess was right.
pub(crate) fn is_same(left: &str, right: &str) -> bool {
    let differences = left.bytes().zip(right.bytes());
    let differences = differences.fold(0, |sum, (left, right)| sum | (left ^ right));
    left.len() == right.len() && differences == 0
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HmacKey(…)")
    }
}

impl HashForm {
    /// Starts a hash whose content comes in pieces.
    pub fn start(&self) -> Digest {
        match self {
            Self::Sha256 => Digest(State::Plain(PLAIN, Sha256::new())),
            Self::Bare => Digest(State::Plain("", Sha256::new())),
            Self::Hmac(key) => Digest(State::Keyed(key.mac.clone())),
        }
    }

    /// A hash of this form, written out.
    pub fn write(&self, hash: &[u8; HASH_BYTES]) -> String {
        let prefix = match self {
            Self::Sha256 => PLAIN,
            Self::Bare => "",
            Self::Hmac(_) => KEYED,
        };
        written(prefix, hash)
    }

    /// A plain hash as events carry it: where hashes are keyed, the keyed hash of its text.
    pub fn of_plain(&self, hash: &str) -> String {
        match self {
            Self::Hmac(_) => self.hash(hash.as_bytes()),
            Self::Sha256 | Self::Bare => hash.to_owned(),
        }
    }

    /// The hash of `content`.
    pub fn hash(&self, content: &[u8]) -> String {
        let mut digest = self.start();
        digest.update(content);
        digest.finish()
    }
}

/// A hash whose content comes in pieces.
#[derive(Clone)]
pub struct Digest(State);

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Digest(…)")
    }
}

#[derive(Clone)]
enum State {
    Plain(&'static str, Sha256),
    Keyed(Hmac<Sha256>),
}

impl Digest {
    /// Takes the next piece.
    pub fn update(&mut self, content: &[u8]) {
        match &mut self.0 {
            State::Plain(_, sha) => sha.update(content),
            State::Keyed(mac) => mac.update(content),
        }
    }

    /// The hash of all pieces, written in its form.
    pub fn finish(self) -> String {
        let prefix = match &self.0 {
            State::Plain(prefix, _) => prefix,
            State::Keyed(_) => KEYED,
        };
        written(prefix, &self.bytes())
    }

    /// The hash of all pieces, as bytes.
    pub fn bytes(self) -> [u8; HASH_BYTES] {
        match self.0 {
            State::Plain(_, sha) => sha.finalize().into(),
            State::Keyed(mac) => mac.finalize().into_bytes().into(),
        }
    }
}

const PLAIN: &str = "sha256:";
const KEYED: &str = "hmac-sha256:";

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

fn written(prefix: &str, bytes: &[u8]) -> String {
    let mut digits = [0; 2 * HASH_BYTES];
    let (places, _) = digits.as_chunks_mut::<2>();
    for (place, byte) in places.iter_mut().zip(bytes) {
        *place = [hex_digit(byte >> 4), hex_digit(byte & 0x0f)];
    }
    let digits = digits.get(..bytes.len().saturating_mul(2));
    let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
    [prefix, digits.unwrap_or_default()].concat()
}

/// The digit of a value below 16.
pub(crate) const fn hex_digit(value: u8) -> u8 {
    match value {
        0..10 => value.wrapping_add(b'0'),
        _ => value.wrapping_add(b'a'.wrapping_sub(10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn forms_differ_in_writing_only() {
        assert_eq!(HashForm::Bare.hash(b""), EMPTY);
        assert_eq!(HashForm::Sha256.hash(b""), format!("sha256:{EMPTY}"));
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_keyed_form_is_hmac() {
        let form = HashForm::Hmac(HmacKey::new(b"Jefe").unwrap());
        assert_eq!(
            form.hash(b"what do ya want for nothing?"),
            "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn an_empty_key_is_no_key() {
        assert!(HmacKey::new(b"").is_none());
    }
}
