//! Several answers in one, as the results of a batch hold them.

use super::{Answer, CallKey, CallPiece};
use crate::limits::{CHOICES_MAX, FINDINGS_MAX};

impl Answer {
    /// An answer beside this one, with the same policy, for whose texts there is as much room as is
    /// left of this one's.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self::new(self.hash.clone(), self.room.left).without(&self.secrets)
    }

    /// Takes one answer of several as choice `index` of all. Its counts are added.
    pub fn absorb(&mut self, index: u64, mut one: Self) {
        self.identify(None, one.model.as_deref());
        self.usage = self.usage.and(one.usage);
        (self.room.left, self.room.is_cut) = (one.room.left, self.room.is_cut || one.room.is_cut);
        self.names_cut |= one.names_cut;
        self.calls_cut |= one.calls_cut || one.choices.len() > 1;
        self.is_not_text |= one.is_not_text;
        self.findings.append(&mut one.findings);
        while self.findings.len() > FINDINGS_MAX {
            self.findings.pop_last();
            self.calls_cut = true;
        }
        for (number, call) in (0..).zip(one.tool_calls.take()) {
            let key = CallKey {
                choice: index,
                call: number,
            };
            let piece = CallPiece {
                id: call.id.as_deref(),
                name: Some(&call.name),
                arguments: &call.arguments,
            };
            self.settle_call(key, piece);
        }
        let is_error = one.error.is_some();
        let Some(mut choice) = one.choices.into_iter().next() else {
            self.finish(index, if is_error { "errored" } else { "succeeded" });
            return;
        };
        choice.index = index;
        choice.finish_reason.get_or_insert("succeeded".to_owned());
        match self.choices.binary_search_by_key(&index, |it| it.index) {
            Ok(at) => {
                self.choices.remove(at);
                self.choices.insert(at, choice);
            }
            Err(_) if self.choices.len() >= CHOICES_MAX => self.calls_cut = true,
            Err(at) => self.choices.insert(at, choice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Counts, Part};
    use crate::digest::HashForm;

    #[test]
    fn answers_share_one_limit_and_their_counts_are_added() {
        let mut all = Answer::new(HashForm::Sha256, 3);
        for (index, text) in (0..).zip(["ab", "cd"]) {
            let mut one = all.beside();
            one.append(0, Part::Content, text);
            one.count(Counts {
                input: Some(2),
                output: Some(1),
                ..Counts::default()
            });
            all.absorb(index, one);
        }
        let texts: Vec<_> = all.choices.iter().map(|it| &*it.content.text).collect();
        assert_eq!(texts, ["ab", "c"]);
        assert!(all.is_text_cut() && all.is_whole());
        assert_eq!((all.usage.input, all.usage.output), (Some(4), Some(2)));
    }

    #[test]
    fn more_answers_than_an_event_carries_are_counted_all_the_same() {
        let mut all = Answer::new(HashForm::Sha256, 1 << 20);
        for index in 0..200 {
            let mut one = all.beside();
            one.append(0, Part::Content, "x");
            one.count(Counts {
                output: Some(1),
                ..Counts::default()
            });
            all.absorb(index, one);
        }
        assert_eq!(all.choices.len(), CHOICES_MAX);
        assert!(all.calls_cut);
        assert_eq!(all.usage.output, Some(200));
    }
}
