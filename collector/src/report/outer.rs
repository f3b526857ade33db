//! Calls that passed several gateways, each of which recorded them: a sum counts such a call once.

use std::collections::HashSet;

use audit_layer_core::event::Member;
use serde::Serialize;

use crate::report::members::Members;
use crate::store::{CallId, Log, LogFilter, Store, StoreError};

/// What became of events that name the event of an outer gateway.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Marked {
    /// In no sum, because the event that they name is.
    pub(crate) skipped_events: u64,
    /// In the sums, because the event that they name is not among those of the report.
    pub(crate) counted_events: u64,
}

/// Which of some events name the event of an outer gateway.
#[derive(Debug, Default)]
pub(crate) struct Outer {
    /// For each event, the call that it names.
    named: Vec<Option<CallId>>,
    /// The calls that are known to be in the sums.
    counted: HashSet<CallId>,
}

impl Outer {
    /// What these events name, and which of it is among them.
    pub(crate) fn of(logs: &[Log]) -> Self {
        let named: Vec<_> = logs.iter().map(named_by).collect();
        let has_any = named.iter().any(Option::is_some);
        let counted = logs
            .iter()
            // What an application says takes nothing out of a sum.
            .filter(|log| has_any && log.is_of_gateway())
            .filter_map(Log::call)
            .collect();
        Self { named, counted }
    }

    /// Looks for the others: the event of an outer gateway is a little older.
    pub(crate) async fn look_up(
        &mut self,
        store: &Store,
        filter: &LogFilter,
    ) -> Result<(), StoreError> {
        let others = self.named.iter().flatten();
        let others: HashSet<CallId> = others
            .filter(|call| !self.counted.contains(call))
            .cloned()
            .collect();
        if !others.is_empty() {
            self.counted.extend(store.recorded(filter, &others).await?);
        }
        Ok(())
    }

    /// The mark of each event, in their order: what it names, and whether that is counted.
    pub(crate) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.named.iter().map(|named| match named {
            None => Mark::None,
            Some(call) if self.counted.contains(call) => Mark::Skipped,
            Some(_) => Mark::Counted,
        })
    }
}

/// Whether an event names another one of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It names none.
    None,
    /// It names one that is counted in its place.
    Skipped,
    /// It names one that is not counted.
    Counted,
}

/// The call that an event names as recorded by an outer gateway, in its own organization.
fn named_by(log: &Log) -> Option<CallId> {
    // Hardly any event has one, and to read each of them takes as long as to add it up.
    if !log.event.contains("outer_request_id") {
        return None;
    }
    let request_id = outer_request_id(&Members::of(log))?;
    let own = log.call()?;
    Some(CallId { request_id, ..own })
}

/// The `request_id` of the event that an outer gateway recorded of the same call, if a gateway's event names
/// one other than itself. An application's is of no gateway behind another, whatever it says: it counts.
pub(crate) fn outer_request_id(event: &Members<'_>) -> Option<String> {
    if event.is_of_application() {
        return None;
    }
    let outer = event.gateway("gateway", "outer_request_id").text();
    let outer = outer.filter(|id| !id.is_empty())?;
    (event.get(Member::RequestId).text().as_ref() != Some(&outer)).then_some(outer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(request_id: &str, organization: &str, outer: &serde_json::Value) -> Log {
        Log::of(&json!({
            "request_id": request_id, "organization_id": organization,
            "metadata": {"audit_layer": {"gateway": {"outer_request_id": outer}}},
        }))
    }

    #[test]
    fn an_event_gives_way_to_the_one_that_it_names_and_to_no_other() {
        let logs = [
            event("a", "o", &json!(null)),
            event("b", "o", &json!("a")),
            event("c", "o", &json!("elsewhere")),
            event("d", "other", &json!("a")),
            event("e", "o", &json!("e")),
            event("f", "o", &json!("")),
            event("g", "o", &json!(["a"])),
            event("h", "o", &json!("b")),
        ];
        let marks: Vec<_> = Outer::of(&logs).marks().collect();
        use Mark::{Counted, None, Skipped};
        assert_eq!(
            marks,
            [None, Skipped, Counted, Counted, None, None, None, Skipped]
        );
    }
}
