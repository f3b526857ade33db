//! What the events of one transaction bring of their writers.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::store::{Run, Status};

/// What one transaction brings of one writer.
pub(super) struct News {
    seqs: Vec<i64>,
    pub(super) events: i64,
    pub(super) first_timestamp: i64,
    pub(super) last_timestamp: i64,
}

impl News {
    /// What events bring that were stored, each with what became of it, by organisation and writer.
    pub(super) fn by_writer<'a>(
        stored: impl Iterator<Item = (&'a Event, Status)>,
    ) -> BTreeMap<(&'a str, &'a str), Self> {
        let mut news: BTreeMap<(&str, &str), Self> = BTreeMap::new();
        for (event, status) in stored.filter(|(_, status)| *status != Status::Duplicate) {
            let facts = &event.gateway;
            if let (Some(writer), Some(seq)) = (&facts.writer_id, facts.writer_seq) {
                let key = (event.organization_id.as_str(), writer.as_str());
                let news = news.entry(key).or_insert_with(|| Self::at(event.timestamp));
                news.add(seq, event.timestamp, status);
            }
        }
        news
    }

    fn at(timestamp: i64) -> Self {
        Self {
            seqs: Vec::new(),
            events: 0,
            first_timestamp: timestamp,
            last_timestamp: timestamp,
        }
    }

    fn add(&mut self, seq: i64, timestamp: i64, status: Status) {
        self.seqs.push(seq);
        // The end of a call whose beginning was counted is not another event.
        let is_new = status == Status::Stored;
        self.events = self.events.saturating_add(i64::from(is_new));
        self.first_timestamp = self.first_timestamp.min(timestamp);
        self.last_timestamp = self.last_timestamp.max(timestamp);
    }

    pub(super) fn last_seq(&self) -> Option<i64> {
        self.seqs.iter().max().copied()
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
