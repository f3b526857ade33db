//! Token counts as Cohere reports them: what the model saw and gave, beside what is billed.
//!
//! Source: <https://docs.cohere.com/reference/chat>, members `usage` and, before version 2, `meta`.

use super::token_counts::TokenCounts;
use crate::answer::{Answer, Counts};
use crate::json::{self, Count, Object};

json::wire! {
    pub(super) struct UsageWire {
        tokens: Object<TokenCounts> = "tokens",
        billed: Object<TokenCounts> = "billed_units",
        cached: Count = "cached_tokens",
    }
}

impl Object<UsageWire> {
    /// Takes the counts over. Older endpoints say only what is billed, which may be less than what
    /// the model saw.
    pub(super) fn take(self, answer: &mut Answer) {
        let Some(wire) = self.0 else { return };
        let [tokens, billed] = [wire.tokens, wire.billed].map(|it| it.0.unwrap_or_default());
        answer.count(Counts {
            input: tokens.input.or(billed.input),
            output: tokens.output.or(billed.output),
            cache_read: wire.cached.0,
            ..Counts::default()
        });
    }
}
