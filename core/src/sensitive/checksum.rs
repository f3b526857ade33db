//! Check digits.

/// Whether the last of these digits is the Luhn check digit of the others (ISO/IEC 7812-1).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let from_right = digits.iter().rev().enumerate();
    let sum = from_right.fold(0_u32, |sum, (place, digit)| {
        let doubled = u32::from(*digit).saturating_mul(2);
        let value = match place.is_multiple_of(2) {
            true => u32::from(*digit),
            false if doubled > 9 => doubled.saturating_sub(9),
            false => doubled,
        };
        sum.saturating_add(value)
    });
    sum.is_multiple_of(10)
}

/// The remainder of a decimal number.
pub(super) fn modulo(digits: &[u8], by: u32) -> u32 {
    digits.iter().fold(0, |rest: u32, digit| {
        let next = rest.saturating_mul(10).saturating_add(u32::from(*digit));
        next.checked_rem(by).unwrap_or_default()
    })
}

/// The sum of the digits, each multiplied by its weight.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    let pairs = digits.iter().zip(weights);
    pairs.fold(0, |sum: u32, (digit, weight)| {
        sum.saturating_add(u32::from(*digit).saturating_mul(*weight))
    })
}

/// ISO 7064, MOD 11,10: the last digit checks the others.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, others)) = digits.split_last() else {
        return false;
    };
    let product = others.iter().fold(10_u32, |product, digit| {
        let sum = product.saturating_add(u32::from(*digit)) % 10;
        let sum = if sum == 0 { 10 } else { sum };
        sum.saturating_mul(2) % 11
    });
    (11_u32.saturating_sub(product)) % 10 == u32::from(*check)
}

/// Verhoeff's check digit, which is the last.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let from_right = digits.iter().rev().enumerate();
    let check = from_right.fold(0_u8, |check, (place, digit)| {
        let row = PERMUTATION.get(place % 8).copied().unwrap_or_default();
        let permuted = row.get(usize::from(*digit)).copied().unwrap_or_default();
        dihedral(check, permuted)
    });
    check == 0
}

/// The product in the dihedral group of ten elements.
fn dihedral(left: u8, right: u8) -> u8 {
    let turn = |sum: u8| sum % 5;
    match (left < 5, right < 5) {
        (true, true) => turn(left.saturating_add(right)),
        (true, false) => turn(left.saturating_add(right).saturating_sub(5)).saturating_add(5),
        (false, true) => turn(left.saturating_sub(right)).saturating_add(5),
        (false, false) => turn(left.saturating_add(5).saturating_sub(right)),
    }
}

const PERMUTATION: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn published_examples_pass_and_no_other_last_digit_does() {
        type Check = fn(&[u8]) -> bool;
        let cases: [(&str, Check); 6] = [
            ("4111111111111111", luhn),
            ("79927398713", luhn),
            ("236", verhoeff),
            ("123451", verhoeff),
            // The example of the German Federal Central Tax Office.
            ("86095742719", mod_11_10),
            ("47036892816", mod_11_10),
        ];
        for (text, check) in cases {
            let mut digits = digits(text);
            assert!(check(&digits), "{text}");
            let last = digits.len() - 1;
            for wrong in 0..10 {
                if wrong != text.as_bytes()[last] - b'0' {
                    digits[last] = wrong;
                    assert!(!check(&digits), "{text}: {wrong}");
                }
            }
        }
    }

    #[test]
    fn remainders_are_those_of_numbers_of_any_length() {
        assert_eq!(modulo(&digits("3214282912345698765432161182"), 97), 1);
        assert_eq!(weighted(&digits("123"), &[3, 2, 1]), 10);
    }
}
