//! What a request speaks.

use crate::api::Format;
use crate::api::unread;
use crate::headers::Headers;

/// What a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    /// Of HTTP/1 (RFC 6455) or HTTP/2 (RFC 8441).
    WebSocket,
    Grpc,
}

impl Protocol {
    pub(super) fn of(headers: Headers<'_>) -> Self {
        let begins = |text: &str, with: &str| {
            let start = text.get(..with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let value = |name| headers.str(name).unwrap_or_default();
        let mut upgrades = value("upgrade").split(',');
        if upgrades.any(|name| begins(name.trim_start(), "websocket"))
            || begins(value(":protocol"), "websocket")
        {
            return Self::WebSocket;
        }
        if begins(value("content-type"), "application/grpc") {
            return Self::Grpc;
        }
        Self::Http
    }

    pub(super) fn format(self) -> Option<&'static Format> {
        match self {
            Self::Http => None,
            Self::WebSocket => Some(&unread::WEBSOCKET),
            Self::Grpc => Some(&unread::GRPC),
        }
    }
}
