//! A page that looks live asks the same again and again. As long as it gets the same, that is counted,
//! and recorded once in a while.

use std::collections::HashMap;

use crate::limits;
use crate::store::AccessRecord;

/// What live pages have seen last.
#[derive(Default)]
pub(super) struct Polls(HashMap<Poll, Last>);

/// Who asks for what. A question that anything else is asked between is still the same.
#[derive(PartialEq, Eq, Hash)]
struct Poll {
    who: crate::store::Who,
    action: String,
    query: Option<String>,
}

struct Last {
    answer: u64,
    /// Of the repetitions since the last record, if there are any.
    repeated: Option<AccessRecord>,
}

impl Poll {
    fn of(record: &AccessRecord) -> Self {
        Self {
            who: record.who.clone(),
            action: record.action.as_ref().to_owned(),
            query: record.query.clone(),
        }
    }
}

impl Polls {
    /// Counts a record whose answer is the one before. `false` if it is not, and is to be recorded
    /// itself: that it was, [`Polls::answered`] is told.
    pub(super) fn repeats(&mut self, record: &AccessRecord, answer: u64) -> bool {
        let Some(last) = self.0.get_mut(&Poll::of(record)) else {
            return false;
        };
        if last.answer != answer {
            return false;
        }
        match &mut last.repeated {
            None => last.repeated = Some(record.clone()),
            Some(repeated) => {
                repeated.times = repeated.times.saturating_add(1);
                repeated.until = Some(record.at);
            }
        }
        true
    }

    /// Notes what was answered and recorded. Returns what has to be recorded of the answer before.
    pub(super) fn answered(&mut self, record: &AccessRecord, answer: u64) -> Option<AccessRecord> {
        let poll = Poll::of(record);
        // Without a place, each time is recorded.
        if self.0.len() >= limits::POLLS_MAX && !self.0.contains_key(&poll) {
            return None;
        }
        let last = Last {
            answer,
            repeated: None,
        };
        self.0.insert(poll, last)?.repeated
    }

    /// All that was repeated and is not recorded yet. The next time is recorded by itself again.
    pub(super) fn take(&mut self) -> Vec<AccessRecord> {
        let lasts = std::mem::take(&mut self.0).into_values();
        lasts.filter_map(|last| last.repeated).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Action, Who};

    fn record(session: &str) -> AccessRecord {
        let session = Some(session.to_owned());
        let who = Who {
            session,
            ..Who::default()
        };
        AccessRecord::new(Action::EventsListed, who)
    }

    #[test]
    fn the_same_answer_to_the_same_question_is_counted_and_nothing_else() {
        let mut polls = Polls::default();
        assert!(!polls.repeats(&record("a"), 1));
        assert_eq!(polls.answered(&record("a"), 1), None);
        let first = record("a");
        assert!(polls.repeats(&first, 1));
        let last = record("a");
        assert!(polls.repeats(&last, 1));
        assert!(!polls.repeats(&record("b"), 1));
        assert!(!polls.repeats(&record("a"), 2));
        let counted = polls.answered(&record("a"), 2).unwrap();
        assert_eq!(
            (counted.times, counted.at, counted.until),
            (2, first.at, Some(last.at))
        );
        assert!(polls.repeats(&record("a"), 2));
        let [counted] = polls.take().try_into().unwrap();
        assert_eq!((counted.times, counted.until), (1, None));
        assert!(!polls.repeats(&record("a"), 2));
    }

    #[test]
    fn beyond_the_limit_each_time_is_recorded() {
        let mut polls = Polls::default();
        for number in 0..limits::POLLS_MAX {
            polls.answered(&record(&number.to_string()), 1);
        }
        polls.answered(&record("one more"), 1);
        assert!(!polls.repeats(&record("one more"), 1));
        assert!(polls.repeats(&record("0"), 1));
    }
}
