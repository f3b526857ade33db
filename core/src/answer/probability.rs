//! How likely the tokens of an answer were.

use super::Answer;

/// The choice whose tokens count.
const CHOICE: u64 = 0;

/// What a provider reports of the tokens of the first choice: natural logarithms of their probabilities.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LogProbabilities {
    sum: f64,
    tokens: f64,
    mean: Option<f64>,
}

impl Answer {
    /// Takes the logarithm of a token's probability. What is none, or above that of certainty, is passed over.
    pub fn likely(&mut self, choice: u64, log_probability: f64) {
        if choice == CHOICE && log_probability <= 0.0 && log_probability.is_finite() {
            self.log_probabilities.sum += log_probability;
            self.log_probabilities.tokens += 1.0;
        }
    }

    /// Takes the mean of all tokens, where the provider reports no more; the last counts.
    pub fn likely_on_average(&mut self, choice: u64, log_probability: f64) {
        if choice == CHOICE && log_probability <= 0.0 && log_probability.is_finite() {
            self.log_probabilities.mean = Some(log_probability);
        }
    }

    /// The geometric mean of the probabilities of the answer's tokens, above 0 and at most 1; `None` if the provider
    /// reports none.
    pub fn probability(&self) -> Option<f64> {
        let LogProbabilities { sum, tokens, mean } = self.log_probabilities;
        let own = (tokens > 0.0).then(|| sum / tokens);
        own.or(mean).map(f64::exp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    #[test]
    fn probabilities_are_those_of_the_first_choice() {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        assert_eq!(answer.probability(), None);
        answer.likely_on_average(0, 0.25_f64.ln());
        answer.likely_on_average(1, 0.9_f64.ln());
        let written = |answer: &Answer| format!("{:.4}", answer.probability().unwrap());
        assert_eq!(written(&answer), "0.2500");
        for (choice, probability) in [(0, 0.5), (0, 0.18), (1, 0.9)] {
            answer.likely(choice, f64::ln(probability));
        }
        for wrong in [0.1, f64::NAN, f64::NEG_INFINITY] {
            answer.likely(0, wrong);
        }
        assert_eq!(written(&answer), "0.3000");
        answer.restart();
        assert_eq!(answer.probability(), None);
    }
}
