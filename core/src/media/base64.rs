//! Base64 that comes in pieces, decoded into a hash.

use crate::digest::{Digest, HashForm};

/// Decodes base64 of either alphabet and hashes what it stands for.
///
/// Line ends are passed over and padding may be missing, as decoders in use have it.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    digest: Digest,
    /// Decoded bytes.
    bytes: u64,
    /// Bytes of text.
    at: u64,
    /// The characters of a group of four that is not whole, padding included.
    group: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            digest: HashForm::Sha256.start(),
            bytes: 0,
            at: 0,
            group: Vec::new(),
        }
    }
}

/// Groups that are decoded before they are hashed.
const GROUPS: usize = 256;

impl Decoder {
    /// Takes the next bytes. If they are no base64 it gives the hash that goes on as that of a
    /// text, and is not to be used any further.
    pub(super) fn push(&mut self, piece: &[u8]) -> Option<Digest> {
        let mut rest = piece;
        loop {
            if self.group.is_empty() {
                rest = self.groups(rest);
            }
            let (&byte, after) = rest.split_first()?;
            if !self.take(byte) {
                return Some(self.broken(rest));
            }
            self.at = self.at.saturating_add(1);
            rest = after;
        }
    }

    /// How many bytes were decoded, unless the text ends wrongly, and the hash.
    pub(super) fn finish(mut self) -> (Option<u64>, Digest) {
        let (bytes, group) = match self.group.as_slice() {
            [] => return (Some(self.bytes), self.digest),
            [first, second] | [first, second, b'='] | [first, second, b'=', b'='] => {
                (1, [*first, *second, b'A', b'A'])
            }
            [first, second, third] | [first, second, third, b'='] => {
                (2, [*first, *second, *third, b'A'])
            }
            _ => return (None, self.broken(b"")),
        };
        let decoded = decode(group).unwrap_or_default();
        self.digest.update(decoded.get(..bytes).unwrap_or_default());
        let bytes = self.bytes.saturating_add(size(bytes));
        (Some(bytes), self.digest)
    }

    /// Decodes whole groups without anything between them; gives what follows them.
    fn groups<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let mut rest = text;
        loop {
            let mut decoded = [0; GROUPS * 3];
            let mut count = 0_usize;
            let (groups, _) = rest.as_chunks::<4>();
            for (group, out) in groups.iter().zip(decoded.as_chunks_mut::<3>().0) {
                let Some(three) = decode(*group) else {
                    break;
                };
                *out = three;
                count = count.saturating_add(1);
            }
            let (taken, given) = (count.saturating_mul(4), count.saturating_mul(3));
            self.digest.update(decoded.get(..given).unwrap_or_default());
            self.bytes = self.bytes.saturating_add(size(given));
            self.at = self.at.saturating_add(size(taken));
            rest = rest.get(taken..).unwrap_or_default();
            if count < GROUPS {
                return rest;
            }
        }
    }

    /// Takes one character; false if it cannot stand here.
    fn take(&mut self, byte: u8) -> bool {
        let is_padded = self.group.last() == Some(&b'=');
        match byte {
            b'\r' | b'\n' => return true,
            // A group that was padded is the last one, and stays.
            b'=' if self.group.len() < 2 || self.group.len() == 4 => return false,
            b'=' => {}
            _ if is_padded || value(byte) == NONE => return false,
            _ => {}
        }
        self.group.push(byte);
        if let Some(decoded) = self.group.first_chunk().and_then(|group| decode(*group)) {
            self.digest.update(&decoded);
            self.bytes = self.bytes.saturating_add(3);
            self.group.clear();
        }
        true
    }

    fn broken(&mut self, rest: &[u8]) -> Digest {
        let decoded = std::mem::replace(&mut self.digest, HashForm::Sha256.start());
        let mut digest = HashForm::Sha256.start();
        digest.update(decoded.finish().as_bytes());
        digest.update(&self.at.to_be_bytes());
        digest.update(&self.group);
        digest.update(rest);
        digest
    }
}

/// The three bytes that four characters stand for, if they are all of an alphabet.
fn decode([first, second, third, fourth]: [u8; 4]) -> Option<[u8; 3]> {
    let [first, second, third, fourth] = [value(first), value(second), value(third), value(fourth)];
    let bits = u32::from(first) << 18
        | u32::from(second) << 12
        | u32::from(third) << 6
        | u32::from(fourth);
    let [_, one, two, three] = bits.to_be_bytes();
    (first | second | third | fourth < NONE).then_some([one, two, three])
}

/// What a character is worth in either alphabet, or [`NONE`].
fn value(character: u8) -> u8 {
    VALUES.get(usize::from(character)).copied().unwrap_or(NONE)
}

/// The value of what is no character of base64.
const NONE: u8 = 0x80;

const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

static VALUES: [u8; 256] = values();

#[expect(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "runs when this is compiled"
)]
const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[ALPHABETS[0][value] as usize] = value as u8;
        values[ALPHABETS[1][value] as usize] = value as u8;
        value += 1;
    }
    values
}

fn size(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
