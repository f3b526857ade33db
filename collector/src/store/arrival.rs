//! Events on their way into the database.

use std::sync::Arc;

use crate::access::{Kind, Recorder};
use crate::event::{Event, GatewayFacts};
use crate::search::Term;

/// An event, and with which key it came.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) event: Event,
    pub(crate) by: Arc<Recorder>,
}

impl Arrival {
    /// Who may stand for gateways does so for no event that was exported as an application's: it would
    /// become a gateway's by the detour.
    pub(crate) fn new(mut event: Event, by: Arc<Recorder>) -> Self {
        let by = match by.is_trusted && event.is_of_application {
            true => Arc::new(by.for_application()),
            false => by,
        };
        event.terms = with_recorder(&event.terms, &by.key_id, by.kind);
        Self { event, by }
    }

    /// The writer and the number for which it counts, unless they are another's.
    pub(super) fn writer(&self) -> Option<(&str, i64)> {
        writer(&self.event.gateway, &self.by)
    }
}

/// The writer and the number that an event names, if it comes from a gateway: no application has any.
pub(super) fn writer<'e>(facts: &'e GatewayFacts, by: &Recorder) -> Option<(&'e str, i64)> {
    let writer = facts.writer_id.as_deref().zip(facts.writer_seq);
    writer.filter(|_| by.kind == Kind::Gateway)
}

/// The terms of an event, and those of who recorded it, in their order.
pub(super) fn with_recorder(terms: &[Term], key_id: &str, kind: Kind) -> Arc<[Term]> {
    let own = [
        Term::member(RECORDED_BY, key_id),
        Term::member(RECORDED_BY_KIND, kind.name()),
    ];
    let mut all = Vec::with_capacity(terms.len().saturating_add(own.len()));
    all.extend_from_slice(terms);
    all.extend(own);
    // Two of them are not in their place: that is quick.
    all.sort();
    all.dedup();
    all.into()
}

/// The parameter that asks for the key that recorded an event.
pub(crate) const RECORDED_BY: &str = "recorded_by";

/// The parameter that asks for its kind.
pub(crate) const RECORDED_BY_KIND: &str = "recorded_by_kind";
