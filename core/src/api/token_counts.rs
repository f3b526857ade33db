//! Token counts whose input leaves out what a cache held, as Anthropic and Bedrock report them.

use crate::event::Usage;

/// Counts as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TokenCounts {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cache_read: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) reasoning: Option<u64>,
}

impl TokenCounts {
    /// Takes later counts over. They are totals; one that is missing leaves what is known.
    pub(super) fn update(&mut self, later: Self) {
        *self = Self {
            input: later.input.or(self.input),
            output: later.output.or(self.output),
            cache_read: later.cache_read.or(self.cache_read),
            cache_write: later.cache_write.or(self.cache_write),
            reasoning: later.reasoning.or(self.reasoning),
        };
    }

    /// The counts with the cache's tokens among the input.
    pub(super) fn usage(self) -> Usage {
        let cached = self
            .cache_read
            .unwrap_or(0)
            .saturating_add(self.cache_write.unwrap_or(0));
        Usage {
            input_tokens: self.input.map(|input| input.saturating_add(cached)),
            output_tokens: self.output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
            ..Usage::default()
        }
    }
}
