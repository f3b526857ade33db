//! What the events of one transaction bring of their writers.

use std::collections::BTreeMap;

use crate::store::{Arrival, Outcome, Run, Status};

/// What one transaction brings of one writer, with the keys of one family.
#[derive(Debug)]
pub(super) struct News<'a> {
    pub(super) organization: &'a str,
    pub(super) writer: &'a str,
    /// The family of keys to which the writer has to belong; `None` if it does not matter.
    pub(super) family: Option<&'a str>,
    seqs: Vec<i64>,
    pub(super) events: i64,
    pub(super) first_timestamp: i64,
    pub(super) last_timestamp: i64,
    /// Which of the events these are.
    pub(super) places: Vec<usize>,
}

impl<'a> News<'a> {
    /// What events bring that were stored, each with what became of it, in the order of organizations
    /// and writers.
    pub(super) fn by_writer(arrivals: &'a [Arrival], outcomes: &[Outcome]) -> Vec<Self> {
        let mut news: BTreeMap<_, Self> = BTreeMap::new();
        for (place, (arrival, outcome)) in arrivals.iter().zip(outcomes).enumerate() {
            let status = outcome.status;
            if let Some((writer, seq)) = arrival.writer().filter(|_| status.is_stored()) {
                let organization = arrival.event.organization_id.as_str();
                let family = (!arrival.by.is_trusted).then_some(arrival.by.family.as_str());
                let timestamp = arrival.event.timestamp;
                let news = news.entry((organization, writer, family));
                let news = news.or_insert_with(|| Self {
                    organization,
                    writer,
                    family,
                    seqs: Vec::new(),
                    events: 0,
                    first_timestamp: timestamp,
                    last_timestamp: timestamp,
                    places: Vec::new(),
                });
                news.add(place, seq, timestamp, status);
            }
        }
        news.into_values().collect()
    }

    fn add(&mut self, place: usize, seq: i64, timestamp: i64, status: Status) {
        self.places.push(place);
        self.seqs.push(seq);
        // The end of a call whose beginning was counted is not another event.
        let is_new = status != Status::Superseding;
        self.events = self.events.saturating_add(i64::from(is_new));
        self.first_timestamp = self.first_timestamp.min(timestamp);
        self.last_timestamp = self.last_timestamp.max(timestamp);
    }

    pub(super) fn last_seq(&self) -> i64 {
        self.seqs.iter().max().copied().unwrap_or_default()
    }

    /// The numbers that came.
    pub(super) fn runs(&self) -> Vec<Run> {
        let each = self.seqs.iter().map(|seq| Run {
            first_seq: *seq,
            last_seq: *seq,
        });
        Run::joined(each.collect())
    }
}
