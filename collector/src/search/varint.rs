//! Numbers in as few bytes as they need: seven bits in each, the eighth says whether more follow.
//!
//! This is LEB128 for unsigned numbers, see <https://en.wikipedia.org/wiki/LEB128>.

/// Appends `number`.
pub(super) fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= MORE {
        bytes.push((number % MORE) as u8 | MORE as u8);
        number >>= BITS;
    }
    bytes.push(number as u8);
}

/// Takes a number from the front of `bytes`; `None` if they do not begin with one.
pub(super) fn read(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(*first);
        number |= (part % MORE).checked_shl(shift)?;
        if part < MORE {
            return Some(number);
        }
        shift = shift.checked_add(BITS)?;
    }
}

const BITS: u32 = 7;
const MORE: u64 = 1 << BITS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_in_the_bytes_that_it_needs() {
        let numbers = [0, 1, 127, 128, 16_383, 16_384, u64::MAX];
        let mut bytes = Vec::new();
        for (number, length) in numbers.into_iter().zip([1, 1, 1, 2, 2, 3, 10]) {
            let before = bytes.len();
            write(&mut bytes, number);
            assert_eq!(bytes.len() - before, length, "{number}");
        }
        let mut rest = bytes.as_slice();
        for number in numbers {
            assert_eq!(read(&mut rest), Some(number));
        }
        assert_eq!(read(&mut rest), None);
    }

    #[test]
    fn bytes_that_never_end_are_no_number() {
        assert_eq!(read(&mut [0x80].as_slice()), None);
        assert_eq!(read(&mut [0xff; 20].as_slice()), None);
    }
}
