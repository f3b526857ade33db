//! Token counts of an event, as far as they are known: an unknown one is never 0.

use audit_layer_core::event::{Member, UsageSource as Observed};

use crate::event::Node;

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
    /// The provider, of an answer that was made before and is only fetched here: the call that asked for
    /// it may have the same counts, and so may others that fetch it.
    Fetched,
    /// The provider, which gave the input tokens of a call that has both, and no others.
    InputOnly,
    /// Likewise the output tokens alone.
    OutputOnly,
    /// The provider, before the answer broke off.
    Partial,
    /// The provider, at the end.
    Reported,
}

impl Usage {
    /// Of an event with these `prompt_tokens` and `response_tokens`, and this
    /// `metadata.audit_layer.usage`.
    ///
    /// A gateway writes 0 into the documented members where the provider gave no count: what it knows
    /// stands beside its source.
    pub(crate) fn of(documented: [Node<'_>; 2], observed: Node<'_>) -> Self {
        let source = observed.get("source").text();
        let source = match source.and_then(|source| Observed::named(&source)) {
            Some(Observed::Absent) => UsageSource::Absent,
            Some(Observed::InputOnly) => UsageSource::InputOnly,
            Some(Observed::OutputOnly) => UsageSource::OutputOnly,
            Some(Observed::Partial) => UsageSource::Partial,
            Some(Observed::Reported) => UsageSource::Reported,
            None => UsageSource::Application,
        };
        let of_provider = |name| observed.get(name).count();
        let (input_tokens, output_tokens) = match source {
            UsageSource::Absent => (None, None),
            UsageSource::Application => documented.map(Node::count).into(),
            // Whatever stands in the place of the other number, nobody counted it.
            UsageSource::InputOnly => (of_provider("input_tokens"), None),
            UsageSource::OutputOnly => (None, of_provider("output_tokens")),
            UsageSource::Fetched | UsageSource::Partial | UsageSource::Reported => {
                (of_provider("input_tokens"), of_provider("output_tokens"))
            }
        };
        Self {
            source,
            input_tokens,
            output_tokens,
        }
    }

    /// The same where the answer is only fetched.
    pub(crate) fn fetched(self) -> Self {
        let source = match self.source {
            UsageSource::Absent | UsageSource::Application => self.source,
            _ => UsageSource::Fetched,
        };
        Self { source, ..self }
    }

    /// Whether nobody gave the count that this documented member stands for.
    pub(crate) fn is_unknown(&self, member: Member) -> bool {
        match member {
            Member::PromptTokens => self.input_tokens.is_none(),
            Member::ResponseTokens => self.output_tokens.is_none(),
            _ => false,
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

    fn usage(input: u64, output: u64, observed: &Value) -> Usage {
        let [input, output] = [input, output].map(|count| count.to_string());
        let documented = [input.as_str(), &output].map(Node::of);
        Usage::of(documented, Node::of(&observed.to_string()))
    }

    #[test]
    fn a_count_that_the_provider_did_not_give_is_unknown() {
        use UsageSource::{Absent, Application, InputOnly, OutputOnly, Partial, Reported};
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
            (
                json!({"source": "input_only", "input_tokens": 7, "output_tokens": null}),
                InputOnly,
                Some(7),
                None,
            ),
            (
                json!({"source": "input_only", "input_tokens": 7, "output_tokens": 0}),
                InputOnly,
                Some(7),
                None,
            ),
            (
                json!({"source": "output_only", "input_tokens": 0, "output_tokens": 20}),
                OutputOnly,
                None,
                Some(20),
            ),
            (json!({"source": "output_only"}), OutputOnly, None, None),
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
