//! What a model decided, where it is asked for decisions and not for a text.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::limits::NAME_BYTES_MAX;
use crate::names::shortened;

/// What an answer decided, and who provided the event's own members.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// The outcome; for several answers, that of each, after the name of its question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The model's confidence, as it wrote it; for several answers, the lowest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub confidence: Option<Box<RawValue>>,
    /// Who provided the event's members.
    pub source: Sources,
    /// Each answer, in order.
    pub answers: Vec<Answered>,
}

/// Who provided `decision_outcome` and `confidence_score`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sources {
    /// Of `decision_outcome`.
    pub decision_outcome: Source,
    /// Of `confidence_score`.
    pub confidence_score: Source,
}

words! {
    /// Who provided a member of the event.
    #[derive(Default)]
    pub enum Source {
        Answer "answer" "The model's answer.",
        Caller "caller" "The caller, by a header.",
        Rule "rule" "A rule of the operator.",
        Configured "configured" "A source that the operator configured, which `decision` names.",
        #[default]
        Absent "absent" "Nobody: the event has none.",
    }
}

/// The answer to one question.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answered {
    /// The question's name; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind of question, such as `choice`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What was decided; absent if the answer does not say, or the policy leaves content out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The model's confidence, as it wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub confidence: Option<Box<RawValue>>,
}

/// The decision of these answers; `None` if there are none. Who provides the event's own members is not decided
/// here.
///
/// Where not `all_came`, there is no decision of the whole.
pub fn decide(answers: Vec<Answered>, all_came: bool, is_cut: &mut bool) -> Option<Decision> {
    if answers.is_empty() {
        return None;
    }
    let all: &[_] = if all_came { &answers } else { &[] };
    Some(Decision {
        outcome: outcome(all, is_cut),
        confidence: least(all),
        source: Sources::default(),
        answers,
    })
}

/// One outcome as it is; several as `name: outcome`, or by their number from 0.
fn outcome(answers: &[Answered], is_cut: &mut bool) -> Option<String> {
    let whole = match answers {
        [one] => one.outcome.clone()?,
        several => {
            let named = several.iter().enumerate().filter_map(|(number, answer)| {
                let outcome = answer.outcome.as_deref()?;
                let name = answer.name.clone().unwrap_or_else(|| number.to_string());
                Some(format!("{name}: {outcome}"))
            });
            let named: Vec<_> = named.collect();
            (!named.is_empty()).then(|| named.join("; "))?
        }
    };
    Some(shortened(&whole, NAME_BYTES_MAX, is_cut))
}

fn least(answers: &[Answered]) -> Option<Box<RawValue>> {
    let sure = answers.iter().filter_map(|answer| {
        let confidence = answer.confidence.as_ref()?;
        answer.outcome.as_ref()?;
        Some((confidence.get().parse::<f64>().ok()?, confidence))
    });
    let least = sure.min_by(|(one, _), (other, _)| one.total_cmp(other));
    least.map(|(_, confidence)| confidence.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(name: Option<&str>, outcome: &str, confidence: &str) -> Answered {
        Answered {
            name: name.map(str::to_owned),
            kind: None,
            outcome: Some(outcome.to_owned()),
            confidence: Some(raw(confidence)),
        }
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn several_answers_are_named_and_as_sure_as_the_least() {
        let answers = vec![
            answered(Some("fraud"), "true", "0.97"),
            answered(None, "low", "0.61"),
        ];
        let decision = decide(answers, true, &mut false).unwrap();
        assert_eq!(decision.outcome.as_deref(), Some("fraud: true; 1: low"));
        assert_eq!(decision.confidence.unwrap().get(), "0.61");
    }

    #[test]
    fn without_the_rest_there_is_no_outcome() {
        let answers = vec![answered(Some("q"), "refund", "0.9")];
        let decision = decide(answers, false, &mut false).unwrap();
        assert_eq!(decision.answers[0].outcome.as_deref(), Some("refund"));
        assert!(decision.outcome.is_none() && decision.confidence.is_none());
    }
}
