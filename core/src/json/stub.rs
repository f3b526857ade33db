//! What stands for a long string of which only a beginning was kept.
//!
//! Behind what was kept it has, up to the closing quote, a byte that no sender can write there
//! ([`MARK`] is replaced where it comes from outside), and size, hash and type of the whole text.

use crate::media::Media;

/// The first byte of a stub. JSON has none within strings; where one comes from outside,
/// [`SUBSTITUTE`] takes its place.
pub(super) const MARK: u8 = 1;

/// U+001A, which ASCII has for a character that was found to be wrong.
pub(super) const SUBSTITUTE: u8 = 0x1a;

/// The beginning of what is shown in the place of what was not kept.
pub const CUT: &str = "[cut sha256:";

/// What a stub says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stub {
    /// Of the whole text.
    pub(super) media: Media,
    /// Bytes of the whole text as it was written, between its quotes.
    pub(super) written: u64,
    /// Whether it stands for a form's file, of which nothing is kept.
    pub(super) is_file: bool,
}

/// What stands for a file, with its quotes.
pub(crate) fn file_stub(media: Media) -> String {
    let stub = Stub {
        media,
        written: 0,
        is_file: true,
    };
    format!("\"{}\"", write(&stub))
}

/// Writes the stub of a text, from its mark on.
pub(super) fn write(stub: &Stub) -> String {
    let Stub {
        media,
        written,
        is_file,
    } = stub;
    let Media {
        media_type,
        decoded,
        bytes,
        hash,
    } = media;
    let form = match (is_file, decoded) {
        (true, _) => FILE,
        (false, true) => DECODED,
        (false, false) => "t",
    };
    let mark = char::from(MARK);
    let media_type = media_type.as_deref().unwrap_or_default();
    format!("{mark}{form};{bytes};{written};{hash};{media_type}")
}

/// Reads a stub, from behind its mark to the quote.
pub(super) fn read(stub: &str) -> Option<Stub> {
    let mut parts = stub.splitn(5, ';');
    let form = parts.next()?;
    let bytes = parts.next()?.parse().ok()?;
    let written = parts.next()?.parse().ok()?;
    let hash = parts.next()?.to_owned();
    let media_type = parts.next().filter(|name| !name.is_empty());
    let media = Media {
        media_type: media_type.map(ToOwned::to_owned),
        decoded: form == DECODED,
        bytes,
        hash,
    };
    Some(Stub {
        media,
        written,
        is_file: form == FILE,
    })
}

/// What a reader of texts is shown in the place of what was not kept: `[cut sha256:…]`, and for a
/// file `[file sha256:…]`.
pub(super) fn shown(stub: &Stub) -> String {
    let kind = if stub.is_file { "file" } else { "cut" };
    format!("[{kind} {}]", stub.media.hash)
}

const FILE: &str = "f";
const DECODED: &str = "d";

/// The text without marks, which only the filter may write.
pub(super) fn substituted(text: &[u8]) -> Vec<u8> {
    let bytes = text.iter();
    bytes
        .map(|byte| if *byte == MARK { SUBSTITUTE } else { *byte })
        .collect()
}
