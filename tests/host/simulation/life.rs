//! One random life of a proxy with two workers.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use proxy_wasm_host_test::{
    Callout, EndOfBody, Host, Level, Outcome, Profile, Response, Root, RootLife, Status, Step,
    Stream, Vm,
};
use serde_json::{Value, json};

use crate::audit_api::{AuditApi, Fate};
use crate::call::{
    ANTHROPIC, ANTHROPIC_STREAM, OPENAI, OPENAI_ANSWER, OPENAI_STREAM, answered_upstream,
    ended_with, request_head, response_head, untouched,
};
use crate::proxy::{CLUSTER, DeadLetter, plugin};
use crate::simulation::ledger::{CONTENT, Ledger, SECRETS};

/// Things that happen in one life.
const EVENTS: usize = 120;

/// Streams open at the same time.
const STREAMS_MAX: usize = 8;

/// Audit keys, each of an organization of its own, between which configurations change.
const TENANTS: u32 = 3;

/// The longest wait between two attempts to deliver.
const RETRY_MS_MAX: u32 = 2_000;

/// The audit API's mood, which changes during a life.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Up,
    Flaky,
    Down,
}

/// A proxy, and everything under way in it.
pub(crate) struct Life {
    random: Rng,
    host: Host,
    api: AuditApi,
    mood: Rc<RefCell<Mood>>,
    workers: Vec<Vm>,
    retired: Vec<Root>,
    calls: Vec<Call>,
    ledger: Ledger,
    opened: usize,
    hash_only: bool,
}

/// A call under way.
struct Call {
    stream: Stream,
    response: &'static str,
    /// Bytes still to be sent of the request, then of the response; `None` before the headers.
    request: Option<Vec<u8>>,
    answer: Option<Vec<u8>>,
    /// What the client has got so far, to be compared with what the upstream sent.
    sent: usize,
}

impl Life {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let mut random = Rng::with_seed(seed);
        let host = Host::with_seed(profile(&mut random), seed);
        let (api, mood) = (AuditApi::default(), Rc::new(RefCell::new(Mood::Up)));
        host.set_cluster(CLUSTER, moody(&api, &mood, random.fork()));
        let hash_only = random.bool();
        let plugin = plugin()?.configuration(configuration(&mut random, hash_only));
        let workers = host.deploy(&plugin, 2)?.workers;
        Ok(Self {
            random,
            host,
            api,
            mood,
            workers,
            retired: Vec::new(),
            calls: Vec::new(),
            ledger: Ledger::default(),
            opened: 0,
            hash_only,
        })
    }

    /// Lives it to its end, checks what became of everything, and gives a summary.
    pub(crate) fn live(mut self) -> String {
        for _ in 0..EVENTS {
            self.happen();
        }
        self.end();
        let dead = self.dead_letters();
        let stored = self.api.take_events();
        self.host.callouts().iter().for_each(check_addressee);
        self.check_secrets(&stored, &dead);
        self.ledger.settle(&stored, &dead)
    }

    fn happen(&mut self) {
        match self.random.u32(0..100) {
            0..20 => self.open(),
            20..80 => self.step(),
            80..92 => self.pass_time(500),
            92..95 => *self.mood.borrow_mut() = self.any(&[Mood::Up, Mood::Flaky, Mood::Down]),
            95..97 => self.reconfigure(),
            97..99 => self.retire(),
            _ => self.replace(),
        }
    }

    fn open(&mut self) {
        if self.calls.len() >= STREAMS_MAX {
            return self.step();
        }
        self.opened += 1;
        let session = format!("session-{}", self.opened);
        let worker = self.random.usize(0..self.workers.len());
        let stream = self.stream(worker);
        let (path, response) = self.any(&[
            (OPENAI, OPENAI_ANSWER),
            (OPENAI, OPENAI_STREAM),
            (ANTHROPIC, ANTHROPIC_STREAM),
            (OPENAI, "not json"),
        ]);
        let head = request_head(path).with("x-audit-session-id", &session);
        let step = stream.request_headers(head);
        untouched(&step);
        assert!(
            !step.callbacks.is_empty(),
            "the plugin is gone: {:?}",
            self.workers[worker].trap()
        );
        self.ledger.owe(session);
        let body = json!({"model": "m", "messages": [{"role": "user", "content": CONTENT}]});
        let request = Some(body.to_string().into_bytes());
        self.calls.push(Call {
            stream,
            response,
            request,
            answer: None,
            sent: 0,
        });
    }

    /// A stream under the newest configuration of a worker, or under one beside it.
    fn stream(&mut self, worker: usize) -> Stream {
        let is_open = |root: &&Root| root.life() == RootLife::Open;
        let beside: Vec<_> = self.retired.iter().filter(is_open).collect();
        if beside.is_empty() || self.random.bool() {
            return self.workers[worker].stream();
        }
        beside[self.random.usize(0..beside.len())].stream()
    }

    /// One call goes on, in one of the ways in which it can.
    fn step(&mut self) {
        if self.calls.is_empty() {
            return self.pass_time(50);
        }
        let at = self.random.usize(0..self.calls.len());
        let call = &mut self.calls[at];
        let ended = match self.random.u32(0..100) {
            0..3 => call.client_leaves(),
            3..5 => call.upstream_breaks(),
            5..7 => call.proxy_answers(),
            _ => call.go_on(&mut self.random),
        };
        if ended {
            self.calls.swap_remove(at);
        }
    }

    fn pass_time(&mut self, ms_max: u64) {
        self.host
            .advance(Duration::from_millis(self.random.u64(1..=ms_max)));
    }

    /// With the audit API up, the longest wait ends within seconds.
    fn pass_time_until_delivered(&self) {
        let is_waiting = || self.host.metrics()["audit_layer.queue_events"] > 0;
        for _ in 0..RETRY_MS_MAX {
            if !is_waiting() {
                return;
            }
            self.host.advance(Duration::from_millis(100));
        }
        assert!(!is_waiting(), "not delivered although the audit API is up");
    }

    /// Another configuration; the old one lives on until it is retired.
    fn reconfigure(&mut self) {
        let worker = self.random.usize(0..self.workers.len());
        let configuration = configuration(&mut self.random, self.hash_only);
        let old = self.workers[worker].root();
        let new = self.workers[worker]
            .reconfigure(configuration)
            .expect("a good configuration");
        if new.id() != old.id() {
            self.retired.push(old);
        }
    }

    fn retire(&mut self) {
        if !self.retired.is_empty() {
            let at = self.random.usize(0..self.retired.len());
            self.retired.swap_remove(at).retire();
        }
    }

    /// A new VM, as after a change of the module; the old one ends with its last stream.
    fn replace(&mut self) {
        let worker = self.random.usize(0..self.workers.len());
        let generation = self.opened.to_string();
        let plugin = plugin().expect("it was built before");
        let plugin = plugin
            .configuration(configuration(&mut self.random, self.hash_only))
            .environment("GENERATION", &generation);
        let new = self.workers[worker]
            .replace(&plugin)
            .expect("a good plugin");
        self.workers[worker] = new;
    }

    /// The proxy stops: at once, or after everything has come to its end.
    fn end(&mut self) {
        if self.random.bool() {
            *self.mood.borrow_mut() = Mood::Up;
            while let Some(mut call) = self.calls.pop() {
                while !call.go_on(&mut self.random) {}
            }
            self.pass_time_until_delivered();
        }
        for call in &self.calls {
            ended_with(&call.stream, 0x4000, "downstream_local_disconnect");
        }
        self.host.stop();
    }

    fn dead_letters(&self) -> Vec<Value> {
        let lines = self.host.log_text(Level::Trace);
        let letters = lines.iter().filter_map(|line| DeadLetter::read(line));
        letters.map(|letter| letter.event).collect()
    }

    fn check_secrets(&self, stored: &[Value], dead: &[Value]) {
        let log = self.host.log_text(Level::Trace).join("\n");
        let events = stored
            .iter()
            .chain(dead)
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        for secret in SECRETS {
            assert!(
                !log.contains(secret) && !events.contains(secret),
                "{secret}"
            );
        }
        let lines = log.lines().filter(|line| DeadLetter::read(line).is_none());
        let leaks: Vec<_> = lines.filter(|line| line.contains(CONTENT)).collect();
        assert!(leaks.is_empty(), "{leaks:?}");
        assert!(
            !self.hash_only || !events.contains(CONTENT),
            "content despite hash_only"
        );
    }

    fn any<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.usize(0..choices.len())]
    }
}

impl Call {
    /// Sends the next piece of the request or of the response; true at the end.
    fn go_on(&mut self, random: &mut Rng) -> bool {
        if let Some(request) = &mut self.request {
            if request.is_empty() {
                self.request = None;
                self.checked(|stream| stream.request_end());
            } else {
                let piece = take_piece(request, random);
                let step = self.stream.request_body(&piece);
                assert_eq!(step.upstream.body, piece);
            }
            return false;
        }
        match &mut self.answer {
            None => {
                self.answer = Some(self.response.into());
                self.checked(|stream| stream.response_headers(response_head(200)));
                false
            }
            Some(answer) if answer.is_empty() => {
                answered_upstream(&self.stream);
                self.checked(|stream| stream.response_end());
                self.checked(|stream| stream.finish());
                assert_eq!(self.sent, self.response.len());
                true
            }
            Some(answer) => {
                let piece = take_piece(answer, random);
                let step = self.stream.response_body(&piece);
                assert_eq!(step.downstream.body, piece);
                self.sent += piece.len();
                false
            }
        }
    }

    fn client_leaves(&mut self) -> bool {
        ended_with(&self.stream, 0x4000, "downstream_remote_disconnect");
        self.stream.client_disconnect();
        true
    }

    fn upstream_breaks(&mut self) -> bool {
        ended_with(&self.stream, 0x40, "upstream_reset_after_response_started");
        self.stream.upstream_reset();
        self.stream.finish();
        true
    }

    fn proxy_answers(&mut self) -> bool {
        if self.answer.is_some() {
            return false;
        }
        ended_with(&self.stream, 0x2, "no_healthy_upstream");
        self.checked(|stream| stream.local_reply(503, "no healthy upstream"));
        self.stream.finish();
        true
    }

    fn checked(&self, step: impl FnOnce(&Stream) -> Step) {
        untouched(&step(&self.stream));
    }
}

fn take_piece(bytes: &mut Vec<u8>, random: &mut Rng) -> Vec<u8> {
    let size = random.usize(1..=bytes.len());
    bytes.drain(..size).collect()
}

fn profile(random: &mut Rng) -> Profile {
    let ends = [EndOfBody::ExtraCallback, EndOfBody::LastChunk];
    let profile = Profile::envoy().end_of_body(ends[random.usize(0..ends.len())]);
    if random.bool() {
        profile.without_queue_notifications()
    } else {
        profile
    }
}

fn configuration(random: &mut Rng, hash_only: bool) -> String {
    let mut batch = json!({"linger_ms": random.u32(0..300), "max_events": random.u32(1..20)});
    if random.bool() {
        batch["path"] = "/audit/log/batch".into();
    }
    let tenant = random.u32(0..TENANTS);
    json!({
        "organization_id": format!("org_{tenant}"),
        "audit_api": {
            "cluster": CLUSTER, "url": "http://audit/v1", "api_key": format!("al_sk_secret_{tenant}"),
        },
        "capture": if hash_only {
            json!({"content": "hash", "hash_key": "k"})
        } else {
            json!({"content": "full"})
        },
        "delivery": {
            "batch": batch,
            "queue": {"max_events": random.u32(1..40)},
            "retry": {
                "base_ms": random.u32(1..500),
                "max_ms": RETRY_MS_MAX,
                "max_age_ms": random.u32(1_000..60_000),
            },
        },
    })
    .to_string()
}

/// No event goes with the key of another organization.
fn check_addressee(callout: &Callout) {
    let key = callout.headers.text("authorization").unwrap();
    let organization = key.replace("Bearer al_sk_secret", "org");
    for line in callout.body.split(|byte| *byte == b'\n') {
        let event = serde_json::from_slice::<Value>(line);
        assert!(
            event.is_ok_and(|event| event["organization_id"] == organization) || line.is_empty()
        );
    }
}

/// An audit API of changing mood. Connections break before and after the commit.
fn moody(
    api: &AuditApi,
    mood: &Rc<RefCell<Mood>>,
    mut random: Rng,
) -> proxy_wasm_host_test::Cluster {
    let mood = Rc::clone(mood);
    api.deciding(move |_| {
        let after = Duration::from_millis(random.u64(0..300));
        let answer = |status| Outcome::Answer {
            after,
            response: Response::new(status),
        };
        let fate = match *mood.borrow() {
            Mood::Up => 0,
            Mood::Flaky => random.u32(0..10),
            Mood::Down => random.u32(4..9),
        };
        match fate {
            0..3 => Fate::Stored(answer(200)),
            3 => Fate::Stored(Outcome::Reset { after }),
            4 => Fate::Lost(Outcome::Reset { after }),
            5 => Fate::Lost(Outcome::ConnectionRefused { after }),
            6 => Fate::Lost(Outcome::Refuse(Status::InternalFailure)),
            7 => Fate::Lost(answer(503)),
            8 => Fate::Lost(Outcome::Hang),
            _ => Fate::Lost(answer(400)),
        }
    })
}
