//! The first of some bytes, looked for eight at a time.
//!
//! Without vector instructions, which not every host of the plugin has, `memchr` looks at as many
//! bytes at once as an address has; in WebAssembly these are four.

const LOW: u64 = u64::from_le_bytes([0x01; WIDTH]);
const HIGH: u64 = u64::from_le_bytes([0x80; WIDTH]);

/// Bytes that are looked at together.
const WIDTH: usize = 8;

/// Where the first byte stands that is one of these; `None` if there is none.
#[inline]
pub fn any<const N: usize>(wanted: [u8; N], bytes: &[u8]) -> Option<usize> {
    let spread = wanted.map(|byte| u64::from_le_bytes([byte; WIDTH]));
    let (words, rest) = bytes.as_chunks::<WIDTH>();
    let mut at: usize = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = spread
            .iter()
            .fold(0, |found, one| found | zeros(word ^ one));
        if found != 0 {
            return Some(at.wrapping_add(first(found)));
        }
        at = at.wrapping_add(WIDTH);
    }
    let found = rest.iter().position(|byte| wanted.contains(byte))?;
    Some(at.wrapping_add(found))
}

/// The upper bit of each byte that is zero. Bytes above such a one may have theirs set too.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// The place of the first byte that has its upper bit set.
#[inline]
fn first(upper_bits: u64) -> usize {
    usize::try_from(upper_bits.trailing_zeros() >> 3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_wherever_it_stands() {
        for len in 0..40 {
            for at in 0..len {
                for filling in [0, 1, b'!', b'#', 0x7f, 0x80, 0xa2, 0xff] {
                    let mut bytes = vec![filling; len];
                    assert_eq!(any([b'"', b'\\'], &bytes), None);
                    bytes[at..].fill(b'\\');
                    assert_eq!(any([b'"', b'\\'], &bytes), Some(at));
                    bytes[at] = b'"';
                    assert_eq!(any([b'"', b'\\'], &bytes), Some(at));
                    assert_eq!(any([b'"'], &bytes), Some(at));
                }
            }
        }
    }

    #[test]
    fn it_finds_what_a_look_at_each_byte_finds() {
        let mut state: u32 = 1;
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push((state >> 24) as u8);
        }
        for wanted in [[0, 1, 255], [b'"', b'\\', 1], [128, 127, 129]] {
            for from in 0..bytes.len() {
                let rest = &bytes[from..];
                let each = rest.iter().position(|byte| wanted.contains(byte));
                assert_eq!(any(wanted, rest), each);
            }
        }
    }
}
