//! Events that a page forbade when each was alone. A firewall gives one that found something in an event;
//! or that lets nobody pass.
//!
//! An answer does not say which. If something that was sent after it is taken, it was about the event,
//! which is given up; as long as nothing is, it may be about whoever sends, and the events are kept. So
//! each of them waits here, where nothing waits behind it, and is tried alone with a backoff of its own.
//! Only what has no others that could tell is given up at once, and of all only a few before the next
//! event is taken: a way that is shut shall cost no more than these.

use std::collections::VecDeque;
use std::mem;

use super::backoff::Backoff;
use super::queue::Letter;
use super::{Answer, Failure, Outbox, Outcome, Refused, Settled};
use crate::limits::{FORBIDDEN_EVENTS_MAX, FORBIDDEN_IN_A_ROW_MAX};
use crate::policy::Retry;
use crate::time::Timestamp;

/// Those events, the one to be tried next first.
#[derive(Debug, Default)]
pub(super) struct Aside {
    letters: VecDeque<Letter>,
    backoff: Backoff,
    /// The last batch of all that were taken.
    last_taken: u64,
    /// Events that were given up since.
    given_up: u32,
}

impl Aside {
    /// Something was taken: what it tells of these events is tried at once.
    pub(super) fn taken(&mut self, batch: u64) {
        self.last_taken = self.last_taken.max(batch);
        self.given_up = 0;
        self.backoff = Backoff::default();
    }

    /// When one is to be tried. What is on its way may tell of it first.
    pub(super) fn due_at(&self, is_idle: bool, retry: &Retry, now: Timestamp) -> Option<Timestamp> {
        let next = self.letters.front()?;
        let may_be_tried = is_idle || self.is_told(next);
        may_be_tried.then(|| self.backoff.until(retry, now))
    }

    pub(super) fn pop(&mut self) -> Option<Letter> {
        self.letters.pop_front()
    }

    /// Takes back those whose try says nothing of them.
    pub(super) fn put_back(&mut self, letters: Vec<Letter>) {
        for letter in letters.into_iter().rev() {
            self.letters.push_front(letter);
        }
    }

    /// Empties it.
    pub(super) fn take(&mut self) -> VecDeque<Letter> {
        mem::take(&mut self.letters)
    }

    /// Those that have waited for as long as they may.
    fn take_expired(&mut self, retry: &Retry, now: Timestamp) -> Vec<Letter> {
        let waiting = mem::take(&mut self.letters).into_iter();
        let (expired, kept): (VecDeque<_>, _) =
            waiting.partition(|letter| letter.is_expired(retry, now));
        self.letters = kept;
        expired.into()
    }

    /// Whether something was taken that was sent after this event was forbidden.
    fn is_told(&self, letter: &Letter) -> bool {
        letter.forbidden_at.is_some_and(|at| at < self.last_taken)
    }

    fn may_give_up(&self) -> bool {
        self.given_up < FORBIDDEN_IN_A_ROW_MAX
    }

    /// Counts an event that is given up.
    pub(super) fn give_up(&mut self) {
        self.given_up = self.given_up.saturating_add(1);
    }
}

impl Outbox {
    /// What a page means that forbids an event which was sent alone.
    pub(super) fn forbidden_alone(&self, alone: &Letter, answer: &Answer<'_>) -> Outcome {
        let has_others = self.events > 1;
        if self.aside.may_give_up() && (self.aside.is_told(alone) || !has_others) {
            return answer.refused(Refused::Page);
        }
        let is_shut = alone.is_aside || self.aside.letters.len() >= FORBIDDEN_EVENTS_MAX;
        match is_shut {
            true => answer.failed(Failure::Forbidden(answer.status)),
            false => answer.refused(Refused::Suspect),
        }
    }

    /// Puts an event aside that a page forbids, and goes on with the others.
    pub(super) fn set_aside(
        &mut self,
        letters: Vec<Letter>,
        retry: &Retry,
        now: Timestamp,
    ) -> Settled {
        if self.aside.letters.is_empty() {
            self.aside.backoff = Backoff::default();
            self.aside.backoff.pause(0, retry, &mut self.random, now);
        }
        self.push_aside(letters, |letter, last| {
            letter.forbidden_at.get_or_insert(last);
        })
    }

    /// Keeps an event that a page forbids, as it seems to forbid all, and takes out those aside that
    /// have waited for as long as they may.
    pub(super) fn shut(
        &mut self,
        letters: Vec<Letter>,
        asked_ms: u64,
        retry: &Retry,
        now: Timestamp,
    ) -> (Settled, Vec<Letter>) {
        let was_aside = letters.iter().any(|letter| letter.is_aside);
        if was_aside {
            self.aside
                .backoff
                .fail(asked_ms, retry, &mut self.random, now);
        } else {
            // At a steady rate: what has not been tried must not wait ever longer for what is forbidden.
            self.backoff.pause(asked_ms, retry, &mut self.random, now);
        }
        let settled = self.push_aside(letters, |letter, last| letter.forbidden_at = Some(last));
        (settled, self.aside.take_expired(retry, now))
    }

    fn push_aside(&mut self, letters: Vec<Letter>, note: impl Fn(&mut Letter, u64)) -> Settled {
        let retried = letters.len();
        for mut letter in letters {
            letter.batch_max = 1;
            letter.is_aside = true;
            note(&mut letter, self.last_batch);
            self.aside.letters.push_back(letter);
        }
        Settled {
            retried,
            ..Settled::default()
        }
    }
}
