//! Making reports: a few at a time, to the end whoever has gone, and known by their ids.

use std::sync::Arc;

use audit_layer_core::event::Member;
use chrono::Utc;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::access::{KeyId, Scope};
use crate::key::KeyHash;
use crate::limits;
use crate::places::{Place, Places};
use crate::report::completeness::Sequence;
use crate::report::decision::Decision;
use crate::report::failure::Failure;
use crate::report::gather::{self, Progress};
use crate::report::head::{Head, Origin, PROGRAM, SCHEMA};
use crate::report::members::Members;
use crate::report::request::Query;
use crate::report::{Fonts, Report, ReportFormat, ReportType};
use crate::store::{Log, LogFilter, NewReport, Store, StoreError, WriterFilter};
use crate::{telemetry, time};

/// The reports that this collector makes.
#[derive(Clone)]
pub(crate) struct Reports {
    store: Store,
    fonts: Arc<Fonts>,
    /// Given to each report from when it is asked for until it is done.
    places: Places<KeyHash>,
    /// Given to those that are being made.
    turns: Places<KeyHash>,
    stopping: watch::Sender<bool>,
}

/// What is to be made.
pub(crate) struct Order {
    pub(crate) found: Found,
    pub(crate) format: ReportFormat,
    pub(crate) query: Query,
    pub(crate) organization_id: Option<String>,
    pub(crate) key: KeyHash,
    pub(crate) key_id: KeyId,
}

/// The subject of a report, as far as it is known when it is asked for.
pub(crate) enum Found {
    Activity(LogFilter),
    Completeness(WriterFilter),
    Decision(Box<Log>),
}

/// A report that is being made.
pub(crate) struct Run {
    pub(crate) id: String,
    /// Gives the document. Whether anybody waits for it makes no difference.
    pub(crate) document: JoinHandle<Result<Vec<u8>, Failure>>,
}

impl Reports {
    pub(crate) fn new(store: Store, fonts: Fonts) -> Self {
        Self {
            store,
            fonts: Arc::new(fonts),
            places: Places::new(limits::REPORTS_OPEN_MAX, limits::REPORTS_OF_KEY_OPEN_MAX),
            turns: Places::new(limits::REPORTS_AT_ONCE, limits::REPORTS_OF_KEY_AT_ONCE),
            stopping: watch::Sender::new(false),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// A place for one more report of this key, if there is one.
    pub(crate) fn place(&self, key: &KeyHash) -> Option<Place<KeyHash>> {
        self.places.try_take(key).ok()
    }

    /// Begins to make a report, which is known by its id from then on.
    pub(crate) async fn start(
        &self,
        order: Order,
        place: Place<KeyHash>,
    ) -> Result<Run, StoreError> {
        let id = format!("report_{}", Uuid::now_v7().simple());
        let created_at = now();
        self.store.add_report(&order.row(&id, created_at)).await?;
        let task = Task {
            reports: self.clone(),
            id: id.clone(),
            progress: Progress::default(),
        };
        let document = tokio::spawn(async move {
            let document = task.run(order).await;
            drop(place);
            document
        });
        Ok(Run { id, document })
    }

    /// Lets go of the reports that are being made, and waits until each is noted as failed.
    pub(crate) async fn stop(&self) {
        self.stopping.send_replace(true);
        // Who does not end in time is found silent by whoever asks.
        let ended = self.places.close(limits::REPORTS_OPEN_MAX);
        let _ = timeout(limits::SHUTDOWN_MAX, ended).await;
    }
}

impl Order {
    fn row(&self, id: &str, created_at: i64) -> NewReport {
        NewReport {
            id: id.to_owned(),
            organization_id: self.organization_id.clone(),
            report_type: self.found.report_type().name(),
            format: self.format.name(),
            query: serde_json::to_string(&self.query).unwrap_or_default(),
            shows: match &self.found {
                Found::Decision(log) => {
                    let user = Members::of(log).get(Member::UserId).text();
                    Some((log.id.clone(), user.unwrap_or_default()))
                }
                _ => None,
            },
            created_at,
        }
    }
}

impl Found {
    /// The text of the event that the report shows.
    fn shown(&self) -> Option<&str> {
        match self {
            Self::Decision(log) => Some(&log.event),
            Self::Activity(_) | Self::Completeness(_) => None,
        }
    }

    /// The log id of the event that the report shows.
    pub(crate) fn log_id(&self) -> Option<&str> {
        match self {
            Self::Decision(log) => Some(&log.id),
            Self::Activity(_) | Self::Completeness(_) => None,
        }
    }

    fn report_type(&self) -> ReportType {
        match self {
            Self::Activity(_) => ReportType::Activity,
            Self::Completeness(_) => ReportType::Completeness,
            Self::Decision(_) => ReportType::DecisionAudit,
        }
    }
}

/// One report on its way.
struct Task {
    reports: Reports,
    id: String,
    progress: Progress,
}

impl Task {
    async fn run(self, order: Order) -> Result<Vec<u8>, Failure> {
        let mut stopping = self.reports.stopping.subscribe();
        let made = tokio::select! {
            made = self.make(&order) => made,
            never = self.say_so() => never,
            _ = stopping.wait_for(|stopping| *stopping) => Err(Failure::Interrupted),
        };
        let store = self.reports.store();
        let now = now();
        let kept = match made {
            Ok(document) => {
                let events = self.progress.events_read();
                let shown = order.found.shown();
                let finished = store.finish_report(&self.id, &document, shown, events, now);
                match finished.await {
                    Ok(true) => return Ok(document),
                    Ok(false) => Err(Failure::Erased),
                    Err(error) => Err(Failure::from(error)),
                }
            }
            Err(failure) => Err(failure),
        };
        if let Err(failure) = kept {
            telemetry::report_failed(failure.name());
            if let Err(error) = store.fail_report(&self.id, failure.name(), now).await {
                telemetry::read_failed(&error);
            }
        }
        kept
    }

    /// Notes again and again that the report is being made.
    async fn say_so<T>(&self) -> T {
        loop {
            sleep(limits::REPORT_PROGRESS_INTERVAL).await;
            let now = now();
            let events = self.progress.events_read();
            let said = self.reports.store().report_is_alive(&self.id, events, now);
            if let Err(error) = said.await {
                telemetry::read_failed(&error);
            }
        }
    }

    async fn make(&self, order: &Order) -> Result<Vec<u8>, Failure> {
        let turn = self.reports.turns.take(&order.key).await;
        let _turn = turn.map_err(|_| Failure::Interrupted)?;
        let store = self.reports.store();
        let format = order.format;
        // After the wait for its turn, in which events may have come in.
        let began_at = now();
        let head = |ended_at| move |data_sha256| self.head(order, began_at, ended_at, data_sha256);
        let report = match &order.found {
            Found::Activity(filter) => {
                let facts =
                    gather::activity(store, filter.clone(), &order.query, &self.progress).await?;
                Report::new(&facts, facts.document(), head(Some(now())))?
            }
            Found::Completeness(filter) => {
                let facts = gather::completeness(store, filter.clone()).await?;
                Report::new(&facts, facts.document(), head(None))?
            }
            Found::Decision(log) => {
                let sequence = self.sequence(log).await?;
                let others = self.others(log).await?;
                let facts = Decision::new(log, others, sequence.as_ref())?;
                Report::new(&facts, facts.document(), head(None))?
            }
        };
        let fonts = Arc::clone(&self.reports.fonts);
        let written = spawn_blocking(move || report.write(format, &fonts)).await;
        let document = written.map_err(|error| match error.is_panic() {
            true => Failure::Typesetting,
            false => Failure::Interrupted,
        })??;
        match document.len() > limits::REPORT_BYTES_MAX {
            true => Err(Failure::TooLarge),
            false => Ok(document),
        }
    }

    /// The log ids of the other records of a call whose records contradict each other.
    async fn others(&self, log: &Log) -> Result<Vec<String>, Failure> {
        let Some(call) = log.call().filter(|_| log.conflict_of.is_some()) else {
            return Ok(Vec::new());
        };
        let scope = Scope::Organization(call.organization_id);
        let store = self.reports.store();
        let ids = store.log_ids_of(&call.request_id, &scope, limits::AMBIGUOUS_IDS_MAX);
        let ids = ids.await?.listed.into_iter();
        Ok(ids.filter(|id| *id != log.id).collect())
    }

    async fn sequence(&self, log: &Log) -> Result<Option<Sequence>, Failure> {
        let (organization, writer) = {
            let event = Members::of(log);
            let seq = event.gateway("writer", "seq").count();
            let seq = seq.and_then(|seq| i64::try_from(seq).ok());
            let organization = event.get(Member::OrganizationId).text();
            (
                organization.unwrap_or_default(),
                event.gateway("writer", "id").text().zip(seq),
            )
        };
        let writer = writer.filter(|_| !log.writer_not_counted);
        gather::sequence(self.reports.store(), &organization, writer).await
    }

    /// `began_at` and `ended_at` are when the facts were read, in microseconds since 1970, UTC.
    fn head(
        &self,
        order: &Order,
        began_at: i64,
        ended_at: Option<i64>,
        data_sha256: String,
    ) -> Head {
        Head {
            schema: SCHEMA,
            id: self.id.clone(),
            report_type: order.found.report_type(),
            generated_at: time::text(began_at),
            read_until: ended_at.map(time::text),
            generated_by: Origin {
                key_id: order.key_id.0.clone(),
                program: PROGRAM,
            },
            organization_id: order.organization_id.clone(),
            query: order.query.clone(),
            data_sha256,
        }
    }
}

/// In microseconds since 1970, UTC.
fn now() -> i64 {
    Utc::now().timestamp_micros()
}
