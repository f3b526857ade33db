//! What is there after a collector was killed again and again while events came in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use audit_layer_tests::collector::{Api, Collector};
use audit_layer_tests::postgres::Postgres;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Where the collector keeps its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// In a file.
    Sqlite,
    /// On a server.
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How often something dies.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The collector, by SIGKILL.
    pub kills: usize,
    /// A process of the database server, by SIGKILL, after which the server recovers from its log.
    pub crashes: usize,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Account {
    /// Times that the collector was killed.
    pub kills: usize,
    /// Times that the server crashed.
    pub crashes: usize,
    /// Different events that were sent, many of them more than once.
    pub sent: usize,
    /// Those to which the answer was success.
    pub acknowledged: usize,
    /// Those that are there in the end.
    pub found: usize,
    /// Acknowledged ones that are not there.
    pub missing: usize,
    /// Events that are there more than once, or that only one of two ways finds.
    pub twice: usize,
}

impl Account {
    /// Fails unless every acknowledged event is there, and none twice.
    pub fn check(&self) -> Result<()> {
        let Self { missing, twice, .. } = self;
        ensure!(self.acknowledged > 0, "nothing was acknowledged");
        ensure!(*missing == 0, "{missing} acknowledged events are missing");
        ensure!(*twice == 0, "{twice} events are there twice");
        Ok(())
    }
}

/// Has clients send events, single ones and batches, while the collector and the server die as
/// planned; what was not acknowledged is sent again. `progress` is told after each kill.
pub async fn run(engine: Engine, plan: Plan, mut progress: impl FnMut(usize)) -> Result<Account> {
    let place = Place::new(engine)?;
    let mut collector = Collector::start(&place.database, 0).await?;
    let mut senders: Vec<Sender> = (0..SENDERS).map(Sender::new).collect();
    let mut crashes = 0;
    for kill in 0..plan.kills {
        let before = ACKNOWLEDGED_MIN + 7 * kill;
        if let Some(server) = place.server.as_ref().filter(|_| kill < plan.crashes) {
            let load = Load::begin(collector.api(), senders);
            load.until_acknowledged(before).await?;
            server.crash()?;
            server.until_it_answers()?;
            // The collector goes on by itself.
            load.until_acknowledged(2 * before).await?;
            senders = load.end().await;
            crashes += 1;
        }
        let load = Load::begin(collector.api(), senders);
        load.until_acknowledged(before).await?;
        // At another moment of a commit each time.
        sleep(Duration::from_micros(kill as u64 * 370 % 10_000)).await;
        collector.kill().await?;
        senders = load.end().await;
        collector.restart().await?;
        progress(kill + 1);
    }
    let account = account(collector.api(), &senders).await?;
    Ok(Account {
        kills: plan.kills,
        crashes,
        ..account
    })
}

/// A database of its own.
struct Place {
    database: String,
    server: Option<Postgres>,
    _folder: TempDir,
}

impl Place {
    fn new(engine: Engine) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let server = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Postgres::start(&[])?),
        };
        let database = match &server {
            None => folder.path().join("audit.db").display().to_string(),
            Some(server) => server.new_database()?,
        };
        Ok(Self {
            database,
            server,
            _folder: folder,
        })
    }
}

/// Senders at work.
struct Load {
    acknowledged: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<Sender>,
}

impl Load {
    fn begin(api: &Api, senders: Vec<Sender>) -> Self {
        let (acknowledged, is_over) = (Arc::default(), Arc::default());
        let mut tasks = JoinSet::new();
        for sender in senders {
            let (count, is_over) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
            tasks.spawn(sender.send_until(is_over, api.clone(), count));
        }
        Self {
            acknowledged,
            is_over,
            tasks,
        }
    }

    async fn until_acknowledged(&self, events: usize) -> Result<()> {
        let what = format!("answer to {events} events");
        wait_until(&what, PATIENCE, async || {
            let count = self.acknowledged.load(Ordering::Relaxed);
            Ok((count >= events).then_some(()))
        })
        .await
    }

    async fn end(self) -> Vec<Sender> {
        self.is_over.store(true, Ordering::Relaxed);
        self.tasks.join_all().await
    }
}

/// A client that remembers what it has sent.
struct Sender {
    name: usize,
    client: Client,
    /// Events that were sent so far, by their numbers.
    sent: usize,
    acknowledged: HashSet<String>,
    /// The last request, if there was no answer of success to it.
    open: Option<Vec<String>>,
}

impl Sender {
    fn new(name: usize) -> Self {
        Self {
            name,
            client: Client::new(),
            sent: 0,
            acknowledged: HashSet::new(),
            open: None,
        }
    }

    /// Sends until it is over, or the collector is gone.
    async fn send_until(
        mut self,
        is_over: Arc<AtomicBool>,
        api: Api,
        acknowledged: Arc<AtomicUsize>,
    ) -> Self {
        while !is_over.load(Ordering::Relaxed) {
            let ids = self.open.take().unwrap_or_else(|| self.next());
            let lines: String = ids.iter().map(|id| line(id)).collect();
            let path = if ids.len() == 1 { "log" } else { "log/batch" };
            let request = self.client.post(format!("{}/audit/{path}", api.url()));
            let answer = request.bearer_auth(api.key()).body(lines).send().await;
            match answer.map(|answer| answer.status()) {
                Ok(StatusCode::OK) => {
                    acknowledged.fetch_add(ids.len(), Ordering::Relaxed);
                    self.acknowledged.extend(ids);
                }
                Ok(_) => self.open = Some(ids),
                Err(_) => {
                    self.open = Some(ids);
                    break;
                }
            }
        }
        self
    }

    /// The events of the next request: every other client sends batches.
    fn next(&mut self) -> Vec<String> {
        let count = [1, 20][self.name % 2];
        let first = self.sent;
        self.sent += count;
        let numbers = first..self.sent;
        numbers
            .map(|number| format!("{}-{number}", self.name))
            .collect()
    }
}

fn line(id: &str) -> String {
    let event = json!({
        "request_id": id, "timestamp": "2026-11-25T12:00:00Z", "duration_ms": 1, "user_id": "ann",
        "organization_id": "org_1", "prompt_hash": "", "prompt_content": "Is it there?",
        "prompt_tokens": 3, "response_content": "It was acknowledged.", "response_tokens": 4,
        "model_provider": "openai", "model_name": "gpt-4o", "compliance_tags": ["kept"],
    });
    format!("{event}\n")
}

/// Compares what there is with what the senders remember.
async fn account(api: &Api, senders: &[Sender]) -> Result<Account> {
    let all = count(api, "").await?;
    // By another way: through the index.
    let tagged = count(api, "compliance_tag=kept&text=acknowledged").await?;
    let acknowledged = senders.iter().flat_map(|sender| &sender.acknowledged);
    let is_missing = |id: &&String| !all.contains_key(*id) || !tagged.contains_key(*id);
    let again = all
        .values()
        .chain(tagged.values())
        .filter(|count| **count > 1);
    Ok(Account {
        sent: senders.iter().map(|sender| sender.sent).sum(),
        acknowledged: acknowledged.clone().count(),
        found: all.len(),
        missing: acknowledged.filter(is_missing).count(),
        twice: again.count(),
        ..Account::default()
    })
}

/// How often each event is there, by its request_id.
async fn count(api: &Api, query: &str) -> Result<HashMap<String, usize>> {
    let mut counts = HashMap::new();
    let take = |event: Value| {
        let id = event["request_id"].as_str().unwrap_or_default();
        *counts.entry(id.to_owned()).or_default() += 1;
    };
    api.each_event(query, take).await?;
    Ok(counts)
}

const SENDERS: usize = 6;

const ACKNOWLEDGED_MIN: usize = 300;
