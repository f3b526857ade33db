//! National numbers of persons, each by the form and the check digits that its country publishes.

mod valid;

use self::valid::{
    belgium, brazil, china, china_x, france, germany, india, is_date, italy, japan, korea,
    netherlands, part, poland, spain, sweden, switzerland, turkey, united_kingdom, united_states,
};
use super::checksum::{luhn, modulo};
use super::context::is_behind;
use super::groups::Groups;
use super::{Found, Place, Sensitive, is_word};

/// How close before a number a word for it stands, in bytes.
const WITHIN: usize = 40;

/// A number of digits alone.
struct Number {
    /// The sizes of its groups, as it is written.
    sizes: &'static [usize],
    /// What stands between them; any one that stays the same where it is empty.
    separators: &'static [u8],
    /// Words of which one must stand before it, where its form is that of ordinary numbers too.
    words: &'static [&'static str],
    is_valid: fn(&[u8]) -> bool,
}

const US: &[&str] = &["ssn", "social security", "itin"];
const NL: &[&str] = &["bsn", "burgerservicenummer", "sofinummer"];
const PL: &[&str] = &["pesel"];
const BR: &[&str] = &["cpf"];
const CA: &[&str] = &["sin", "social insurance"];
const DE: &[&str] = &[
    "steuer-id",
    "steueridentifikationsnummer",
    "steuer-idnr",
    "steuer-identifikationsnummer",
    "idnr",
    "steuernummer",
];
const JP: &[&str] = &["マイナンバー", "個人番号", "my number"];
const AADHAAR: &[&str] = &["aadhaar", "aadhar", "uidai"];
const FR: &[&str] = &["sécurité sociale", "nir", "insee"];
const TR: &[&str] = &["t.c.", "tc kimlik", "kimlik"];

const NUMBERS: &[Number] = &[
    Number {
        sizes: &[3, 2, 4],
        separators: &[],
        words: &[],
        is_valid: united_states,
    },
    Number {
        sizes: &[9],
        separators: &[],
        words: US,
        is_valid: united_states,
    },
    // Germany's tax id is printed so; without its spaces there are ordinary numbers like it.
    Number {
        sizes: &[2, 3, 3, 3],
        separators: b"   ",
        words: &[],
        is_valid: germany,
    },
    Number {
        sizes: &[11],
        separators: &[],
        words: DE,
        is_valid: germany,
    },
    Number {
        sizes: &[13, 2],
        separators: &[],
        words: &[],
        is_valid: france,
    },
    Number {
        sizes: &[1, 2, 2, 2, 3, 3, 2],
        separators: &[],
        words: &[],
        is_valid: france,
    },
    Number {
        sizes: &[15],
        separators: &[],
        words: FR,
        is_valid: france,
    },
    Number {
        sizes: &[9],
        separators: &[],
        words: NL,
        is_valid: netherlands,
    },
    Number {
        sizes: &[4, 2, 3],
        separators: &[],
        words: NL,
        is_valid: netherlands,
    },
    Number {
        sizes: &[11],
        separators: &[],
        words: PL,
        is_valid: poland,
    },
    Number {
        sizes: &[3, 3, 3, 2],
        separators: b"..-",
        words: &[],
        is_valid: brazil,
    },
    Number {
        sizes: &[11],
        separators: &[],
        words: BR,
        is_valid: brazil,
    },
    Number {
        sizes: &[3, 3, 3],
        separators: b"--",
        words: &[],
        is_valid: luhn,
    },
    Number {
        sizes: &[3, 3, 3],
        separators: b"  ",
        words: CA,
        is_valid: luhn,
    },
    Number {
        sizes: &[9],
        separators: &[],
        words: CA,
        is_valid: luhn,
    },
    Number {
        sizes: &[6, 4],
        separators: b"-",
        words: &[],
        is_valid: sweden,
    },
    Number {
        sizes: &[8, 4],
        separators: b"-",
        words: &[],
        is_valid: sweden,
    },
    Number {
        sizes: &[4, 4, 4],
        separators: b"  ",
        words: AADHAAR,
        is_valid: india,
    },
    Number {
        sizes: &[12],
        separators: &[],
        words: AADHAAR,
        is_valid: india,
    },
    Number {
        sizes: &[18],
        separators: &[],
        words: &[],
        is_valid: china,
    },
    Number {
        sizes: &[6, 7],
        separators: b"-",
        words: &[],
        is_valid: korea,
    },
    Number {
        sizes: &[3, 4, 4, 2],
        separators: b"...",
        words: &[],
        is_valid: switzerland,
    },
    Number {
        sizes: &[2, 2, 2, 3, 2],
        separators: b"..-.",
        words: &[],
        is_valid: belgium,
    },
    Number {
        sizes: &[12],
        separators: &[],
        words: JP,
        is_valid: japan,
    },
    Number {
        sizes: &[4, 4, 4],
        separators: &[],
        words: JP,
        is_valid: japan,
    },
    Number {
        sizes: &[11],
        separators: &[],
        words: TR,
        is_valid: turkey,
    },
];

/// The number of digits alone that begins here.
pub(super) fn number(place: &Place<'_>, groups: &Groups) -> Option<Found> {
    let mut numbers = NUMBERS.iter();
    let end = numbers.find_map(|number| {
        let (digits, end) = groups.shaped(place, number.sizes, number.separators)?;
        let is_valid = (number.is_valid)(digits);
        let is_named = || number.words.is_empty() || is_behind(place, WITHIN, number.words);
        (is_valid && is_named()).then_some(end)
    })?;
    place.found(Sensitive::NationalId, end)
}

/// A number with letters: `A` stands for a letter, `9` for a digit, `?` for either, and a blank for a separator
/// that may be there.
struct Word {
    form: &'static str,
    is_valid: fn(&[u8]) -> bool,
}

const WORDS: &[Word] = &[
    Word {
        form: "AA 99 99 99 A",
        is_valid: united_kingdom,
    },
    Word {
        form: "99999999 A",
        is_valid: spain,
    },
    Word {
        form: "A 9999999 A",
        is_valid: spain,
    },
    Word {
        form: "AAAAAA??A??A???A",
        is_valid: italy,
    },
    Word {
        form: "99999999999999999A",
        is_valid: china_x,
    },
];

/// The number with letters that begins here.
pub(super) fn word(place: &Place<'_>) -> Option<Found> {
    let mut words = WORDS.iter();
    let end = words.find_map(|word| {
        let (letters, end) = shaped(place.rest(), word.form)?;
        (word.is_valid)(&letters).then_some(end)
    });
    let end = end.or_else(|| finland(place))?;
    place.found(Sensitive::NationalId, end)
}

/// Whether a byte may stand at a place of a form.
fn fits(wanted: u8, byte: u8) -> bool {
    match wanted {
        b'A' => byte.is_ascii_alphabetic(),
        b'9' => byte.is_ascii_digit(),
        _ => byte.is_ascii_alphanumeric(),
    }
}

/// The letters of a form, as capitals, and the bytes that they take.
fn shaped(bytes: &[u8], form: &str) -> Option<(Vec<u8>, usize)> {
    // The first two tell most words apart without taking memory.
    let is_like = |(wanted, byte): (u8, &u8)| fits(wanted, *byte);
    let mut first = form
        .bytes()
        .take_while(|wanted| *wanted != b' ')
        .zip(bytes)
        .take(2);
    if !first.all(is_like) {
        return None;
    }
    let mut letters = Vec::with_capacity(form.len());
    let mut end: usize = 0;
    for wanted in form.bytes() {
        let byte = bytes.get(end).copied().unwrap_or_default();
        if wanted == b' ' {
            end = end.saturating_add(usize::from(matches!(byte, b' ' | b'-')));
            continue;
        }
        if !fits(wanted, byte) {
            return None;
        }
        letters.push(byte.to_ascii_uppercase());
        end = end.saturating_add(1);
    }
    let is_over = !bytes.get(end).copied().is_some_and(is_word);
    is_over.then_some((letters, end))
}

/// Date of birth, a sign for the century, order, and a check letter of the remainder by 31.
fn finland(place: &Place<'_>) -> Option<usize> {
    const BYTES: usize = 11;
    let written = place.rest().get(..BYTES)?;
    if !written.first()?.is_ascii_digit() {
        return None;
    }
    let (date, rest) = written.split_at_checked(6)?;
    let (century, order, check) = match rest {
        [century, order @ .., check] => (century, order, check),
        _ => return None,
    };
    let digits: Vec<u8> = date
        .iter()
        .chain(order)
        .map(|byte| byte.wrapping_sub(b'0'))
        .collect();
    let is_shaped = digits.iter().all(|digit| *digit < 10)
        && matches!(century, b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y')
        && is_date(part(&digits, 2, 2), part(&digits, 0, 2));
    let letter = usize::try_from(modulo(&digits, 31)).ok()?;
    let letter = b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(letter)?;
    let is_over = !place.rest().get(BYTES).copied().is_some_and(is_word);
    (is_shaped && letter == check && is_over).then_some(BYTES)
}
