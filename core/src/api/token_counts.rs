//! Token counts under every name in use.
//!
//! Vendors copy each other's members and mix them: one that follows OpenAI may count its cache by
//! Anthropic's names, and say a total both ways, one of them as 0. So names are known here once,
//! and of several that mean the same the largest counts.

use crate::answer::Counts;
use crate::json::{Broken, Count, FromObject, Members, Object};

/// What a `usage` object counts, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TokenCounts {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) cache_read: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) reasoning: Option<u64>,
}

impl TokenCounts {
    /// Takes later counts over. They are totals that only grow; one that is missing leaves what is
    /// known.
    pub(super) fn update(&mut self, later: Self) {
        *self = Self {
            input: self.input.max(later.input),
            output: self.output.max(later.output),
            total: self.total.max(later.total),
            cache_read: self.cache_read.max(later.cache_read),
            cache_write: self.cache_write.max(later.cache_write),
            reasoning: self.reasoning.max(later.reasoning),
        };
    }

    /// Adds what another request counted that the same call made.
    pub(super) fn add(&mut self, other: Self) {
        *self = Self {
            input: sum(self.input, other.input),
            output: sum(self.output, other.output),
            total: sum(self.total, other.total),
            cache_read: sum(self.cache_read, other.cache_read),
            cache_write: sum(self.cache_write, other.cache_write),
            reasoning: sum(self.reasoning, other.reasoning),
        };
    }

    /// The tokens that a cache held or was given.
    pub(super) fn cached(&self) -> u64 {
        let [read, write] = [self.cache_read, self.cache_write].map(Option::unwrap_or_default);
        read.saturating_add(write)
    }

    /// The counts as they are: the input has the cache's tokens in it already.
    pub(super) fn counts(self) -> Counts {
        Counts {
            input: self.input,
            output: self.output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
        }
    }

    /// The counts with the cache's tokens added to the input, which leaves them out at Anthropic
    /// and Bedrock.
    pub(super) fn counts_beside_cache(self) -> Counts {
        let cached = self.cached();
        Counts {
            input: self.input.map(|input| input.saturating_add(cached)),
            ..self.counts()
        }
    }
}

/// The sum of what is known.
pub(super) fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    let both = one.zip(other).map(|(one, other)| one.saturating_add(other));
    both.or(one).or(other)
}

impl<'de> FromObject<'de> for TokenCounts {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let known = match name {
            "prompt_tokens" | "input_tokens" | "inputTokens" | "promptTokens"
            | "input_token_count" | "inputTokenCount" | "prompt_token_count" => &mut self.input,
            "completion_tokens"
            | "output_tokens"
            | "outputTokens"
            | "completionTokens"
            | "output_token_count"
            | "outputTokenCount"
            | "generated_token_count" => &mut self.output,
            "total_tokens" | "totalTokens" | "total_token_count" => &mut self.total,
            "prompt_tokens_details"
            | "prompt_token_details"
            | "input_tokens_details"
            | "input_token_details"
            | "completion_tokens_details"
            | "completion_token_details"
            | "output_tokens_details"
            | "output_token_details" => {
                let Object(details): Object<Details> = value.next_value()?;
                if let Some(Details(details)) = details {
                    self.update(details);
                }
                return Ok(());
            }
            _ => return self.detail(name, value),
        };
        take(known, value)
    }
}

impl TokenCounts {
    /// Takes a count that is part of a total. It may stand beside the total or in its details.
    fn detail(&mut self, name: &str, value: &mut Members<'_, '_>) -> Result<(), Broken> {
        let known = match name {
            "cached_tokens"
            | "num_cached_tokens"
            | "prompt_cache_hit_tokens"
            | "cache_read_input_tokens"
            | "cache_read_tokens"
            | "cached_input_tokens"
            | "cached_prompt_tokens"
            | "cached_content_token_count"
            | "cacheReadInputTokens"
            | "cacheReadInputTokenCount"
            | "cachedInputTokens" => &mut self.cache_read,
            "cache_write_tokens"
            | "cache_creation_input_tokens"
            | "cache_creation_tokens"
            | "cache_write_input_tokens"
            | "cacheWriteInputTokens"
            | "cacheWriteInputTokenCount"
            | "cacheCreationInputTokens" => &mut self.cache_write,
            "reasoning_tokens"
            | "thinking_tokens"
            | "thought_tokens"
            | "thoughts_token_count"
            | "reasoningTokens" => &mut self.reasoning,
            // The same, by how long the cache keeps it.
            "cache_creation" | "cache_write_tokens_details" => {
                let Object(parts): Object<Sum> = value.next_value()?;
                self.cache_write = self.cache_write.max(parts.and_then(|Sum(sum)| sum));
                return Ok(());
            }
            _ => return value.skip(),
        };
        take(known, value)
    }
}

/// A total's details, of which totals of their own are none of ours.
#[derive(Default)]
struct Details(TokenCounts);

impl<'de> FromObject<'de> for Details {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        self.0.detail(name, value)
    }
}

/// The sum of an object's counts.
#[derive(Default)]
struct Sum(Option<u64>);

impl<'de> FromObject<'de> for Sum {
    fn member(&mut self, _name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let Count(count) = value.next_value()?;
        self.0 = sum(self.0, count);
        Ok(())
    }
}

fn take(known: &mut Option<u64>, value: &mut Members<'_, '_>) -> Result<(), Broken> {
    let Count(count) = value.next_value()?;
    *known = (*known).max(count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> TokenCounts {
        json::object(text).unwrap()
    }

    #[test]
    fn of_several_names_for_one_count_a_zero_or_null_displaces_nothing() {
        for text in [
            r#"{"prompt_tokens":7,"input_tokens":0,"output_tokens":null,"completion_tokens":2}"#,
            r#"{"input_tokens":0,"prompt_tokens":7,"completion_tokens":2,"output_tokens":null}"#,
            r#"{"inputTokens":7,"outputTokens":2}"#,
            r#"{"prompt_tokens":"7","completion_tokens":"2"}"#,
        ] {
            let counts = read(text);
            assert_eq!((counts.input, counts.output), (Some(7), Some(2)), "{text}");
        }
    }

    #[test]
    fn cache_and_reasoning_are_known_by_every_name_and_at_every_place() {
        for text in [
            r#"{"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":4},
                "completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":9}}"#,
            r#"{"cache_read_input_tokens":3,"cache_creation_input_tokens":4,"thinking_tokens":5}"#,
            r#"{"prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":9,"reasoning_tokens":5,
                "cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":3}}"#,
            r#"{"input_tokens_details":{"cached_tokens":3,
                "cache_write_tokens_details":{"ttl_30m_tokens":4,"ttl_12h_tokens":0}},
                "output_tokens_details":{"thinking_tokens":5,"output_tokens":8}}"#,
        ] {
            let counts = read(text);
            let found = (counts.cache_read, counts.cache_write, counts.reasoning);
            assert_eq!(found, (Some(3), Some(4), Some(5)), "{text}");
            assert_eq!((counts.input, counts.output), (None, None), "{text}");
        }
    }

    #[test]
    fn totals_that_grow_never_fall() {
        let mut counts = read(r#"{"input_tokens":15,"output_tokens":1}"#);
        counts.update(read(r#"{"input_tokens":0,"output_tokens":7}"#));
        counts.update(read(r#"{"output_tokens":0}"#));
        assert_eq!((counts.input, counts.output), (Some(15), Some(7)));
    }
}
