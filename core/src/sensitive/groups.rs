//! Digits in groups, as numbers are written for people.

use super::Place;

/// Digits that are looked at from one place: the longest number here has 19.
const DIGITS_MAX: usize = 24;

/// Groups of digits that are looked at from one place.
const GROUPS_MAX: usize = 12;

/// A run of digits, and what separates it from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    /// The byte before it; 0 for the first.
    pub(super) separator: u8,
    /// How many digits it has.
    pub(super) size: usize,
    /// Where it ends, from where the number begins.
    pub(super) end: usize,
}

impl Group {
    const NONE: Self = Self {
        separator: 0,
        size: 0,
        end: 0,
    };
}

/// The groups of digits that begin at a place.
pub(super) struct Groups {
    digits: [u8; DIGITS_MAX],
    groups: [Group; GROUPS_MAX],
    count: usize,
}

/// What may stand before a group, given whether it is the first: the byte that counts as its separator, and how many
/// bytes it takes.
type Gap = fn(&[u8], bool) -> Option<(u8, usize)>;

/// Nothing before the first group, and one separator before each other.
fn one(bytes: &[u8], is_first: bool) -> Option<(u8, usize)> {
    if is_first {
        return Some((0, 0));
    }
    let separator = bytes.first().filter(|byte| is_separator(**byte))?;
    Some((*separator, 1))
}

impl Groups {
    /// The groups, each behind one separator; `None` where they are a part of something longer.
    pub(super) fn read(place: &Place<'_>) -> Option<Self> {
        if is_inside(place) {
            return None;
        }
        let read = Self::gather(place.rest(), 0, (DIGITS_MAX, GROUPS_MAX), one);
        (read.count > 0).then_some(read)
    }

    /// The groups from a byte on, with such gaps between them: at most so many digits, and so many groups.
    pub(super) fn gather(
        bytes: &[u8],
        from: usize,
        (digits_max, groups_max): (usize, usize),
        gap: Gap,
    ) -> Self {
        let mut read = Self {
            digits: [0; DIGITS_MAX],
            groups: [Group::NONE; GROUPS_MAX],
            count: 0,
        };
        let mut slots = read.digits.iter_mut().take(digits_max);
        let mut at = from;
        for group in read.groups.iter_mut().take(groups_max) {
            let is_first = read.count == 0;
            let Some((separator, gap)) = gap(bytes.get(at..).unwrap_or_default(), is_first) else {
                break;
            };
            let start = at.saturating_add(gap);
            let digits = digits(bytes.get(start..).unwrap_or_default());
            if digits.is_empty() || digits.len() > slots.len() {
                break;
            }
            for (digit, slot) in digits.iter().zip(slots.by_ref()) {
                *slot = digit.saturating_sub(b'0');
            }
            at = start.saturating_add(digits.len());
            *group = Group {
                separator,
                size: digits.len(),
                end: at,
            };
            read.count = read.count.saturating_add(1);
        }
        read
    }

    /// Where the number may end: its digits, its groups and its bytes, the longest first.
    pub(super) fn ends(&self) -> impl Iterator<Item = (&[u8], &[Group], usize)> {
        (1..=self.count).rev().filter_map(|count| {
            let groups = self.groups.get(..count)?;
            let digits = groups.iter().map(|group| group.size).sum();
            Some((self.digits.get(..digits)?, groups, groups.last()?.end))
        })
    }

    pub(super) fn all(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    /// The first group.
    pub(super) fn first(&self) -> Group {
        self.all().first().copied().unwrap_or(Group::NONE)
    }

    /// The digits of the first groups, if these have such sizes and separators, and the number ends behind them:
    /// its digits, and its bytes. Where `separators` is empty, any one will do as long as it stays the same.
    pub(super) fn shaped(
        &self,
        place: &Place<'_>,
        sizes: &[usize],
        separators: &[u8],
    ) -> Option<(&[u8], usize)> {
        // Most numbers are told apart by their first group.
        if Some(&self.first().size) != sizes.first() {
            return None;
        }
        let groups = self.all().get(..sizes.len())?;
        let alike = groups.get(1).map(|group| group.separator);
        let fits = groups
            .iter()
            .zip(sizes)
            .enumerate()
            .all(|(number, (group, size))| {
                let wanted = match number.checked_sub(1) {
                    None => Some(0),
                    Some(gap) => separators.get(gap).copied().or(alike),
                };
                group.size == *size && Some(group.separator) == wanted
            });
        if !fits {
            return None;
        }
        let end = groups.last()?.end;
        let count = sizes.iter().sum();
        let is_over = ends(place, end) || is_card(sizes) && is_expiry(place, end);
        is_over.then_some((self.digits.get(..count)?, end))
    }
}

/// Whether groups are as long as a card's number, behind which its expiry or its code may stand.
fn is_card(sizes: &[usize]) -> bool {
    (13..=19).contains(&sizes.iter().sum::<usize>())
}

/// Whether a short group of digits follows: a month, or the code on a card's back.
fn is_expiry(place: &Place<'_>, bytes: usize) -> bool {
    let rest = place.rest().get(bytes..).unwrap_or_default();
    let Some((b'/' | b'-', rest)) = rest.split_first() else {
        return false;
    };
    let count = digits(rest).len();
    let behind = rest.get(count).copied().unwrap_or_default();
    matches!(count, 2..=4) && !super::is_word(behind)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/')
}

/// The digits that these bytes begin with.
fn digits(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit());
    bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default()
}

/// Whether the digits here are behind a decimal point, or a later group of a longer number, of a date or of an
/// id such as a UUID.
fn is_inside(place: &Place<'_>) -> bool {
    let (Some(separator), Some(before)) = (place.before(1), place.before(2)) else {
        return false;
    };
    match separator {
        // A comma separates the values of a list more often than decimals.
        b'.' => before.is_ascii_digit(),
        b'-' | b'/' => before.is_ascii_digit() || is_hex_group(place),
        _ => false,
    }
}

/// Whether the word before the hyphen here is a group of a UUID: hexadecimal, with a digit.
fn is_hex_group(place: &Place<'_>) -> bool {
    let before = place.bytes.get(..place.at.saturating_sub(1));
    let word = before
        .unwrap_or_default()
        .iter()
        .rev()
        .take(UUID_GROUP_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric());
    let mut has_digit = false;
    let is_hex = word.fold(true, |is_hex, byte| {
        has_digit |= byte.is_ascii_digit();
        is_hex && byte.is_ascii_hexdigit()
    });
    is_hex && has_digit
}

const UUID_GROUP_MAX: usize = 12;

/// Whether nothing goes on behind a number of so many bytes: no letter, no digit, no further group behind a
/// hyphen, and no decimals.
pub(super) fn ends(place: &Place<'_>, bytes: usize) -> bool {
    let rest = place.rest();
    let next = rest.get(bytes).copied().unwrap_or_default();
    let after = rest
        .get(bytes.saturating_add(1))
        .copied()
        .unwrap_or_default();
    match next {
        b'-' | b'.' | b'/' => !after.is_ascii_digit(),
        _ => !super::is_word(next),
    }
}
