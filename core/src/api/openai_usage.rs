//! Token counts as OpenAI's endpoints and those who follow them report them.

use crate::event::Usage;
use crate::json::{self, Count, Object};

json::wire! {
    /// Chat, completions and embeddings say prompt and completion; responses say input and output.
    pub(super) struct UsageWire {
        input: Count = "prompt_tokens" | "input_tokens",
        output: Count = "completion_tokens" | "output_tokens",
        total: Count = "total_tokens",
        input_details: Object<DetailsWire> = "prompt_tokens_details"
            | "prompt_token_details"
            | "input_tokens_details"
            | "input_token_details",
        output_details: Object<DetailsWire> = "completion_tokens_details"
            | "completion_token_details"
            | "output_tokens_details",
        // Mistral's, DeepSeek's and Moonshot's names beside the details, or in their place.
        cached: Count = "num_cached_tokens" | "prompt_cache_hit_tokens" | "cached_tokens",
        // What Mistral's own tools found, which the model reads beside the prompt.
        found: Count = "connector_tokens",
        // Mistral counts what was heard in the total alone.
        heard: Count = "prompt_audio_seconds",
        // SGLang's and Perplexity's place.
        reasoning: Count = "reasoning_tokens",
    }

    struct DetailsWire {
        cached: Count = "cached_tokens",
        cache_write: Count = "cache_write_tokens",
        reasoning: Count = "reasoning_tokens",
    }
}

impl Object<UsageWire> {
    /// The counts of a call that has no output; some vendors report only its total.
    pub(super) fn input_only(self) -> Option<Usage> {
        let total = self.0.as_ref().and_then(|wire| wire.total.0);
        let counts = self.counts()?;
        Some(Usage {
            input_tokens: counts.input_tokens.or(total),
            // What is left of the total is no count of its own.
            output_tokens: None,
            ..counts
        })
    }

    /// The counts, if there are any.
    ///
    /// Some vendors leave reasoning out of `completion_tokens`, but never out of the total.
    pub(super) fn counts(self) -> Option<Usage> {
        let mut wire = self.0?;
        let found = wire.found.0.unwrap_or_default();
        wire.input.0 = wire.input.0.map(|input| input.saturating_add(found));
        let has_heard = wire.heard.0.is_some_and(|seconds| seconds > 0);
        let without = |counted: Count| {
            let both = wire.total.0.zip(counted.0);
            both.map(|(total, counted)| total.saturating_sub(counted))
        };
        let (input, output) = if has_heard {
            (wire.input.0.max(without(wire.output)), wire.output.0)
        } else {
            (wire.input.0, wire.output.0.max(without(wire.input)))
        };
        let input_details = wire.input_details.0.unwrap_or_default();
        let output_details = wire.output_details.0.unwrap_or_default();
        let counts = Usage {
            input_tokens: input,
            output_tokens: output,
            cache_read: input_details.cached.0.or(wire.cached.0),
            cache_write: input_details.cache_write.0,
            reasoning: output_details.reasoning.0.or(wire.reasoning.0),
            ..Usage::default()
        };
        // An object without a count must not take the place of an earlier one that has them.
        (counts != Usage::default() || wire.total.0.is_some()).then_some(counts)
    }
}
