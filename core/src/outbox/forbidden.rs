//! Events that a page forbids, which a firewall gives that found something in one of them; or that lets
//! nobody pass.
//!
//! An answer does not say which. If others are taken meanwhile, it was about the event; if each that is
//! sent alone is forbidden, about whoever sends, and the events are kept. Until that is known, an event
//! waits behind the others. One that has no others is given up, but only a few in a row.

use super::{Answer, Failure, Letter, Outbox, Outcome, Refused, Settled};
use crate::limits::{FORBIDDEN_EVENTS_MAX, FORBIDDEN_IN_A_ROW_MAX};

impl Outbox {
    /// What a page means that forbids an event which was sent alone.
    pub(super) fn forbidden_alone(&self, alone: &Letter, answer: &Answer<'_>) -> Outcome {
        if alone.forbidden_at.is_some_and(|at| at < self.taken) {
            return answer.refused(Refused::Page);
        }
        let aside = self.queue.aside_since(self.taken);
        if self.is_shut() || alone.is_aside || aside >= FORBIDDEN_EVENTS_MAX {
            return answer.failed(Failure::Forbidden(answer.status));
        }
        answer.refused(match self.events > 1 {
            true => Refused::Suspect,
            false => Refused::Page,
        })
    }

    /// Counts an event that is given up for a page.
    pub(super) fn give_up(&mut self) {
        self.given_up = self.given_up.saturating_add(1);
        if self.given_up >= FORBIDDEN_IN_A_ROW_MAX {
            self.shut();
        }
    }

    /// Whether the last that is known of the way there is that a page forbids everything.
    pub(super) fn is_shut(&self) -> bool {
        self.shut_at == Some(self.taken)
    }

    /// From now on what a page forbids is kept, until something is taken.
    pub(super) fn shut(&mut self) {
        self.shut_at = Some(self.taken);
    }

    /// Puts events behind the others, each to be sent alone.
    pub(super) fn set_aside(&mut self, letters: Vec<Letter>) -> Settled {
        let retried = letters.len();
        for mut letter in letters {
            letter.batch_max = 1;
            letter.is_aside = true;
            letter.forbidden_at.get_or_insert(self.taken);
            self.queue.push(letter);
        }
        Settled {
            retried,
            ..Settled::default()
        }
    }
}
