//! International bank account numbers.

use super::{Found, Place, Sensitive, is_word};

/// How long the numbers of each country are, by the registry of ISO 13616.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 \
    DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 \
    GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 \
    LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 \
    PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 \
    SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    let rest = place.rest();
    let (country, check) = (rest.first_chunk::<2>()?, rest.get(2..4)?);
    if !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = length(country.map(|byte| byte.to_ascii_uppercase()))?;
    let mut letters = Vec::with_capacity(length);
    let mut end = 0;
    while letters.len() < length {
        let byte = *rest.get(end)?;
        end = end.saturating_add(1);
        match byte {
            _ if byte.is_ascii_alphanumeric() => letters.push(byte.to_ascii_uppercase()),
            // Printed in groups of four.
            b' ' | b'-' if letters.len().is_multiple_of(4) => {}
            _ => return None,
        }
    }
    let is_over = !rest.get(end).copied().is_some_and(is_word);
    (is_over && remainder(&letters) == 1)
        .then(|| place.found(Sensitive::Iban, end))
        .flatten()
}

/// How long the numbers of a country are.
fn length(country: [u8; 2]) -> Option<usize> {
    let mut known = LENGTHS.split(' ');
    let known = known.find(|known| known.as_bytes().starts_with(&country))?;
    known.get(2..)?.parse().ok()
}

/// The remainder by 97 of the number that the letters stand for, the first four behind the others.
fn remainder(letters: &[u8]) -> u32 {
    let (head, account) = letters.split_at_checked(4).unwrap_or_default();
    account.iter().chain(head).fold(0_u32, |rest, letter| {
        let value = char::from(*letter).to_digit(36).unwrap_or_default();
        let by = if value > 9 { 100 } else { 10 };
        rest.saturating_mul(by).saturating_add(value) % 97
    })
}
