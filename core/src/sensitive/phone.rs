//! Phone numbers.

use super::context::{is_behind, is_behind_letters};
use super::groups::{Group, Groups, ends};
use super::{Found, Place, Sensitive};

/// Digits of an international number at most, by E.164.
const INTERNATIONAL_MAX: usize = 15;

/// Digits of a national number behind a word for it.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=13;

/// Groups of digits that are looked at.
const GROUPS_MAX: usize = 8;

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
    "телефон",
    "тел",
    "전화",
    "휴대폰",
    "電話",
    "携帯",
    "电话",
    "手机",
];

/// How close before a number a word for it stands, in bytes.
const WITHIN: usize = 32;

/// The number that begins with a plus or an opening bracket here.
pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    let before = place.before(1);
    let behind = place.rest().get(1).copied().unwrap_or_default();
    // Between terms, a plus has a blank behind it.
    let begins = behind.is_ascii_digit() || behind == b'(';
    if !begins || before.is_some_and(|byte| super::is_word(byte) || byte == b'+') {
        return None;
    }
    let written = written(place);
    let end = written.ends().find_map(|(digits, groups, end)| {
        let is_phone = match place.byte() {
            b'+' => is_international(digits, groups),
            // An area code in brackets.
            _ => is_north_american(digits) && place.rest().get(4) == Some(&b')'),
        };
        (is_phone && ends(place, end)).then_some(end)
    })?;
    place.found(Sensitive::Phone, end)
}

/// Whether digits behind a plus are a number with its country's code, by their groups: a sum, a coordinate or a day
/// may have a plus too.
fn is_international(digits: &[u8], groups: &[Group]) -> bool {
    let is_fraction = groups.len() == 2 && groups.iter().any(|group| group.separator == b'.');
    let is_thousands = groups.iter().skip(1).all(|group| group.size == 3);
    let least = if groups.len() == 1 || is_thousands {
        10
    } else {
        8
    };
    let is_long_enough = match digits.first() {
        Some(0) | None => false,
        // North America has ten behind its code.
        Some(1) => digits.len() == 11,
        Some(_) => (least..=INTERNATIONAL_MAX).contains(&digits.len()),
    };
    is_long_enough && !is_fraction
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
    if !is_behind_letters(place, WITHIN) {
        return None;
    }
    let written = written(place);
    let end = written.ends().find_map(|(digits, _, end)| {
        (NATIONAL.contains(&digits.len()) && ends(place, end)).then_some(end)
    })?;
    is_named(place)
        .then(|| place.found(Sensitive::Phone, end))
        .flatten()
}

fn is_named(place: &Place<'_>) -> bool {
    is_behind(place, WITHIN, WORDS)
}

/// The groups of a number as it is written, as long as no phone's has more digits.
fn written(place: &Place<'_>) -> Groups {
    let from = usize::from(place.byte() == b'+');
    Groups::gather(place.rest(), from, (INTERNATIONAL_MAX, GROUPS_MAX), gap)
}

/// What stands before the next group, by its last byte, and how many bytes it takes: nothing before the first, one
/// separator, or several with a bracket or a slash among them.
fn gap(bytes: &[u8], is_first: bool) -> Option<(u8, usize)> {
    let is_separator = |byte: &&u8| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')');
    let gap = bytes.iter().take(4).take_while(is_separator).count();
    let between = bytes.get(..gap)?;
    let has_sign = between
        .iter()
        .any(|byte| matches!(byte, b'/' | b'(' | b')'));
    let is_gap = match gap {
        0 => is_first,
        1 => true,
        2 | 3 => has_sign,
        _ => false,
    };
    is_gap.then(|| (between.last().copied().unwrap_or_default(), gap))
}

/// Whether ten digits are a number of the North American plan: no area and no exchange begins with 0 or 1.
fn is_north_american(digits: &[u8]) -> bool {
    let begins = |at: usize| digits.get(at).is_some_and(|digit| !matches!(digit, 0 | 1));
    digits.len() == 10 && begins(0) && begins(3)
}
