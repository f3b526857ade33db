//! One message of a stream, and why there may be none.

use std::borrow::Cow;

use crate::json::{self, Kept};
use crate::limits::STREAM_EVENT_BYTES_MAX;

/// One message of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// What the framing calls it: the field `event` of a server-sent event, the type of an AWS
    /// event or exception, the code of an AWS error. Empty where there is none.
    pub name: &'a [u8],
    /// What it says: mostly JSON. Of an AWS error without payload, its `:error-message`.
    pub data: &'a [u8],
    /// Whether the framing itself calls it an error.
    pub kind: Kind,
    /// Whether `data` is not all that was sent: its beginning, or nothing of it.
    pub cut: bool,
    /// Whether `data` has strings of which only a beginning was kept, with stubs behind them.
    pub has_stubs: bool,
}

/// What a framing says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A part of the answer, as far as the framing knows.
    Event,
    /// An exception or error of an AWS event stream, or a field `error` of server-sent events.
    Error,
}

/// Why the messages of a body cannot be told apart any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A checksum is not that of the bytes.
    #[error("a message does not have its checksum")]
    Checksum,
    /// Lengths contradict each other or are beyond the limits.
    #[error("a message has impossible lengths")]
    Length,
    /// Headers do not end where they should, or are of an unknown type.
    #[error("a message has headers that cannot be read")]
    Headers,
    /// The body ended early.
    #[error("the body ends within a message")]
    Unfinished,
}

impl<'a> Message<'a> {
    /// An ordinary, whole message without a name.
    pub(super) fn of(data: &'a [u8]) -> Self {
        Self {
            name: b"",
            data,
            kind: Kind::Event,
            cut: false,
            has_stubs: false,
        }
    }

    /// The data as text, whether something that is not Unicode was replaced in it, and whether
    /// there are marks of halves of characters.
    pub fn text(&self) -> (Cow<'a, str>, bool, bool) {
        if self.has_stubs {
            let (text, replaced) = json::kept_text(self.data, true);
            (text, replaced, false)
        } else {
            json::text_with_halves(self.data)
        }
    }

    /// An ordinary message without a name, as far as it was kept.
    pub(super) fn kept(kept: &'a Kept) -> Self {
        Self {
            cut: kept.is_cut(),
            has_stubs: kept.has_stubs(),
            ..Self::of(kept.bytes())
        }
    }
}

/// What is kept of a message.
pub(super) fn kept() -> Kept {
    Kept::new(STREAM_EVENT_BYTES_MAX)
}
