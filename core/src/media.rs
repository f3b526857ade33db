//! What an event says of media: type, size and hash, read from the text that holds them.
//!
//! Requests and answers hold images, sound and documents as base64 (RFC 4648), often as a data URL
//! (RFC 2397). What counts is the media and not how it was written: of base64 the decoded bytes are
//! counted and hashed.

mod base64;

use std::mem;

use self::base64::Decoder;
use crate::digest::{Digest, HashForm};
use crate::find;
use crate::limits::MEDIA_HEAD_BYTES;

/// What an event says of media whose bytes it does not carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// The type that a data URL names, as written, without parameters; absent if it is none.
    pub media_type: Option<String>,
    /// Whether `bytes` and `hash` are of what base64 stands for, and not of the text.
    pub decoded: bool,
    /// How many bytes there are.
    pub bytes: u64,
    /// Their `sha256:<hex>`.
    pub hash: String,
}

/// The media that a text holds.
///
/// If the text, or the payload of a data URL that says so, is base64 (either alphabet, with or
/// without padding and line ends), size and hash are of the decoded bytes, otherwise of the text in
/// UTF-8. A text that is base64 for at least [`MEDIA_HEAD_BYTES`] and then is not has its own size,
/// and as its hash the SHA-256 of: the hash of what was decoded as it is written here, the number
/// of payload bytes before the fault in 8 bytes, big-endian, and the text from the group of four in
/// which the fault is.
pub fn of_text(text: &str) -> Media {
    let mut reader = Reader::default();
    reader.push(text.as_bytes());
    reader.finish()
}

/// Reads media whose text comes in pieces, in one pass and with bounded memory.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    state: State,
    media_type: Option<String>,
    bytes: u64,
}

#[derive(Debug, Clone)]
enum State {
    /// Too little has come to tell whether it is base64.
    Head(Vec<u8>),
    /// A text.
    Text(Digest),
    /// The payload is base64 as far as it came.
    Base64(Decoder),
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Reader {
    /// Takes the next bytes of the text.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes = self.bytes.saturating_add(size(piece));
        let mut rest = piece;
        if let State::Head(head) = &mut self.state {
            let room = MEDIA_HEAD_BYTES.saturating_sub(head.len());
            let (first, after) = rest.split_at(room.min(rest.len()));
            head.extend_from_slice(first);
            if head.len() < MEDIA_HEAD_BYTES {
                return;
            }
            rest = after;
            let head = mem::take(head);
            self.decide(&head, false);
        }
        match &mut self.state {
            State::Head(_) => {}
            State::Text(digest) => digest.update(rest),
            State::Base64(decoder) => {
                if let Some(digest) = decoder.push(rest) {
                    self.state = State::Text(digest);
                }
            }
        }
    }

    /// Whether all that has come may be the beginning of base64.
    pub fn is_base64(&self) -> bool {
        match &self.state {
            State::Head(head) => {
                let url = DataUrl::read(head);
                url.is_base64 && Decoder::default().push(url.payload).is_none()
            }
            State::Text(_) => false,
            State::Base64(_) => true,
        }
    }

    /// All of the text has come.
    pub fn finish(mut self) -> Media {
        if let State::Head(head) = &mut self.state {
            let head = mem::take(head);
            self.decide(&head, true);
        }
        let (decoded, bytes, hash) = match self.state {
            State::Head(_) => (false, self.bytes, String::new()),
            State::Text(digest) => (false, self.bytes, digest.finish()),
            State::Base64(decoder) => {
                let (bytes, digest) = decoder.finish();
                (
                    bytes.is_some(),
                    bytes.unwrap_or(self.bytes),
                    digest.finish(),
                )
            }
        };
        Media {
            media_type: self.media_type,
            decoded,
            bytes,
            hash,
        }
    }

    /// Decides by the beginning of a text, or by all of it, what it is.
    fn decide(&mut self, head: &[u8], is_all: bool) {
        let url = DataUrl::read(head);
        let mut decoder = Decoder::default();
        let is_base64 = url.is_base64
            && decoder.push(url.payload).is_none()
            && (!is_all || decoder.clone().finish().0.is_some());
        self.media_type = url.media_type;
        self.state = if is_base64 {
            State::Base64(decoder)
        } else {
            let mut digest = HashForm::Sha256.start();
            digest.update(head);
            State::Text(digest)
        };
    }
}

/// The beginning of a text that may be a data URL.
struct DataUrl<'a> {
    media_type: Option<String>,
    /// Whether the payload may be base64: a data URL says so, and other texts may be.
    is_base64: bool,
    payload: &'a [u8],
}

impl<'a> DataUrl<'a> {
    fn read(head: &'a [u8]) -> Self {
        let other = Self {
            media_type: None,
            is_base64: true,
            payload: head,
        };
        let Some((scheme, rest)) = head.split_at_checked(5) else {
            return other;
        };
        let comma = find::any([b','], rest);
        let Some((head, payload)) = comma.and_then(|at| rest.split_at_checked(at)) else {
            return other;
        };
        if !scheme.eq_ignore_ascii_case(b"data:") {
            return other;
        }
        let head = String::from_utf8_lossy(head);
        let mut parts = head.split(';').map(str::trim);
        let media_type = parts.next().filter(|name| is_type(name));
        Self {
            media_type: media_type.map(ToOwned::to_owned),
            is_base64: parts
                .next_back()
                .is_some_and(|last| last.eq_ignore_ascii_case("base64")),
            payload: payload.strip_prefix(b",").unwrap_or(payload),
        }
    }
}

/// Whether a text can be a type: of the characters that RFC 6838 allows, and no longer.
fn is_type(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    (1..128).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Media {
        Media {
            media_type: None,
            decoded: true,
            bytes: size(bytes),
            hash: HashForm::Sha256.hash(bytes),
        }
    }

    fn raw(text: &str) -> Media {
        Media {
            decoded: false,
            ..decoded(text.as_bytes())
        }
    }

    fn typed(name: &str, media: Media) -> Media {
        Media {
            media_type: Some(name.to_owned()),
            ..media
        }
    }

    #[test]
    fn base64_of_either_alphabet_counts_as_what_it_stands_for() {
        for text in [
            "+/+/AA==",
            "-_-_AA",
            "+/+/\r\nAA==\n",
            "+/+/AA=",
            "+_+_A\nA",
        ] {
            assert_eq!(of_text(text), decoded(b"\xfb\xff\xbf\x00"), "{text}");
        }
        assert_eq!(of_text("aGVsbG8h"), decoded(b"hello!"));
        assert_eq!(of_text(""), decoded(b""));
    }

    #[test]
    fn a_data_url_names_its_type() {
        let hello = || decoded(b"hello!");
        for (text, media) in [
            (
                "data:image/png;base64,aGVsbG8h",
                typed("image/png", hello()),
            ),
            (
                "DATA:image/png;name=a.png; Base64,aGVsbG8h",
                typed("image/png", hello()),
            ),
            ("data:;base64,aGVsbG8h", hello()),
            (
                "data:text/plain,aGVsbG8h",
                typed("text/plain", raw("data:text/plain,aGVsbG8h")),
            ),
            (
                "data:image/png;base64,aGV#",
                typed("image/png", raw("data:image/png;base64,aGV#")),
            ),
            ("data:,x", raw("data:,x")),
        ] {
            assert_eq!(of_text(text), media, "{text}");
        }
    }

    #[test]
    fn other_texts_count_as_they_are() {
        for text in [
            "https://example.com/a.png",
            "two words",
            "aGVsb",
            "aGVsbG8h=",
            "aGVsbA==aGVsbA==",
            "aGVsbG8===",
            "José",
            "data:image/png",
        ] {
            assert_eq!(of_text(text), raw(text), "{text}");
        }
    }

    fn split(text: &str, piece: usize) -> Media {
        let mut reader = Reader::default();
        text.as_bytes().chunks(piece).for_each(|it| reader.push(it));
        reader.finish()
    }

    #[test]
    fn any_split_gives_the_same_media_and_every_change_another() {
        let clean = "QUJD".repeat(MEDIA_HEAD_BYTES / 3);
        let url = format!("data:image/png;base64,{clean}");
        let words = "a text of words. ".repeat(MEDIA_HEAD_BYTES / 8);
        assert_eq!(
            of_text(&clean),
            decoded(&b"ABC".repeat(MEDIA_HEAD_BYTES / 3))
        );
        assert_eq!(of_text(&words), raw(&words));
        let mut seen = Vec::new();
        for end in [
            "", "QQ", "QQ==", "Q", "QQ=Q", ".", "Q.", ".Q", "QUJ D", "=", "====", "QQ==QQ==",
        ] {
            for text in [&clean, &url, &words] {
                let text = format!("{text}{end}");
                let media = of_text(&text);
                for piece in [1, 2, 3, 5, 4095, 4096, 4097] {
                    assert_eq!(split(&text, piece), media, "{end} in pieces of {piece}");
                }
                if end != "QQ==" {
                    assert!(!seen.contains(&media), "{end}");
                }
                seen.push(media);
            }
        }
    }
}
