//! Whether digits and letters are a number that a country gives to persons: check digits, dates and ranges.

use crate::sensitive::checksum::{luhn, mod_11_10, modulo, verhoeff, weighted};

/// The area is not 000, 666 or above 899, unless it is that of a taxpayer's number; no part is zero.
pub(super) fn united_states(digits: &[u8]) -> bool {
    let (area, group, serial) = (part(digits, 0, 3), part(digits, 3, 2), part(digits, 5, 4));
    let is_taxpayer = area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    let is_area = !matches!(area, 0 | 666 | 900..=999) || is_taxpayer;
    is_area && group != 0 && serial != 0
}

/// Of the first ten digits, one comes two or three times and no other more than once.
pub(super) fn germany(digits: &[u8]) -> bool {
    let Some(first) = digits.get(..10) else {
        return false;
    };
    let count = |digit: u8| first.iter().filter(|it| **it == digit).count();
    let repeated: Vec<_> = (0..10).map(count).filter(|count| *count > 1).collect();
    let is_shaped = matches!(repeated.as_slice(), [2 | 3]) && first.first() != Some(&0);
    is_shaped && mod_11_10(digits)
}

/// Sex, year, month, place, order, and 97 less the remainder.
pub(super) fn france(digits: &[u8]) -> bool {
    let month = part(digits, 3, 2);
    let is_shaped =
        matches!(digits.first(), Some(1 | 2)) && matches!(month, 1..=12 | 20..=42 | 50..=99);
    let rest = modulo(digits.get(..13).unwrap_or_default(), 97);
    is_shaped && part(digits, 13, 2) == 97_u32.saturating_sub(rest)
}

pub(super) fn netherlands(digits: &[u8]) -> bool {
    let (sum, check) = (weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]), digits.last());
    let check = check.copied().unwrap_or_default();
    sum > 0
        && sum
            .checked_sub(u32::from(check))
            .is_some_and(|rest| rest.is_multiple_of(11))
}

pub(super) fn poland(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    let month = part(digits, 2, 2) % 20;
    sum.is_multiple_of(10) && is_date(month, part(digits, 4, 2))
}

pub(super) fn brazil(digits: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let rest = weighted(digits, weights).saturating_mul(10) % 11 % 10;
        digits.get(count).copied().map(u32::from) == Some(rest)
    };
    let is_one = digits.iter().all(|digit| Some(digit) == digits.first());
    !is_one
        && check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
        && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// Year, month and day, and a check digit over the last ten. Above 60, the day is of a number of coordination.
pub(super) fn sweden(digits: &[u8]) -> bool {
    let short = digits
        .get(digits.len().saturating_sub(10)..)
        .unwrap_or_default();
    let day = part(short, 4, 2);
    is_date(
        part(short, 2, 2),
        if day > 60 {
            day.saturating_sub(60)
        } else {
            day
        },
    ) && luhn(short)
}

pub(super) fn india(digits: &[u8]) -> bool {
    matches!(digits.first(), Some(2..=9)) && verhoeff(digits)
}

/// Place, date of birth, order, and a check digit; where that is X, it is a word.
pub(super) fn china(digits: &[u8]) -> bool {
    chinese(digits.get(..17).unwrap_or_default()) == digits.last().copied().map(u32::from)
}

/// The check digit of the first seventeen, if they are a place and a date; 10 is written as X.
pub(super) fn chinese(digits: &[u8]) -> Option<u32> {
    let sum = weighted(
        digits,
        &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2],
    );
    let is_born = matches!(part(digits, 6, 4), 1900..=2099)
        && is_date(part(digits, 10, 2), part(digits, 12, 2));
    let is_shaped = digits.len() == 17 && matches!(digits.first(), Some(1..=8)) && is_born;
    let check = 12_u32.saturating_sub(sum % 11) % 11;
    is_shaped.then_some(check)
}

/// Date of birth, then the century and the sex.
pub(super) fn korea(digits: &[u8]) -> bool {
    is_date(part(digits, 2, 2), part(digits, 4, 2)) && matches!(digits.get(6), Some(1..=8))
}

pub(super) fn switzerland(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    part(digits, 0, 3) == 756 && sum.is_multiple_of(10)
}

/// Those who are born from 2000 on have a 2 before it.
pub(super) fn belgium(digits: &[u8]) -> bool {
    let (first, check) = (digits.get(..9).unwrap_or_default(), part(digits, 9, 2));
    let of = |first: &[u8]| 97_u32.saturating_sub(modulo(first, 97));
    let is_born = part(digits, 2, 2) % 20 <= 12 && part(digits, 4, 2) <= 31;
    is_born && (of(first) == check || of(&[&[2], first].concat()) == check)
}

pub(super) fn japan(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let check = match sum % 11 {
        0 | 1 => 0,
        rest => 11_u32.saturating_sub(rest),
    };
    digits.last().copied().map(u32::from) == Some(check)
}

pub(super) fn turkey(digits: &[u8]) -> bool {
    let odd = weighted(digits, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(digits, &[0, 1, 0, 1, 0, 1, 0, 1]);
    let tenth = odd
        .saturating_mul(7)
        .saturating_add(100)
        .saturating_sub(even)
        % 10;
    let sum = weighted(digits, &[1; 10]);
    let last = |at: usize| digits.get(at).copied().map(u32::from);
    digits.first() != Some(&0) && last(9) == Some(tenth) && last(10) == Some(sum % 10)
}

/// National Insurance: no prefix of those that are not issued.
pub(super) fn united_kingdom(letters: &[u8]) -> bool {
    let [first, second, .., last] = letters else {
        return false;
    };
    let is_first = !b"DFIQUV".contains(first) && !b"DFIOQUV".contains(second);
    let unissued: [&[u8; 2]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    let is_issued = !unissued.contains(&&[*first, *second]);
    is_first && is_issued && matches!(last, b'A'..=b'D')
}

/// DNI and NIE: the letter is that of the number's remainder by 23.
pub(super) fn spain(letters: &[u8]) -> bool {
    let digit = |(place, letter): (usize, &u8)| match (place, letter) {
        (_, b'0'..=b'9') => Some(letter.saturating_sub(b'0')),
        (0, b'X'..=b'Z') => Some(letter.saturating_sub(b'X')),
        _ => None,
    };
    let Some((last, number)) = letters.split_last() else {
        return false;
    };
    let digits: Option<Vec<u8>> = number.iter().enumerate().map(digit).collect();
    let letter = digits.and_then(|digits| {
        let rest = usize::try_from(modulo(&digits, 23)).ok()?;
        b"TRWAGMYFPDXBNJZSQVHLCKE".get(rest).copied()
    });
    letter == Some(*last)
}

/// Codice fiscale: its month is a letter of twelve, and its last a check letter.
pub(super) fn italy(letters: &[u8]) -> bool {
    /// What a letter or a digit counts at an odd place.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let Some((last, others)) = letters.split_last() else {
        return false;
    };
    let ordinal = |letter: &u8| match letter {
        b'0'..=b'9' => letter.saturating_sub(b'0'),
        _ => letter.saturating_sub(b'A'),
    };
    let value = |(place, letter): (usize, &u8)| match place.is_multiple_of(2) {
        true => ODD
            .get(usize::from(ordinal(letter)))
            .copied()
            .unwrap_or_default(),
        false => u32::from(ordinal(letter)),
    };
    let sum: u32 = others.iter().enumerate().map(value).sum();
    let is_month = others
        .get(8)
        .is_some_and(|month| b"ABCDEHLMPRST".contains(month));
    // Where two persons would have the same, letters stand for the digits.
    let digits = [6, 7, 9, 10, 12, 13, 14];
    let is_digit = |at: &usize| {
        others
            .get(*at)
            .is_some_and(|letter| letter.is_ascii_digit() || b"LMNPQRSTUV".contains(letter))
    };
    is_month
        && digits.iter().all(is_digit)
        && u32::from(ordinal(last)) == sum % 26
        && last.is_ascii_alphabetic()
}

/// China's number with X for its check digit.
pub(super) fn china_x(letters: &[u8]) -> bool {
    let Some((b'X', number)) = letters.split_last() else {
        return false;
    };
    let digits: Vec<u8> = number
        .iter()
        .map(|digit| digit.saturating_sub(b'0'))
        .collect();
    chinese(&digits) == Some(10)
}

/// The number that so many of the digits from one on stand for.
pub(super) fn part(digits: &[u8], from: usize, count: usize) -> u32 {
    let end = from.saturating_add(count);
    modulo(digits.get(from..end).unwrap_or_default(), u32::MAX)
}

pub(super) const fn is_date(month: u32, day: u32) -> bool {
    matches!(month, 1..=12) && matches!(day, 1..=31)
}
