//! What the headers of a message say.

use crate::framing::message::{Kind, Message};

/// The headers that are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names<'a> {
    message_type: &'a [u8],
    event_type: &'a [u8],
    exception_type: &'a [u8],
    error_code: &'a [u8],
    error_message: &'a [u8],
}

impl<'a> Names<'a> {
    /// `None` if the headers do not end where they should, or are of an unknown type.
    pub(super) fn read(headers: &'a [u8]) -> Option<Self> {
        let mut names = Self::default();
        let mut rest = headers;
        while let Some((&name_size, after)) = rest.split_first() {
            let (name, after) = after.split_at_checked(usize::from(name_size))?;
            let (&kind, after) = after.split_first()?;
            let (size, after) = match kind {
                // Booleans are in the type.
                0 | 1 => (0, after),
                2 => (1, after),
                3 => (2, after),
                4 => (4, after),
                // An integer, and a time in milliseconds.
                5 | 8 => (8, after),
                // Bytes, and text.
                6 | TEXT => {
                    let (size, after) = after.split_first_chunk()?;
                    (usize::from(u16::from_be_bytes(*size)), after)
                }
                // A UUID.
                9 => (16, after),
                _ => return None,
            };
            let (value, after) = after.split_at_checked(size)?;
            if kind == TEXT {
                names.take(name, value);
            }
            rest = after;
        }
        Some(names)
    }

    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            b":message-type" => self.message_type = value,
            b":event-type" => self.event_type = value,
            b":exception-type" => self.exception_type = value,
            b":error-code" => self.error_code = value,
            b":error-message" => self.error_message = value,
            _ => {}
        }
    }

    /// The message. An error has its words in a header, where an exception has a payload.
    pub(super) fn message(self, payload: &'a [u8]) -> Message<'a> {
        let (kind, name) = match self.message_type {
            b"exception" => (Kind::Error, self.exception_type),
            b"error" => (Kind::Error, self.error_code),
            _ => (Kind::Event, self.event_type),
        };
        let data = if kind == Kind::Error && payload.is_empty() {
            self.error_message
        } else {
            payload
        };
        Message {
            name,
            kind,
            ..Message::of(data)
        }
    }
}

/// The type of a header whose value is text.
const TEXT: u8 = 7;
