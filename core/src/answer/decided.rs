//! What a model decided, where it is asked for decisions.

use serde_json::value::RawValue;

use super::Answer;
use crate::decision::Answered;
use crate::limits::{DECISIONS_MAX, NAME_BYTES_MAX};
use crate::names::shortened;

/// The answer to one question, where the model was asked for decisions.
#[derive(Debug)]
pub struct Decided<'a> {
    /// The question's name.
    pub name: Option<&'a str>,
    /// The kind of question.
    pub kind: Option<&'a str>,
    /// What was decided.
    pub outcome: Option<&'a str>,
    /// How sure the model is: a number, as it was written.
    pub confidence: Option<Box<RawValue>>,
}

impl Answer {
    /// Takes the answer to one question of several.
    pub fn decide(&mut self, decided: Decided<'_>) {
        if self.decisions.len() >= DECISIONS_MAX {
            self.calls_cut = true;
            return;
        }
        let mut keep = |text: Option<&str>| {
            text.map(|text| shortened(text, NAME_BYTES_MAX, &mut self.names_cut))
        };
        let (name, kind) = (keep(decided.name), keep(decided.kind));
        let outcome = keep(decided.outcome);
        // The beginning of a number is another number.
        let given = decided.confidence;
        let fits = given
            .as_ref()
            .is_none_or(|it| it.get().len() <= NAME_BYTES_MAX);
        self.names_cut |= !fits;
        self.decisions.push(Answered {
            name,
            kind,
            outcome,
            confidence: given.filter(|_| fits),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    #[test]
    fn a_number_that_is_longer_than_names_is_left_out_and_told() {
        for (bytes, fits) in [
            (NAME_BYTES_MAX - 1, true),
            (NAME_BYTES_MAX, true),
            (NAME_BYTES_MAX + 1, false),
        ] {
            let number = format!("0.{}", "1".repeat(bytes - 2));
            let mut answer = Answer::new(HashForm::Sha256, 10);
            answer.decide(Decided {
                name: None,
                kind: None,
                outcome: None,
                confidence: RawValue::from_string(number).ok(),
            });
            assert_eq!(answer.decisions[0].confidence.is_some(), fits);
            assert_eq!(answer.names_cut, !fits);
        }
    }
}
