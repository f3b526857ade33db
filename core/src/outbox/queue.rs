//! The events that wait to be sent, oldest first.

use std::collections::VecDeque;
use std::mem;

use crate::policy::{Batch, Retry};
use crate::time::Timestamp;

/// One event, ready to be sent.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) request_id: String,
    pub(super) json: String,
    pub(super) recorded_at: Timestamp,
    /// Whether a call waits until it is acknowledged.
    pub(super) is_pending: bool,
    /// Whether the proxy's log has it, as a dead letter of the outbox it was taken over from.
    pub(super) is_logged: bool,
    /// Whether that log may have its content.
    pub(super) has_content: bool,
    /// How many events its next batch may have, itself included. Batches that are refused for what
    /// one of their events holds are halved until that one is alone.
    pub(super) batch_max: usize,
    /// The last batch that had been sent when a page forbade one with this event.
    pub(super) forbidden_at: Option<u64>,
    /// Whether a page forbade it when it was alone.
    pub(super) is_aside: bool,
}

impl Letter {
    /// Whether it has been tried for as long as it may.
    pub(super) fn is_expired(&self, retry: &Retry, now: Timestamp) -> bool {
        now.ms_since(self.recorded_at) >= retry.max_age_ms
    }
}

/// The waiting events, with sums that no question has to make anew.
#[derive(Debug, Default)]
pub(super) struct Queue {
    letters: VecDeque<Letter>,
    bytes: usize,
    /// Of the events, those that calls wait for.
    pending: usize,
}

impl Queue {
    pub(super) fn push(&mut self, letter: Letter) {
        self.count(&letter);
        self.letters.push_back(letter);
    }

    /// Takes back what was on its way, before everything younger.
    pub(super) fn put_back(&mut self, letters: Vec<Letter>) {
        for letter in letters.into_iter().rev() {
            self.count(&letter);
            self.letters.push_front(letter);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Letter> {
        let letter = self.letters.pop_front()?;
        self.bytes = self.bytes.saturating_sub(letter.json.len());
        self.pending = self.pending.saturating_sub(usize::from(letter.is_pending));
        Some(letter)
    }

    /// The events of the next batch.
    pub(super) fn pop_batch(&mut self, batch: &Batch) -> Vec<Letter> {
        let mut letters = Vec::new();
        let (mut bytes, mut events_max) = (0_usize, batch.max_events.max(1));
        while let Some(next) = self.letters.front() {
            bytes = bytes.saturating_add(next.json.len());
            events_max = events_max.min(next.batch_max.max(1));
            let fits = letters.len() < events_max && bytes <= batch.max_bytes;
            // One event alone may be as large as it is.
            if !fits && !letters.is_empty() {
                break;
            }
            letters.extend(self.pop());
        }
        letters
    }

    /// When a batch is to be sent, if nothing more comes: now or later.
    pub(super) fn due_at(&self, batch: &Batch, now: Timestamp) -> Option<Timestamp> {
        let oldest = self.letters.front()?;
        let is_due = self.pending > 0
            || self.letters.len() >= batch.max_events
            || self.bytes >= batch.max_bytes
            || now.ms_since(oldest.recorded_at) >= batch.linger_ms;
        Some(match is_due {
            true => now,
            false => oldest.recorded_at.plus_ms(batch.linger_ms),
        })
    }

    /// Empties it.
    pub(super) fn take(&mut self) -> VecDeque<Letter> {
        mem::take(self).letters
    }

    fn count(&mut self, letter: &Letter) {
        self.bytes = self.bytes.saturating_add(letter.json.len());
        self.pending = self.pending.saturating_add(usize::from(letter.is_pending));
    }
}
