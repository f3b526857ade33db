//! What a client knows of a list that it follows, as it says with the parameter `after`.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::limits;
use crate::query::parameters::ParameterError;

/// What a client knows of the first page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Known(HashSet<u64>);

impl Known {
    /// What the parameter says: `start`, or what an answer gave.
    pub(crate) fn read(after: &str) -> Result<Self, ParameterError> {
        if after == START {
            return Ok(Self::default());
        }
        let bytes = URL_SAFE_NO_PAD.decode(after).ok();
        let bytes = bytes.and_then(|bytes| bytes.strip_prefix(&[VERSION]).map(<[u8]>::to_vec));
        let bytes = bytes.ok_or(ParameterError::After)?;
        let (numbers, []) = bytes.as_chunks() else {
            return Err(ParameterError::After);
        };
        if numbers.len() > limits::PAGE_EVENTS_MAX {
            return Err(ParameterError::After);
        }
        Ok(Self(
            numbers.iter().copied().map(u64::from_be_bytes).collect(),
        ))
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.0.contains(&number)
    }
}

/// What says that these are known.
pub(super) fn after(numbers: impl Iterator<Item = u64>) -> String {
    let numbers = numbers.flat_map(u64::to_be_bytes);
    let bytes: Vec<u8> = [VERSION].into_iter().chain(numbers).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a client says that knows nothing yet.
const START: &str = "start";

/// Stands before the numbers: another one would be of other numbers.
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_comes_back_as_it_was_given() {
        let numbers = [7, u64::MAX, 0];
        let known = Known::read(&after(numbers.into_iter())).unwrap();
        assert!(numbers.into_iter().all(|number| known.has(number)));
        assert!(!known.has(1));
        assert_eq!(Known::read(START).unwrap(), Known::default());
        assert_eq!(
            Known::read(&after([].into_iter())).unwrap(),
            Known::default()
        );
    }

    #[test]
    fn what_no_answer_gave_is_refused() {
        let many = |count: usize| after((0..count).map(|number| u64::try_from(number).unwrap()));
        assert!(Known::read(&many(limits::PAGE_EVENTS_MAX)).is_ok());
        let too_many = many(limits::PAGE_EVENTS_MAX + 1);
        let whole = many(1);
        for wrong in [
            "",
            "begin",
            "AAAAAAAAAAAA",
            &whole[..whole.len() - 2],
            &too_many,
        ] {
            assert!(Known::read(wrong).is_err(), "{wrong}");
        }
    }
}
