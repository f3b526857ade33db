//! Token counts of an event, as far as they are known: an unknown one is never 0.

use crate::report::decision::Members;

/// What is known of the tokens of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) source: UsageSource,
    /// `None` is unknown.
    pub(crate) input_tokens: Option<u64>,
    /// `None` is unknown.
    pub(crate) output_tokens: Option<u64>,
}

/// Who counted, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageSource {
    /// The provider gave no count.
    Absent,
    /// The application that recorded the event.
    Application,
    /// The provider, before the answer broke off.
    Partial,
    /// The provider, at the end.
    Reported,
}

impl Usage {
    /// A gateway writes 0 into the documented members where the provider gave no count: what it knows
    /// stands beside its source.
    pub(crate) fn of(event: &Members<'_>) -> Self {
        let source = match event.gateway("usage", "source").text().as_deref() {
            Some("absent") => UsageSource::Absent,
            Some("partial") => UsageSource::Partial,
            Some("reported") => UsageSource::Reported,
            _ => UsageSource::Application,
        };
        let counts = match source {
            UsageSource::Absent => [None, None],
            UsageSource::Application => {
                ["prompt_tokens", "response_tokens"].map(|name| event.get(name).count())
            }
            UsageSource::Partial | UsageSource::Reported => {
                ["input_tokens", "output_tokens"].map(|name| event.gateway("usage", name).count())
            }
        };
        let [input_tokens, output_tokens] = counts;
        Self {
            source,
            input_tokens,
            output_tokens,
        }
    }

    /// Whether an application says 0 and 0, as client wrappers also do where they know nothing.
    pub(crate) fn is_application_zero(&self) -> bool {
        let counts = [self.input_tokens, self.output_tokens];
        self.source == UsageSource::Application && counts.map(Option::unwrap_or_default) == [0, 0]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::Log;

    fn usage(input: u64, output: u64, usage: &Value) -> Usage {
        let event = json!({
            "prompt_tokens": input, "response_tokens": output,
            "metadata": {"audit_layer": {"usage": usage}},
        });
        Usage::of(&Members::of(&Log::of(&event)))
    }

    #[test]
    fn a_count_that_the_provider_did_not_give_is_unknown() {
        use UsageSource::{Absent, Application, Partial, Reported};
        let cases = [
            (
                json!({"source": "reported", "output_tokens": 20}),
                Reported,
                None,
                Some(20),
            ),
            (
                json!({"source": "partial", "input_tokens": 7}),
                Partial,
                Some(7),
                None,
            ),
            (
                json!({"source": "reported", "input_tokens": 0, "output_tokens": 1}),
                Reported,
                Some(0),
                Some(1),
            ),
            (json!({"source": "absent"}), Absent, None, None),
            (json!({}), Application, Some(0), Some(20)),
            (
                json!({"source": "mine", "input_tokens": 9}),
                Application,
                Some(0),
                Some(20),
            ),
        ];
        for (said, source, input_tokens, output_tokens) in cases {
            let expected = Usage {
                source,
                input_tokens,
                output_tokens,
            };
            assert_eq!(usage(0, 20, &said), expected, "{said}");
        }
    }

    #[test]
    fn zero_and_zero_of_an_application_is_told_apart() {
        assert!(usage(0, 0, &json!({})).is_application_zero());
        assert!(!usage(0, 1, &json!({})).is_application_zero());
        assert!(!usage(0, 0, &json!({"source": "reported"})).is_application_zero());
    }
}
