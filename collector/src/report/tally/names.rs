//! How many events have which name: of a user, a model, a state.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use crate::hash::sha256;
use crate::limits;
use crate::report::spelling::beginning;
use crate::report::tally::increase;

/// One name; `None` where the event says none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Name {
    pub(crate) name: Option<String>,
}

/// A model and who serves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Model {
    pub(crate) provider: String,
    pub(crate) model: String,
}

/// What was decided, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct DecisionKind {
    pub(crate) decision_type: Option<String>,
    pub(crate) decision_outcome: Option<String>,
}

/// How many events have which name.
#[derive(Debug)]
pub(crate) struct Names<K> {
    counts: HashMap<K, u64>,
    /// Events whose name came when there were as many as are counted.
    uncounted_events: u64,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            uncounted_events: 0,
        }
    }
}

impl<K: Clone + Hash + Ord> Names<K> {
    pub(super) fn add(&mut self, name: K) {
        let is_full = self.counts.len() >= limits::REPORT_NAMES_MAX;
        match self.counts.get_mut(&name) {
            Some(count) => increase(count, 1),
            None if is_full => increase(&mut self.uncounted_events, 1),
            None => {
                self.counts.insert(name, 1);
            }
        }
    }

    /// How many different names there are, as far as they are counted.
    pub(super) fn different(&self, is_name: impl Fn(&K) -> bool) -> Different {
        let names = self.counts.keys().filter(|name| is_name(name)).count();
        Different {
            names,
            is_all: self.uncounted_events == 0,
        }
    }

    /// The names with the most events, and what the others come to.
    pub(crate) fn top(&self) -> Top<K> {
        let mut all: Vec<(&K, u64)> = self
            .counts
            .iter()
            .map(|(name, count)| (name, *count))
            .collect();
        all.sort_by(|(name, count), (other, others)| others.cmp(count).then(name.cmp(other)));
        let rest = all.split_off(all.len().min(limits::REPORT_NAMES_LISTED));
        Top {
            listed: all
                .into_iter()
                .map(|(name, events)| Counted {
                    name: name.clone(),
                    events,
                })
                .collect(),
            other_names: rest.len(),
            other_events: rest
                .iter()
                .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count)),
            uncounted_events: self.uncounted_events,
        }
    }
}

impl Names<Name> {
    /// How many names events say.
    pub(crate) fn said(&self) -> Different {
        self.different(|name| name.name.is_some())
    }
}

impl<K: Eq + Hash> Names<K> {
    /// How many events have this name.
    pub(crate) fn events(&self, name: &K) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }
}

impl Names<Model> {
    /// How many models there are, each as often as it has providers.
    pub(crate) fn all(&self) -> Different {
        self.different(|_| true)
    }
}

/// How many different names there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Different {
    pub(crate) names: usize,
    /// Whether none is beyond those that are counted.
    pub(crate) is_all: bool,
}

/// The names with the most events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Top<K> {
    pub(crate) listed: Vec<Counted<K>>,
    /// Names that are not listed.
    pub(crate) other_names: usize,
    /// Events that have one of those.
    pub(crate) other_events: u64,
    /// Events with names beyond those that are counted; they may be of several names.
    pub(crate) uncounted_events: u64,
}

/// A name and its events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Counted<K> {
    #[serde(flatten)]
    pub(crate) name: K,
    pub(crate) events: u64,
}

/// A name that is short enough to be kept, and still different from all others.
pub(super) fn short(name: String) -> String {
    match name.len() > limits::REPORT_NAME_BYTES_MAX {
        true => {
            let start = beginning(&name, limits::REPORT_NAME_BYTES_MAX);
            format!("{start}… ({})", sha256(&name))
        }
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::tally::tests::tally;

    #[test]
    fn the_most_frequent_names_come_first_and_the_others_are_counted() {
        let users =
            |count: usize| (0..count).map(|user| json!({"user_id": format!("user {user:03}")}));
        let mut events: Vec<_> = users(limits::REPORT_NAMES_LISTED + 2).collect();
        events.extend([json!({"user_id": "user 007"}), json!({"user_id": ""})]);
        let top = tally(&events).users.top();
        assert_eq!(top.listed.len(), limits::REPORT_NAMES_LISTED);
        assert_eq!(top.listed[0].name.name.as_deref(), Some("user 007"));
        assert_eq!(top.listed[0].events, 2);
        assert_eq!(top.listed[1].name.name, None);
        assert_eq!((top.other_names, top.other_events), (3, 3));
    }

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let mut names = Names::default();
        for number in 0..limits::REPORT_NAMES_MAX + 5 {
            names.add(number);
        }
        names.add(0);
        assert!(!names.different(|_| true).is_all);
        let top = names.top();
        assert_eq!(top.uncounted_events, 5);
        assert_eq!(top.listed[0].events, 2);
    }

    #[test]
    fn a_long_name_is_kept_short_and_apart() {
        let long = |last: &str| "x".repeat(limits::REPORT_NAME_BYTES_MAX) + last;
        assert_ne!(short(long("a")), short(long("b")));
        assert!(short(long("a")).len() < limits::REPORT_NAME_BYTES_MAX + 100);
        assert_eq!(short(long("")), long(""));
    }

    #[test]
    fn an_unnamed_user_is_no_user_wherever_it_stands() {
        let users = (0..25).flat_map(|user| {
            let event = json!({"user_id": format!("user {user:02}")});
            [event.clone(), event]
        });
        let events: Vec<_> = users.chain([json!({"user_id": ""})]).collect();
        let expected = Different {
            names: 25,
            is_all: true,
        };
        assert_eq!(tally(&events).users.said(), expected);
    }
}
