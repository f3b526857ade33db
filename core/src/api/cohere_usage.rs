//! Token counts as Cohere reports them: what the model saw and gave, beside what is billed.
//!
//! Source: <https://docs.cohere.com/reference/chat>, members `usage` and, before version 2, `meta`.

use crate::event::Usage;
use crate::json::{self, Count, Object};

json::wire! {
    pub(super) struct UsageWire {
        tokens: Object<PairWire> = "tokens",
        billed: Object<PairWire> = "billed_units",
        cached: Count = "cached_tokens",
    }

    struct PairWire {
        input: Count = "input_tokens",
        output: Count = "output_tokens",
    }
}

impl Object<UsageWire> {
    /// The counts, if there are any. Older endpoints say only what is billed.
    pub(super) fn counts(self) -> Option<Usage> {
        let wire = self.0?;
        let pair = wire.tokens.0.or(wire.billed.0)?;
        Some(Usage {
            input_tokens: pair.input.0,
            output_tokens: pair.output.0,
            cache_read: wire.cached.0,
            ..Usage::default()
        })
    }
}
