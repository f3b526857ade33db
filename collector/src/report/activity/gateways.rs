//! What gateways say of calls beside their content: that another one recorded them too, and that they
//! were not read.

use crate::report::activity::Activity;
use crate::report::activity::table::table;
use crate::report::document::{Block, number};
use crate::report::outer::Marked;

impl Activity {
    /// What became of events that have a mark.
    pub(super) fn outer(&self) -> Option<Block> {
        let Marked {
            skipped_events,
            counted_events,
        } = self.recorded_by_outer_gateway;
        let counted = format!(
            " {} counted anyway, because the outer event is not in this report.",
            with_mark(counted_events)
        );
        let text = match (skipped_events, counted_events) {
            (0, 0) => return None,
            (_, 0) => COUNTED_ONCE.to_owned(),
            (_, _) => COUNTED_ONCE.to_owned() + &counted,
        };
        Some(Block::paragraph(text))
    }

    /// Events by wire format.
    pub(super) fn apis(&self) -> Vec<Block> {
        let table = table(
            "Events by wire format",
            "Wire format",
            "formats",
            &self.apis,
        );
        vec![
            Block::Table(table),
            Block::paragraph(
                "“unknown” means a call to a known provider with an API path that the gateway does not \
                 know: it is recorded without its content. Applications that record themselves set no \
                 format.",
            ),
        ]
    }
}

/// That the content of so many calls is not here.
pub(super) fn unread(events: u64) -> String {
    let were = match events {
        1 => "1 call was".to_owned(),
        events => format!("{} calls were", number(events)),
    };
    format!(
        "{were} to a known provider with an API path that the gateway does not know: the content is not in \
         this record."
    )
}

fn with_mark(events: u64) -> String {
    match events {
        1 => "1 event with this mark is".to_owned(),
        events => format!("{} events with this mark are", number(events)),
    }
}

const COUNTED_ONCE: &str = "A call that passes through two gateways creates two events. The inner one names the \
    outer one, and only the outer one is counted here.";
