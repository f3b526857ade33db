//! Delivery as pure code: which events to send, when, and what became of them.
//!
//! The outbox never sends. Its owner asks [`Outbox::poll`] for a batch, sends it, and tells
//! [`Outbox::settle`] the outcome. An event leaves the outbox by being acknowledged or by becoming
//! a [`DeadLetter`]; there is no other way out.

mod aside;
mod backoff;
mod outcome;
mod parcel;
mod queue;
mod receipt;
mod sequence;

use std::borrow::Cow;
use std::mem;

use crate::dead_letter::{self, without_content};
use crate::destination::Destination;
use crate::event::{AuditEvent, CompletionState, Writer};
use crate::json;
use crate::limits::{BATCHES_IN_FLIGHT_MAX, RETRY_AFTER_MS_MAX};
use crate::policy::{DeadLetterPolicy, Delivery, Retry};
use crate::time::Timestamp;

use aside::Aside;
use backoff::{Backoff, SplitMix};
pub use outcome::{Answer, Failure, Outcome, Refused};
use queue::{Letter, Queue};
pub use receipt::Receipt;
use sequence::Sequences;

/// The undelivered events of one host, such as a proxy's VM, to one destination.
#[derive(Debug)]
pub struct Outbox {
    destination: Destination,
    sequences: Sequences,
    queue: Queue,
    in_flight: Vec<(BatchId, Vec<Letter>)>,
    bytes: usize,
    events: usize,
    last_batch: u64,
    backoff: Backoff,
    aside: Aside,
    random: SplitMix,
}

/// Where the events of a batch have waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// Alone, as a page forbade it.
    Aside,
    /// With the others.
    Queue,
}

/// Names a batch that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchId(u64);

/// Events to be sent together.
#[derive(Debug)]
pub struct Batch {
    /// By which its outcome is told.
    pub id: BatchId,
    /// The events, one JSON object a line; a single event without a line end.
    pub body: Vec<u8>,
    /// How many they are.
    pub events: usize,
}

/// An event that will not be delivered by this outbox, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Why, in one word or a status.
    pub reason: String,
    /// The event's JSON.
    pub json: String,
    /// Whether the proxy's log has it already, from an outbox that it was taken over from.
    pub is_logged: bool,
    /// Whether the proxy's log may have its content, by the configuration that recorded it.
    has_content: bool,
    /// Whether it came from an outbox of its destination. What a queue of the host holds beside such
    /// events may be anyone's, and is not vouched for.
    is_ours: bool,
    destination: Destination,
    /// The event itself, for another outbox; empty where it cannot be told from its JSON.
    request_id: String,
    recorded_at: Timestamp,
    is_pending: bool,
}

impl DeadLetter {
    /// The call that waited for this event, if one did.
    pub fn awaited_by(&self) -> Option<&str> {
        self.is_pending.then_some(&self.request_id)
    }

    /// The line of it for the proxy's log, by the policy of its destination. Several configurations may
    /// share that: content that one of them keeps out of the log stays out.
    pub fn line(&self, policy: &DeadLetterPolicy) -> String {
        let key = policy.key.as_ref().filter(|_| self.is_ours);
        let event = match policy.has_content && self.has_content {
            true => Cow::Borrowed(self.json.as_str()),
            false => Cow::Owned(without_content(&self.json, &self.request_id)),
        };
        dead_letter::line(&self.reason, &event, key)
    }
}

/// What an outcome meant for the events of its batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How long each event that is acknowledged took from being recorded, in milliseconds.
    pub delivered_after_ms: Vec<u64>,
    /// The calls that waited for one of these events, by their request ids.
    pub acknowledged: Vec<String>,
    /// Events that will be sent again.
    pub retried: usize,
    /// Events given up.
    pub dead: Vec<DeadLetter>,
}

impl Outbox {
    /// An empty outbox. `writer_id` names it among all that ever are; `seed` decides the jitter.
    pub fn new(destination: Destination, writer_id: String, seed: u64) -> Self {
        Self {
            destination,
            sequences: Sequences::new(writer_id),
            queue: Queue::default(),
            in_flight: Vec::new(),
            bytes: 0,
            events: 0,
            last_batch: 0,
            backoff: Backoff::default(),
            aside: Aside::default(),
            random: SplitMix(seed),
        }
    }

    /// Takes an event, gives it its place in the writer's sequence, and gives up the oldest events
    /// over the bounds.
    pub fn push(
        &mut self,
        event: AuditEvent,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Vec<DeadLetter> {
        let writer = self.sequences.place(&event);
        let letter = Self::seal(event, writer, delivery, now);
        self.keep(letter, delivery)
    }

    /// Takes over an event that another outbox handed on as [`DeadLetter::parcel`]. It keeps its
    /// place in the sequence of its writer. What is no parcel, or is one for another destination,
    /// comes back as a dead letter.
    pub fn adopt(&mut self, parcel: &[u8], delivery: &Delivery) -> Vec<DeadLetter> {
        match parcel::open(parcel, &self.destination) {
            Ok(letter) => self.keep(letter, delivery),
            Err(dead) => vec![*dead],
        }
    }

    fn keep(&mut self, letter: Letter, delivery: &Delivery) -> Vec<DeadLetter> {
        self.bytes = self.bytes.saturating_add(letter.json.len());
        self.events = self.events.saturating_add(1);
        self.queue.push(letter);
        let mut dead = Vec::new();
        while self.is_over(delivery) {
            let Some(oldest) = self.aside.pop().or_else(|| self.queue.pop()) else {
                break;
            };
            dead.push(self.bury(oldest, "queue_full"));
        }
        dead
    }

    fn seal(mut event: AuditEvent, writer: Writer, delivery: &Delivery, now: Timestamp) -> Letter {
        event.metadata.audit_layer.writer = Some(writer);
        let texts = event
            .prompt_content
            .len()
            .saturating_add(event.response_content.len());
        let escapes = texts.div_euclid(TEXT_BYTES_OF_AN_ESCAPE);
        let size = texts.saturating_add(escapes).saturating_add(EVENT_BYTES);
        Letter {
            // No type of an event is one that cannot be written; an empty line would be refused.
            json: json::written(&event, size).unwrap_or_default(),
            is_pending: is_pending(&event),
            request_id: event.request_id,
            recorded_at: now,
            is_logged: false,
            has_content: delivery.dead_letter.has_content,
            batch_max: usize::MAX,
            forbidden_at: None,
            is_aside: false,
        }
    }

    fn is_over(&self, delivery: &Delivery) -> bool {
        self.events > delivery.queue.max_events || self.bytes > delivery.queue.max_bytes
    }

    /// The next batch to send now, if there is one. It counts as on its way until it is settled.
    pub fn poll(&mut self, delivery: &Delivery, now: Timestamp) -> Option<Batch> {
        let letters = self.next(delivery, now)?;
        let body = body(&letters, delivery.batch.path.is_some());
        self.last_batch = self.last_batch.wrapping_add(1);
        let id = BatchId(self.last_batch);
        let events = letters.len();
        self.in_flight.push((id, letters));
        Some(Batch { id, body, events })
    }

    /// Whether there is a batch to be sent now.
    pub fn is_ready(&self, delivery: &Delivery, now: Timestamp) -> bool {
        self.due(delivery, now).is_some_and(|(at, _)| at <= now)
    }

    /// When there is a batch to be sent, if nothing happens before: now or later. `None` if nothing
    /// waits, or what waits is waiting for an outcome.
    pub fn due_at(&self, delivery: &Delivery, now: Timestamp) -> Option<Timestamp> {
        self.due(delivery, now).map(|(at, _)| at)
    }

    /// The lane of the next batch, and when it is due: now or later.
    fn due(&self, delivery: &Delivery, now: Timestamp) -> Option<(Timestamp, Lane)> {
        // After a failure one batch at a time tries whether the audit API is back.
        let in_flight_max = match self.backoff.is_failing() {
            true => 1,
            false => BATCHES_IN_FLIGHT_MAX,
        };
        if self.in_flight.len() >= in_flight_max {
            return None;
        }
        let is_tried = |(_, letters): &(_, Vec<Letter>)| letters.iter().any(|one| one.is_aside);
        let aside = match self.in_flight.iter().any(is_tried) {
            true => None,
            false => self
                .aside
                .due_at(self.in_flight.is_empty(), &delivery.retry, now),
        };
        let queue = self.queue.due_at(&delivery.batch, now);
        let lanes = [
            aside.map(|at| (at, Lane::Aside)),
            queue.map(|at| (at, Lane::Queue)),
        ];
        let (at, lane) = lanes.into_iter().flatten().min_by_key(|(at, _)| *at)?;
        Some((at.max(self.backoff.until(&delivery.retry, now)), lane))
    }

    fn next(&mut self, delivery: &Delivery, now: Timestamp) -> Option<Vec<Letter>> {
        let (_, lane) = self.due(delivery, now).filter(|(at, _)| *at <= now)?;
        match lane {
            Lane::Aside => Some(vec![self.aside.pop()?]),
            Lane::Queue => Some(self.queue.pop_batch(&delivery.batch)),
        }
    }

    /// What an answer to a batch means.
    pub fn outcome(&self, id: BatchId, answer: &Answer<'_>) -> Outcome {
        let batch = self.in_flight.iter().find(|(known, _)| *known == id);
        let letters = batch.map_or(&[][..], |(_, letters)| letters);
        let ids: Vec<&str> = letters.iter().map(|letter| &*letter.request_id).collect();
        let outcome = Outcome::of_answer(answer, &ids);
        match (&outcome, letters) {
            (
                Outcome::Refused {
                    about: Refused::Page,
                    ..
                },
                [alone],
            ) => self.forbidden_alone(alone, answer),
            _ => outcome,
        }
    }

    /// Takes the outcome of a batch. An unknown or settled batch is passed over.
    pub fn settle(
        &mut self,
        id: BatchId,
        outcome: Outcome,
        retry: &Retry,
        now: Timestamp,
    ) -> Settled {
        let Some(at) = self.in_flight.iter().position(|(known, _)| *known == id) else {
            return Settled::default();
        };
        let (_, letters) = self.in_flight.swap_remove(at);
        match outcome {
            Outcome::Accepted(receipt) => {
                self.aside.taken(id.0);
                self.accept(letters, &receipt, now)
            }
            Outcome::Refused {
                about: Refused::Suspect,
                ..
            } => self.set_aside(letters, retry, now),
            Outcome::Refused { reason, about } => self.refuse(letters, &reason, about),
            Outcome::Failed {
                retry_after_ms,
                failure,
            } => {
                let asked_ms = retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX);
                let is_over = |letter: &Letter| letter.is_expired(retry, now);
                let (mut expired, kept): (Vec<_>, _) = letters.into_iter().partition(is_over);
                let mut settled = match failure {
                    Failure::Forbidden(_) => {
                        let (settled, others) = self.shut(kept, asked_ms, retry, now);
                        expired.extend(others);
                        settled
                    }
                    _ => {
                        self.backoff.fail(asked_ms, retry, &mut self.random, now);
                        self.retry(kept)
                    }
                };
                settled.dead = self.bury_all(expired, &failure.reason());
                settled
            }
        }
    }

    fn accept(&mut self, letters: Vec<Letter>, receipt: &Receipt, now: Timestamp) -> Settled {
        self.backoff.succeed();
        let mut settled = Settled::default();
        for (place, letter) in letters.into_iter().enumerate() {
            match receipt.rejection(place) {
                Some(reason) => settled.dead.push(self.bury(letter, reason)),
                None => {
                    let after_ms = now.ms_since(letter.recorded_at);
                    settled.delivered_after_ms.push(after_ms);
                    self.forget(&letter);
                    if letter.is_pending {
                        settled.acknowledged.push(letter.request_id);
                    }
                }
            }
        }
        settled
    }

    fn refuse(&mut self, mut letters: Vec<Letter>, reason: &str, about: Refused) -> Settled {
        self.backoff.succeed();
        let events = letters.len();
        if about != Refused::Sender && events > 1 {
            for letter in &mut letters {
                letter.batch_max = events.div_ceil(2);
                if about == Refused::Page {
                    letter.forbidden_at.get_or_insert(self.last_batch);
                }
            }
            return self.retry(letters);
        }
        if about == Refused::Page {
            self.aside.give_up();
        }
        Settled {
            dead: self.bury_all(letters, reason),
            ..Settled::default()
        }
    }

    fn retry(&mut self, letters: Vec<Letter>) -> Settled {
        let retried = letters.len();
        self.put_back(letters);
        Settled {
            retried,
            ..Settled::default()
        }
    }

    fn put_back(&mut self, letters: Vec<Letter>) {
        match letters.iter().any(|letter| letter.is_aside) {
            true => self.aside.put_back(letters),
            false => self.queue.put_back(letters),
        }
    }

    /// Takes back a batch whose outcome will never be known, to be sent again.
    pub fn recall(&mut self, id: BatchId) {
        let Some(at) = self.in_flight.iter().position(|(known, _)| *known == id) else {
            return;
        };
        let (_, letters) = self.in_flight.swap_remove(at);
        self.put_back(letters);
    }

    /// Gives up everything that is not acknowledged: what waits, and what is on its way.
    pub fn drain(&mut self, reason: &str) -> Vec<DeadLetter> {
        let in_flight = mem::take(&mut self.in_flight);
        let waiting = self.aside.take().into_iter().chain(self.queue.take());
        let in_flight = in_flight.into_iter().flat_map(|(_, letters)| letters);
        self.bury_all(in_flight.chain(waiting), reason)
    }

    /// Where its events go.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Which writer its events name.
    pub fn writer_id(&self) -> &str {
        self.sequences.id()
    }

    /// Events that are neither acknowledged nor given up.
    pub fn depth(&self) -> usize {
        self.events
    }

    /// Bytes of those events.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn bury_all(
        &mut self,
        letters: impl IntoIterator<Item = Letter>,
        reason: &str,
    ) -> Vec<DeadLetter> {
        let letters = letters.into_iter();
        letters.map(|letter| self.bury(letter, reason)).collect()
    }

    fn bury(&mut self, letter: Letter, reason: &str) -> DeadLetter {
        self.forget(&letter);
        DeadLetter {
            reason: reason.to_owned(),
            json: letter.json,
            is_logged: letter.is_logged,
            has_content: letter.has_content,
            is_ours: true,
            destination: self.destination.clone(),
            request_id: letter.request_id,
            recorded_at: letter.recorded_at,
            is_pending: letter.is_pending,
        }
    }

    fn forget(&mut self, letter: &Letter) {
        self.bytes = self.bytes.saturating_sub(letter.json.len());
        self.events = self.events.saturating_sub(1);
    }
}

/// Bytes that most events have beside their texts.
const EVENT_BYTES: usize = 2 << 10;

/// In most texts fewer of their bytes than one of so many is escaped.
const TEXT_BYTES_OF_AN_ESCAPE: usize = 32;

/// The events as they are sent: a line each, or one alone without a line end.
fn body(letters: &[Letter], are_lines: bool) -> Vec<u8> {
    let sizes = letters.iter().map(|letter| letter.json.len());
    let size = sizes.fold(letters.len(), usize::saturating_add);
    let mut body = Vec::with_capacity(size);
    for (number, letter) in letters.iter().enumerate() {
        if number > 0 {
            body.push(b'\n');
        }
        body.extend_from_slice(letter.json.as_bytes());
    }
    if are_lines {
        body.push(b'\n');
    }
    body
}

fn is_pending(event: &AuditEvent) -> bool {
    event.metadata.audit_layer.completion.state == CompletionState::Pending
}

#[cfg(test)]
mod tests;
