//! What a gateway's log without content has of a call, beside the whole event of it.

use audit_layer_core::dead_letter::{NOT_LOGGED, without_content};

use crate::access::Scope;
use crate::event::{Event, Said};

/// Whether a stored event is from such a log.
pub(super) fn is_stub(event: &str) -> bool {
    let event = event.contains(NOT_LOGGED).then_some(event);
    let event = event.and_then(|event| Event::parse(event.as_bytes(), &Scope::All).ok());
    event.is_some_and(|event| event.is_stub())
}

/// What such a log has of an event, in every member that it has. Of what no gateway wrote it has nothing
/// that an event could say.
pub(super) fn said_without_content(event: &str) -> Said {
    Said::of(&without_content(event, ""))
}
