//! What must have become of every exchange, and the check that it did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::call::own;

/// Text that must appear nowhere, whatever the configuration.
pub(crate) const SECRETS: [&str; 5] = [
    "secret-bearer",
    "secret-key",
    "secret-cookie",
    "secret-query",
    "al_sk_secret",
];

/// Content: only events may hold it, and only where the configuration lets them.
pub(crate) const CONTENT: &str = "planted-content";

/// The exchanges of one life.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Calls that the plugin must account for, by the session that each names.
    owed: BTreeSet<String>,
}

impl Ledger {
    /// A call has begun.
    pub(crate) fn owe(&mut self, session: String) {
        self.owed.insert(session);
    }

    /// Checks the law of conservation, and gives a summary of the life.
    pub(crate) fn settle(&self, stored: &[Value], dead: &[Value]) -> String {
        let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut sequences: BTreeMap<&str, BTreeMap<u64, &str>> = BTreeMap::new();
        for event in stored.iter().chain(dead) {
            let id = event["request_id"].as_str().unwrap();
            ids.entry(event["session_id"].as_str().unwrap())
                .or_default()
                .insert(id);
            let writer = own(event, "/writer/id").as_str().unwrap();
            let seq = own(event, "/writer/seq").as_u64().unwrap();
            let known = sequences.entry(writer).or_default().insert(seq, id);
            assert!(
                known.is_none_or(|known| known == id),
                "{writer} used {seq} twice"
            );
        }
        self.check_calls(&ids);
        for (writer, sequence) in &sequences {
            let expected: Vec<u64> = (1..).take(sequence.len()).collect();
            let numbers: Vec<u64> = sequence.keys().copied().collect();
            assert_eq!(numbers, expected, "the sequence of {writer} has a hole");
        }
        format!(
            "{} calls, {} stored, {} dead letters, writers {sequences:?}",
            self.owed.len(),
            stored.len(),
            dead.len()
        )
    }

    fn check_calls(&self, ids: &BTreeMap<&str, BTreeSet<&str>>) {
        for session in &self.owed {
            let found = ids.get(session.as_str()).map_or(0, BTreeSet::len);
            assert_eq!(
                found,
                1,
                "{session} has {found} events: {:?}",
                ids.get(session.as_str())
            );
        }
        for session in ids.keys() {
            assert!(self.owed.contains(*session), "{session} was never called");
        }
    }
}
