//! Token counts, added up apart by who counted.

use serde::Serialize;

use crate::event::{Usage, UsageSource};
use crate::report::tally::increase;

/// Token counts by where they come from: what is unknown is never added up as 0.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tokens {
    /// The provider's final counts.
    pub(crate) reported: Counts,
    /// Counts that the provider gave before the answer broke off.
    pub(crate) partial: Counts,
    /// Input tokens of calls whose output tokens the provider did not give.
    pub(crate) input_only: Counts,
    /// Output tokens of calls whose input tokens the provider did not give.
    pub(crate) output_only: Counts,
    /// Counts of answers that were made before: other events may have the same ones.
    pub(crate) fetched: Counts,
    /// Counts of applications that record themselves.
    pub(crate) application: Counts,
    /// Events whose provider gave none.
    pub(crate) absent_events: u64,
    /// Events of applications with 0 and 0, which client wrappers also send for unknown.
    pub(crate) application_zero_events: u64,
}

/// Some counts, added up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) input_tokens: u128,
    pub(crate) output_tokens: u128,
    /// Events that are in no sum of input tokens, because nobody gave their number.
    pub(crate) input_unknown_events: u64,
    /// Likewise of output tokens.
    pub(crate) output_unknown_events: u64,
}

impl Tokens {
    /// Adds those of one event.
    pub(super) fn add(&mut self, usage: &Usage) {
        match usage.source {
            UsageSource::Reported => self.reported.add(usage),
            UsageSource::Partial => self.partial.add(usage),
            UsageSource::InputOnly => self.input_only.add(usage),
            UsageSource::OutputOnly => self.output_only.add(usage),
            UsageSource::Fetched => self.fetched.add(usage),
            UsageSource::Absent => increase(&mut self.absent_events, 1),
            UsageSource::Application if usage.is_application_zero() => {
                increase(&mut self.application_zero_events, 1);
            }
            UsageSource::Application => self.application.add(usage),
        }
    }
}

impl Counts {
    fn add(&mut self, usage: &Usage) {
        increase(&mut self.events, 1);
        let add = |sum: &mut u128, unknown: &mut u64, tokens: Option<u64>| match tokens {
            Some(tokens) => *sum = sum.saturating_add(tokens.into()),
            None => increase(unknown, 1),
        };
        add(
            &mut self.input_tokens,
            &mut self.input_unknown_events,
            usage.input_tokens,
        );
        add(
            &mut self.output_tokens,
            &mut self.output_unknown_events,
            usage.output_tokens,
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::members::Members;
    use crate::store::Log;

    /// An event as gateways write it: 0 where the provider gave no count.
    fn call(source: &str, input: Option<u64>, output: Option<u64>) -> Value {
        json!({
            "prompt_tokens": input.unwrap_or_default(),
            "response_tokens": output.unwrap_or_default(),
            "metadata": {"audit_layer": {"usage": {
                "source": source, "input_tokens": input, "output_tokens": output,
            }}},
        })
    }

    /// The same of an answer that was made before.
    fn fetched(mut event: Value) -> Value {
        let notes = json!({"notes": ["answer_fetched"]});
        event["metadata"]["audit_layer"]["capture"] = notes;
        event
    }

    #[test]
    fn unknown_tokens_are_counted_and_not_added() {
        let mut tokens = Tokens::default();
        for event in [
            call("reported", Some(1), Some(2)),
            call("reported", Some(u64::MAX), Some(u64::MAX)),
            call("reported", None, Some(1)),
            call("partial", Some(3), None),
            call("input_only", Some(7), None),
            call("input_only", Some(2), Some(0)),
            call("output_only", None, Some(9)),
            call("absent", None, None),
            fetched(call("reported", Some(70), Some(80))),
            fetched(call("absent", None, None)),
            json!({"prompt_tokens": 5, "response_tokens": 0}),
            json!({"prompt_tokens": 0, "response_tokens": 0}),
        ] {
            tokens.add(&Members::of(&Log::of(&event)).usage());
        }
        let max = u128::from(u64::MAX);
        let counts = |events, input_tokens, output_tokens, unknown: [u64; 2]| Counts {
            events,
            input_tokens,
            output_tokens,
            input_unknown_events: unknown[0],
            output_unknown_events: unknown[1],
        };
        assert_eq!(tokens.reported, counts(3, max + 1, max + 3, [1, 0]));
        assert_eq!(tokens.partial, counts(1, 3, 0, [0, 1]));
        assert_eq!(tokens.input_only, counts(2, 9, 0, [0, 2]));
        assert_eq!(tokens.output_only, counts(1, 0, 9, [1, 0]));
        assert_eq!(tokens.fetched, counts(1, 70, 80, [0, 0]));
        assert_eq!(tokens.application, counts(1, 5, 0, [0, 0]));
        assert_eq!(
            (tokens.absent_events, tokens.application_zero_events),
            (2, 1)
        );
    }
}
