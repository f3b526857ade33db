//! The first of some bytes, looked for eight at a time.
//!
//! Without vector instructions, which not every host of the plugin has, `memchr` looks at as many
//! bytes at once as an address has; in WebAssembly these are four.

const LOW: u64 = spread(0x01);
const HIGH: u64 = spread(0x80);

/// Bytes that are looked at together.
const WIDTH: usize = 8;

/// Where the first byte stands that is one of these characters of ASCII; `None` if there is none.
#[inline]
pub(crate) fn any<const N: usize>(wanted: [u8; N], bytes: &[u8]) -> Option<usize> {
    let spread = wanted.map(spread);
    let marks = |word: u64| {
        let marks = spread.iter().map(|one| (word ^ one).wrapping_sub(LOW));
        marks.fold(0, |marks, mark| marks | mark)
    };
    first(bytes, marks, |byte| wanted.contains(&byte))
}

/// Where the first byte stands that a string of JSON cannot have as it is: a quote, a backslash or a
/// control character; `None` if there is none.
pub(crate) fn to_be_escaped(bytes: &[u8]) -> Option<usize> {
    const SPACE: u64 = spread(b' ');
    const QUOTE: u64 = spread(b'"');
    const BACKSLASH: u64 = spread(b'\\');
    let marks = |word: u64| {
        word.wrapping_sub(SPACE)
            | (word ^ QUOTE).wrapping_sub(LOW)
            | (word ^ BACKSLASH).wrapping_sub(LOW)
    };
    first(bytes, marks, |byte| {
        byte < b' ' || matches!(byte, b'"' | b'\\')
    })
}

const fn spread(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WIDTH])
}

/// Where the first byte stands that `is_it`. Of eight bytes, `marks` sets the upper bit of each that
/// is one; of others it may, if they are not of ASCII or stand behind such a one.
#[inline]
fn first(bytes: &[u8], marks: impl Fn(u64) -> u64, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<WIDTH>();
    let mut at: usize = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = marks(word) & !word & HIGH;
        if found != 0 {
            let within = usize::try_from(found.trailing_zeros() >> 3).unwrap_or_default();
            return Some(at.wrapping_add(within));
        }
        at = at.wrapping_add(WIDTH);
    }
    let found = rest.iter().position(|byte| is_it(*byte))?;
    Some(at.wrapping_add(found))
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
        for wanted in [[0, 1, 2], [b'"', b'\\', 1], [126, 127, 0]] {
            for from in 0..bytes.len() {
                let rest = &bytes[from..];
                let each = rest.iter().position(|byte| wanted.contains(byte));
                assert_eq!(any(wanted, rest), each);
            }
        }
    }
}
