//! Properties of the stream, as what they are.

use crate::host;

/// One that is text; `None` if it is empty or not there.
pub(crate) fn text(path: &[&str]) -> Option<String> {
    let value = host::property(path).filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(&value).into_owned())
}

/// One that is a number.
pub(crate) fn number(path: &[&str]) -> Option<u64> {
    let bytes: [u8; 8] = host::property(path)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}
