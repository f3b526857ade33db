//! The charset that a request's content-type names. JSON has none, and some servers heed it all the
//! same: Express decodes UTF-7 so, and Java's servers Latin-1.

use crate::headers::Headers;

/// A charset, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// None, or one that bodies are read by.
    Read,
    /// One that writes ASCII as ASCII, and other characters as UTF-8 does not.
    OfAscii,
    /// Another one.
    Unknown,
}

impl Charset {
    pub(super) fn of(headers: Headers<'_>) -> Self {
        let value = headers.bytes("content-type").unwrap_or_default();
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        let mut parameters = value.split(';').skip(1);
        let charset = parameters.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            (name.trim() == "charset").then(|| value.trim().trim_matches(['"', '\'']))
        });
        match charset.unwrap_or_default() {
            "" | "utf-8" | "utf8" | "us-ascii" | "ascii" => Self::Read,
            // These are told by the bytes.
            name if name.starts_with("utf-16") || name.starts_with("utf-32") => Self::Read,
            name if OF_ASCII.iter().any(|of| name.starts_with(of)) => Self::OfAscii,
            _ => Self::Unknown,
        }
    }

    /// Whether a body of this charset has been read right as UTF-8.
    pub(super) fn is_read(self, body: &[u8]) -> bool {
        match self {
            Self::Read => true,
            Self::OfAscii => body.is_ascii(),
            Self::Unknown => false,
        }
    }
}

/// How the names of charsets begin that hold ASCII as it is.
const OF_ASCII: [&str; 5] = ["iso-8859-", "iso8859-", "windows-125", "cp125", "latin"];
