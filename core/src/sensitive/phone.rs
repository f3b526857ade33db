//! Phone numbers.

use super::context::is_behind;
use super::groups::{Groups, ends};
use super::{Found, Place, Sensitive};

/// Digits of an international number: E.164 allows 15, and no country has numbers of less than 7 with its code.
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;

/// Digits of a national number behind a word for it.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=13;

/// Digits that are looked at: more than a number has.
const DIGITS_MAX: usize = 16;

/// Bytes of the longest number as it is written, with its separators.
const BYTES_MAX: usize = 28;

/// Words for a phone number, in the languages of most who write one.
const WORDS: &[&str] = &[
    "phone",
    "telephone",
    "tel",
    "tél",
    "mobile",
    "fax",
    "whatsapp",
    "telefon",
    "telefonnummer",
    "handy",
    "handynummer",
    "mobil",
    "rufnummer",
    "téléphone",
    "appelez",
    "teléfono",
    "telefono",
    "móvil",
    "celular",
    "llame",
    "llamar",
    "cellulare",
    "chiamare",
    "telefone",
    "telemóvel",
    "ligue",
    "telefoon",
    "telefoonnummer",
    "mobiel",
    "komórka",
    "numer telefonu",
    "電話",
    "携帯",
    "电话",
    "手机",
];

/// How close before a number a word for it stands, in bytes.
const WITHIN: usize = 32;

/// The number that begins with a plus or an opening bracket here.
pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    if place
        .before(1)
        .is_some_and(|byte| super::is_word(byte) || byte == b'+')
    {
        return None;
    }
    let written = written(place)?;
    let (digits, end) = (written.digits(), written.end);
    let is_phone = match place.byte() {
        b'+' => INTERNATIONAL.contains(&digits.len()) && digits.first() != Some(&b'0'),
        // An area code in brackets.
        _ => is_north_american(digits) && place.rest().get(4) == Some(&b')'),
    };
    (is_phone && ends(place, end))
        .then(|| place.found(Sensitive::Phone, end))
        .flatten()
}

/// The number without a country's code that begins with a digit here.
pub(super) fn national(place: &Place<'_>, groups: &Groups) -> Option<Found> {
    for sizes in [&[3, 3, 4][..], &[1, 3, 3, 4]] {
        let Some((digits, end)) = groups.shaped(place, sizes, &[]) else {
            continue;
        };
        let separator = groups.all().last().map(|group| group.separator);
        let local = digits
            .get(digits.len().saturating_sub(10)..)
            .unwrap_or_default();
        // With spaces it could be a large number in thousands.
        let is_written_so = || matches!(separator, Some(b'-' | b'.')) || is_named(place);
        let has_code = sizes.len() == 3 || digits.first() == Some(&1);
        if is_north_american(local) && has_code && is_written_so() {
            return place.found(Sensitive::Phone, end);
        }
    }
    // Five pairs, the first with a zero: how France writes them.
    if let Some((digits, end)) = groups.shaped(place, &[2, 2, 2, 2, 2], &[])
        && digits.first() == Some(&0)
        && digits.get(1) != Some(&0)
    {
        return place.found(Sensitive::Phone, end);
    }
    let Written { count, end, .. } = written(place)?;
    let is_phone = NATIONAL.contains(&count) && ends(place, end) && is_named(place);
    is_phone
        .then(|| place.found(Sensitive::Phone, end))
        .flatten()
}

fn is_named(place: &Place<'_>) -> bool {
    is_behind(place, WITHIN, WORDS)
}

/// A number as it is written: groups of digits with one or two separators between them.
struct Written {
    digits: [u8; DIGITS_MAX],
    count: usize,
    /// Its bytes, from where it begins.
    end: usize,
}

impl Written {
    fn digits(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }
}

/// The number that begins here; `None` if there is none, or more than any phone has.
fn written(place: &Place<'_>) -> Option<Written> {
    let mut written = Written {
        digits: [0; DIGITS_MAX],
        count: 0,
        end: 0,
    };
    let mut between: usize = 0;
    for (at, byte) in place.rest().iter().take(BYTES_MAX).enumerate() {
        match byte {
            b'0'..=b'9' => {
                *written.digits.get_mut(written.count)? = *byte;
                written.count = written.count.saturating_add(1);
                (written.end, between) = (at.saturating_add(1), 0);
            }
            b'+' if at == 0 => {}
            // Beside a bracket there may be another separator; two others end a sentence.
            b'(' | b')' if between < 2 => between = between.saturating_add(1),
            b' ' | b'-' | b'.' | b'/' if between == 0 || is_bracket(place, at) => {
                between = between.saturating_add(1);
            }
            _ => break,
        }
    }
    (written.count > 0).then_some(written)
}

/// Whether a bracket stands before a byte of what begins here.
fn is_bracket(place: &Place<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| place.rest().get(at));
    matches!(before, Some(b'(' | b')'))
}

/// Whether ten digits, as values or as letters, are a number of the North American plan: no area and no exchange
/// begins with 0 or 1.
fn is_north_american(digits: &[u8]) -> bool {
    let begins = |at: usize| {
        digits
            .get(at)
            .is_some_and(|digit| !matches!(digit, 0 | 1 | b'0' | b'1'))
    };
    digits.len() == 10 && begins(0) && begins(3)
}
