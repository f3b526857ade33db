//! The writers of an outbox: a sequence of events without gaps for each organization, as the audit API keeps it.

use std::collections::BTreeMap;

use crate::event::{AuditEvent, CompletionState, Writer};
use crate::limits::SEQUENCES_MAX;

/// The sequences, and the places that are taken in them.
#[derive(Debug)]
pub(super) struct Sequences {
    /// The id of the first writer; others have a number behind it.
    id: String,
    writers: u64,
    /// By organization.
    known: BTreeMap<String, Sequence>,
    /// Places of calls whose end is still to come.
    begun: BTreeMap<String, Writer>,
    /// How often something was asked.
    uses: u64,
}

#[derive(Debug)]
struct Sequence {
    writer_id: String,
    seq: u64,
    /// When it was used last.
    used: u64,
}

impl Sequences {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            writers: 0,
            known: BTreeMap::new(),
            begun: BTreeMap::new(),
            uses: 0,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The place of an event. A call has one: its event supersedes the record of its prompt, so that only one of the
    /// two is there to be missed.
    pub(super) fn place(&mut self, event: &AuditEvent) -> Writer {
        if let Some(begun) = self.begun.remove(&event.request_id) {
            return begun;
        }
        let writer = self.next(&event.organization_id);
        if event.metadata.audit_layer.completion.state == CompletionState::Pending {
            self.begun.insert(event.request_id.clone(), writer.clone());
        }
        writer
    }

    fn next(&mut self, organization: &str) -> Writer {
        self.uses = self.uses.saturating_add(1);
        let known = self.known.remove_entry(organization);
        let (organization, mut sequence) =
            known.unwrap_or_else(|| (organization.to_owned(), self.begin()));
        sequence.seq = sequence.seq.saturating_add(1);
        sequence.used = self.uses;
        let writer = Writer {
            id: sequence.writer_id.clone(),
            seq: sequence.seq,
        };
        self.known.insert(organization, sequence);
        writer
    }

    /// Begins a sequence. Where there are many, the one that was not used for longest is over: its organization gets
    /// a new writer, so that no number is given twice.
    fn begin(&mut self) -> Sequence {
        if self.known.len() >= SEQUENCES_MAX {
            let oldest = self.known.iter().min_by_key(|(_, sequence)| sequence.used);
            if let Some(oldest) = oldest.map(|(organization, _)| organization.clone()) {
                self.known.remove(&oldest);
            }
        }
        let writer_id = match self.writers {
            0 => self.id.clone(),
            number => format!("{}-{number}", self.id),
        };
        self.writers = self.writers.saturating_add(1);
        Sequence {
            writer_id,
            seq: 0,
            used: self.uses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_organization_has_a_sequence_without_gaps() {
        let mut sequences = Sequences::new("w".to_owned());
        let mut next = |organization: &str| {
            let Writer { id, seq } = sequences.next(organization);
            format!("{id} {seq}")
        };
        let places = ["a", "b", "a", "b", "a"].map(&mut next);
        assert_eq!(places, ["w 1", "w-1 1", "w 2", "w-1 2", "w 3"]);
    }

    #[test]
    fn whoever_names_many_organizations_takes_no_memory_and_no_number_comes_twice() {
        let mut sequences = Sequences::new("w".to_owned());
        assert_eq!(sequences.next("first").id, "w");
        for number in 0..SEQUENCES_MAX {
            sequences.next(&format!("organization {number}"));
        }
        assert_eq!(sequences.known.len(), SEQUENCES_MAX);
        let again = sequences.next("first");
        assert_ne!(again.id, "w");
        assert_eq!(again.seq, 1);
    }
}
