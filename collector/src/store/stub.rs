//! What a gateway's log without content has of a call, beside the whole event of it.

use audit_layer_core::dead_letter::{NOT_LOGGED, without_content};

use crate::access::Scope;
use crate::event::{Event, is_same};

/// Whether a stored event is from such a log.
pub(super) fn is_stub(event: &str) -> bool {
    event.contains(NOT_LOGGED) && read(event).is_some_and(|event| event.is_stub())
}

/// Whether one is what such a log has of the other, in every member that it has.
pub(super) fn is_of(stub: &str, whole: &str, request_id: &str) -> bool {
    is_same(stub, &without_content(whole, request_id))
}

/// Whether it can be of an event of which only this is left.
pub(super) fn is_of_erased(stub: &Event, left: &str) -> bool {
    read(left).is_some_and(|left| {
        left.prompt_hash == stub.prompt_hash && left.timestamp == stub.timestamp
    })
}

fn read(event: &str) -> Option<Event> {
    Event::parse(event.as_bytes(), &Scope::All).ok()
}
