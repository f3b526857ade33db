//! Bodies that are not of the encoding that their header names: gateways decode a body and leave
//! the header, and servers invent names so that nobody compresses a stream.

use super::error::DecodeError;

/// Names in the header `content-encoding` that name no coding, as the field has them.
const NO_CODINGS: [&str; 19] = [
    "7bit",
    "8bit",
    "ascii",
    "aws-chunked",
    "binary",
    "chunked",
    "false",
    "identity",
    "iso-8859-1",
    "json",
    "none",
    "null",
    "plain",
    "raw",
    "text",
    "undefined",
    "us-ascii",
    "utf-8",
    "utf8",
];

/// How texts of models begin that no coding's bytes begin with, beside those that are seldom.
const TEXTS: [&[u8]; 18] = [
    b"{\"", b"{}", b"{ ", b"{\n", b"{\r", b"{\t", b"[{", b"[ ", b"[\n", b"[\r", b"[]", b"[\"",
    b"data:", b"event:", b"id: ", b"retry:", b": ", b"error:",
];

/// Whether a name of the header says that there is no coding. Some put the type of the content
/// there, or its character set.
pub(super) fn is_no_coding(name: &str) -> bool {
    let name = name.trim_matches('"');
    let is_known = |known: &&str| name.eq_ignore_ascii_case(known);
    name.is_empty() || name.contains(['/', '=']) || NO_CODINGS.iter().any(is_known)
}

/// The first bytes of a body, until they tell whether it is text.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// Takes a body's next byte; says whether it is text as soon as that is known.
    pub(super) fn push(&mut self, byte: u8) -> Option<bool> {
        self.bytes.push(byte);
        let bytes = self.bytes.as_slice();
        if TEXTS.iter().any(|text| bytes.starts_with(text)) {
            return Some(true);
        }
        let may_be = TEXTS.iter().any(|text| text.starts_with(bytes));
        (!may_be).then_some(false)
    }

    /// The bytes that were looked at.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// Whether the first byte of a body whose coding is not known may be that of a text.
pub(super) fn may_be_text(bytes: &[u8]) -> Result<(), DecodeError> {
    match bytes.first() {
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'[' | b'"' | b'<' | b':' | b'-') => {
            Ok(())
        }
        Some(byte) if byte.is_ascii_alphanumeric() => Ok(()),
        Some(_) => Err(DecodeError::Unknown),
    }
}
