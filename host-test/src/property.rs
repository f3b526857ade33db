//! Properties of a stream, as bytes.

/// The value of a property in the form in which Envoy gives it to a guest.
///
/// Numbers are 64-bit little-endian, times and durations are nanoseconds, a boolean is one byte,
/// text is itself. Hosts that give everything as text are imitated by passing text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property(pub(crate) Vec<u8>);

impl From<&str> for Property {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Property {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Property {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<i64> for Property {
    fn from(number: i64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<u64> for Property {
    fn from(number: u64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<bool> for Property {
    fn from(flag: bool) -> Self {
        Self(vec![u8::from(flag)])
    }
}

/// A path of parts as the ABI writes it: separated by zeros.
pub(crate) fn path(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}
