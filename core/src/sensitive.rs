//! Personal data and secrets in a text: where they stand, and what they are.
//!
//! Each kind has a form of its own, and where the form alone would fit ordinary numbers, a check digit, a
//! published range or a word before it. A text is passed over once; what is looked at from one place is bounded,
//! so that the time grows with the text's length and with nothing else.

mod card;
mod checksum;
mod context;
mod email;
mod groups;
mod iban;
mod ip;
mod national;
mod phone;
mod plain;
mod secret;

use std::ops::Range;

use self::groups::Groups;
use self::plain::Plain;

words! {
    /// Kinds of sensitive data that are recognized.
    pub enum Sensitive {
        Email "email" "An e-mail address.",
        Phone "phone" "A phone number: international, North American, or behind a word for it.",
        Card "card" "The number of a payment card, by issuer range and Luhn check digit.",
        Iban "iban" "An international bank account number (ISO 13616), by its length and check digits.",
        NationalId "national_id" "A national number of a person, such as a US Social Security number, by its form and check digits.",
        IpAddress "ip_address" "An IPv4 or IPv6 address.",
        ApiKey "api_key" "A key or a token of a known vendor, by its prefix, or a password in a URL.",
        PrivateKey "private_key" "A private key in PEM form.",
        Jwt "jwt" "A JSON Web Token.",
    }
}

/// Something sensitive, by its bytes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Sensitive,
    /// Where it stands.
    pub at: Range<usize>,
}

/// Everything sensitive in a text, in order, without overlaps.
pub fn find(text: &str) -> Vec<Found> {
    let plain = Plain::of(text);
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(found) = next(plain.text(), at) {
        at = found.at.end;
        all.push(Found {
            kind: found.kind,
            at: plain.original(&found.at),
        });
    }
    all
}

/// The first from `from` on.
fn next(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let skipped = rest.iter().position(|byte| begins(*byte))?;
        at = at.saturating_add(skipped);
        let place = Place {
            text,
            bytes,
            at,
            from,
        };
        match place.look() {
            Look::Found(found) => return Some(found),
            Look::Nothing { next } => at = next.max(at.saturating_add(1)),
        }
    }
}

/// Whether something may begin at such a byte, or stand around it.
const fn begins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'+' | b'(' | b'-' | b':')
}

/// A place in a text at which something may begin.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the last thing ended that was found: nothing begins before it.
    from: usize,
}

/// What there is at a place.
enum Look {
    Found(Found),
    Nothing {
        /// Where to look next.
        next: usize,
    },
}

impl Place<'_> {
    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    /// The byte so many before it.
    fn before(&self, count: usize) -> Option<u8> {
        let at = self.at.checked_sub(count)?;
        self.bytes.get(at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether a word or a number begins here: a number also behind an underscore, as in names of files.
    fn is_start(&self) -> bool {
        let before = self.before(1);
        let is_number = before == Some(b'_') && self.byte().is_ascii_digit();
        is_number || !before.is_some_and(is_word)
    }

    fn found(&self, kind: Sensitive, bytes: usize) -> Option<Found> {
        let end = self.at.saturating_add(bytes);
        Some(Found {
            kind,
            at: self.at..end,
        })
    }

    fn look(&self) -> Look {
        let found = match self.byte() {
            b'@' => email::around(self),
            b':' => ip::colons(self).or_else(|| secret::in_url(self)),
            b'-' => secret::private_key(self),
            b'+' | b'(' => phone::find(self),
            _ if !self.is_start() => None,
            byte => {
                let word = self.word_here();
                let number = byte.is_ascii_digit().then(|| self.number()).flatten();
                return match number.or_else(|| self.lettered(word)) {
                    Some(found) => Look::Found(found),
                    // Within a word nothing else begins but a number behind an underscore.
                    None => Look::Nothing {
                        next: self.at.saturating_add(word.bytes),
                    },
                };
            }
        };
        found.map_or(
            Look::Nothing {
                next: self.at.saturating_add(1),
            },
            Look::Found,
        )
    }

    /// What begins with a digit.
    fn number(&self) -> Option<Found> {
        let Some(groups) = Groups::read(self) else {
            return ip::v4(self);
        };
        card::find(self, &groups)
            .or_else(|| national::number(self, &groups))
            .or_else(|| ip::v4(self))
            .or_else(|| phone::national(self, &groups))
    }

    /// What begins with a letter or has letters in it. Most words are none of it, which their length and a missing
    /// digit show.
    fn lettered(&self, word: Word) -> Option<Found> {
        let secret = self.may_be_secret().then(|| secret::find(self));
        secret.flatten().or_else(|| {
            let may_be_number = word.has_digit || word.is_before_number(self.rest());
            may_be_number
                .then(|| iban::find(self).or_else(|| national::word(self)))
                .flatten()
        })
    }

    /// Whether a key may begin here: what belongs to one goes on for as long as the shortest.
    fn may_be_secret(&self) -> bool {
        let is_part = |byte: &u8| is_word(*byte) || matches!(byte, b'-' | b'.');
        let near = self.rest().get(..secret::BYTES_MIN);
        near.is_some_and(|near| near.iter().all(is_part))
    }

    fn word_here(&self) -> Word {
        let mut word = Word {
            bytes: 0,
            has_digit: false,
        };
        // Only so far, as a number may begin behind each underscore: a word is not looked through again for each.
        for byte in self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
        {
            word.bytes = word.bytes.saturating_add(1);
            word.has_digit |= byte.is_ascii_digit();
        }
        word
    }
}

/// A word, up to its first underscore.
#[derive(Clone, Copy)]
struct Word {
    bytes: usize,
    has_digit: bool,
}

impl Word {
    /// Whether it is the prefix of a number that follows it.
    fn is_before_number(self, rest: &[u8]) -> bool {
        let behind = rest.get(self.bytes..).unwrap_or_default();
        let is_number = matches!(behind, [b' ' | b'-', digit, ..] if digit.is_ascii_digit());
        self.bytes < 3 && is_number
    }
}

/// Whether a character is of a script that is written without spaces between words: those of East Asia.
fn is_unspaced(character: char) -> bool {
    u32::from(character) >= 0x2e80
}

/// Whether a byte belongs to a word. Letters of other scripts do: a number behind one is not cut off from it
/// by anything, and languages without spaces have no other way to write one.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests;
