//! Numbers of payment cards.

use super::checksum::luhn;
use super::groups::Groups;
use super::{Found, Place, Sensitive};

/// How cards print their numbers, by the sizes of their groups.
const PRINTED: [&[usize]; 5] = [
    &[4, 4, 4, 4],
    // American Express.
    &[4, 6, 5],
    // Diners Club.
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[4, 4, 5],
];

pub(super) fn find(place: &Place<'_>, groups: &Groups) -> Option<Found> {
    let mut printed = PRINTED.iter();
    let found = printed.find_map(|sizes| groups.shaped(place, sizes, &[]));
    let size = groups.first().size;
    let (digits, end) = found.or_else(|| groups.shaped(place, &[size], &[]))?;
    let is_card = is_issued(digits) && luhn(digits);
    is_card.then(|| place.found(Sensitive::Card, end)).flatten()
}

/// Whether an issuer has numbers of this length that begin so: the ranges that the networks publish.
fn is_issued(digits: &[u8]) -> bool {
    let first = |count: usize| {
        let first = digits.get(..count).unwrap_or_default();
        first.iter().fold(0_u32, |number, digit| {
            number.saturating_mul(10).saturating_add(u32::from(*digit))
        })
    };
    let (two, three, four) = (first(2), first(3), first(4));
    match digits.len() {
        // Visa's first cards.
        13 => first(1) == 4,
        // Diners Club.
        14 => matches!(three, 300..=305 | 309) || matches!(two, 36 | 38 | 39),
        // American Express.
        15 => matches!(two, 34 | 37),
        16 => {
            // Visa, Mastercard, Discover, JCB, UnionPay, Maestro.
            first(1) == 4
                || matches!(two, 51..=55 | 62 | 65)
                || matches!(four, 2221..=2720 | 3528..=3589 | 5018 | 5020 | 5038 | 6011 | 6304 | 6759..=6763)
                || matches!(three, 644..=649)
        }
        17..=19 => first(1) == 4 && digits.len() == 19 || two == 62 || four == 6304,
        _ => false,
    }
}
