//! Token counts as OpenAI's endpoints and those who follow them report them.
//!
//! OpenAI counts cached tokens among the input and reasoning among the output, so that both add up
//! to the total. Where they do not, some follower leaves one of them out, and a member has to say
//! which: a rest that nothing names is not called output.

use super::token_counts::{TokenCounts, sum};
use crate::answer::{Answer, Counts};
use crate::json::{Broken, Count, FromObject, Members, Object};

/// What OpenAI's followers count.
#[derive(Debug, Default)]
pub(super) struct UsageWire {
    counts: TokenCounts,
    /// What Mistral's own tools found, which the model reads beside the prompt.
    found: Option<u64>,
    /// Mistral counts what was heard in the total alone.
    has_heard: bool,
}

impl<'de> FromObject<'de> for UsageWire {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "connector_tokens" => Count(self.found) = value.next_value()?,
            "prompt_audio_seconds" => {
                let Count(seconds) = value.next_value()?;
                self.has_heard = seconds.is_some_and(|seconds| seconds > 0);
            }
            _ => return self.counts.member(name, value),
        }
        Ok(())
    }
}

impl Object<UsageWire> {
    /// Takes the counts over, which are totals at each place of a stream that has them.
    pub(super) fn take(self, answer: &mut Answer) {
        if let Some(counts) = self.counts(answer) {
            answer.count(counts);
        }
    }

    /// Takes the counts of a whole answer, of which the last are those that count.
    pub(super) fn take_last(self, answer: &mut Answer) {
        if let Some(counts) = self.counts(answer) {
            answer.recount(counts);
        }
    }

    fn counts(self, answer: &Answer) -> Option<Counts> {
        let model = answer.model.as_deref().unwrap_or_default();
        Some(self.0?.counts(hides_thoughts(model)))
    }

    /// Takes the counts of a call that has no output; some vendors report only its total.
    pub(super) fn take_input(self, answer: &mut Answer) {
        let Some(wire) = self.0 else { return };
        let total = wire.counts.total;
        let counts = wire.counts(false);
        answer.count(Counts {
            input: counts.input.or(total),
            // What is left of the total is no count of its own.
            output: None,
            ..counts
        });
    }
}

/// Whether a model's thoughts are counted in the total alone: Gemini's are, by Google's endpoint
/// that is like OpenAI's.
fn hides_thoughts(model: &str) -> bool {
    model
        .split('/')
        .any(|name| name.starts_with("gemini") || name.starts_with("gemma"))
}

impl UsageWire {
    /// The counts of two models that one call asked.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.counts.add(other.counts);
        self.found = sum(self.found, other.found);
        self.has_heard |= other.has_heard;
        self
    }

    fn counts(self, hides_thoughts: bool) -> Counts {
        let counts = self.counts;
        let input = counts
            .input
            .map(|input| input.saturating_add(self.found.unwrap_or_default()));
        if self.has_heard {
            let heard = counts.total.zip(counts.output);
            let heard = heard.map(|(total, output)| total.saturating_sub(output));
            return Counts {
                input: input.max(heard),
                ..counts.counts()
            };
        }
        let (input, output) = TokenCounts { input, ..counts }.explained(hides_thoughts);
        Counts {
            input,
            output,
            ..counts.counts()
        }
    }
}

impl TokenCounts {
    /// Input and output, with what a vendor leaves out of them where a member says what it is.
    fn explained(&self, hides_thoughts: bool) -> (Option<u64>, Option<u64>) {
        let Some(input) = self.input else {
            return (None, self.output);
        };
        let thought = self.reasoning.unwrap_or_default();
        let input = if self.leaves_out_cache(input, thought) {
            input.saturating_add(self.cached())
        } else {
            input
        };
        let Some(rest) = self.rest(input) else {
            return (Some(input), self.output);
        };
        let counted = self.output.unwrap_or_default();
        let more = match self.output {
            _ if rest == 0 || rest == thought => rest,
            // More was thought than is counted, so that it cannot be among it.
            Some(_) if thought > counted && rest > thought => thought,
            None if thought > 0 => rest,
            _ if hides_thoughts && thought == 0 => rest,
            _ => return (Some(input), self.output),
        };
        (Some(input), Some(counted.saturating_add(more)))
    }

    /// Whether the input is without what the cache held or was given: it would be less than that
    /// share of it, or the total says so.
    fn leaves_out_cache(&self, input: u64, thought: u64) -> bool {
        let cached = self.cached();
        let rest = self.rest(input);
        let is_rest = rest == Some(cached) || rest == Some(cached.saturating_add(thought));
        cached > 0 && (cached > input || is_rest)
    }

    /// What is left of the total beside input and output.
    fn rest(&self, input: u64) -> Option<u64> {
        let both = input.saturating_add(self.output.unwrap_or_default());
        self.total?.checked_sub(both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;
    use crate::json;

    fn counted(model: &str, usage: &str) -> (Option<u64>, Option<u64>) {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        answer.identify(None, Some(model));
        json::read::<Object<UsageWire>>(usage)
            .unwrap()
            .take(&mut answer);
        (answer.usage.input, answer.usage.output)
    }

    #[test]
    fn a_rest_of_the_total_is_what_a_member_says_it_is() {
        for (usage, input, output) in [
            // As OpenAI counts.
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}"#,
                9,
                Some(3),
            ),
            // Reasoning beside the output.
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":112,
                    "completion_tokens_details":{"reasoning_tokens":100}}"#,
                9,
                Some(103),
            ),
            // All of the output was thought.
            (
                r#"{"prompt_tokens":7,"total_tokens":107,
                    "completion_tokens_details":{"reasoning_tokens":100}}"#,
                7,
                Some(100),
            ),
            // The cache's tokens beside the input, with and without a total.
            (
                r#"{"prompt_tokens":368,"completion_tokens":19,"total_tokens":10923,
                    "cache_read_input_tokens":10536,"cache_creation_input_tokens":0}"#,
                10904,
                Some(19),
            ),
            (
                r#"{"prompt_tokens":368,"completion_tokens":19,"cached_tokens":10536}"#,
                10904,
                Some(19),
            ),
            // Both beside.
            (
                r#"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":57,
                    "cached_tokens":20,"reasoning_tokens":30}"#,
                25,
                Some(32),
            ),
            // A rest that nothing names.
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":99}"#,
                9,
                Some(3),
            ),
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":99,"cached_tokens":4}"#,
                9,
                Some(3),
            ),
            (r#"{"prompt_tokens":9,"total_tokens":99}"#, 9, None),
            // None.
            (r#"{"prompt_tokens":9,"total_tokens":9}"#, 9, Some(0)),
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":0}"#,
                9,
                Some(3),
            ),
        ] {
            assert_eq!(counted("m", usage), (Some(input), output), "{usage}");
        }
    }

    #[test]
    fn gemini_counts_its_thoughts_in_the_total_alone() {
        let usage = r#"{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}"#;
        for model in ["gemini-2.5-pro", "google/gemini-2.5-pro"] {
            assert_eq!(counted(model, usage), (Some(35), Some(74)), "{model}");
        }
        assert_eq!(counted("my-gemini", usage), (Some(35), Some(12)));
    }
}
