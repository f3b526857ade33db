//! The running collector: a database, a port, and one task that writes.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Instant;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};
use chrono::Utc;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinError;

use crate::access::{Access, Role};
use crate::api::auth::{Doors, require_key, require_role};
use crate::api::connections::{at_once, serve_until};
use crate::api::error::ApiError;
use crate::api::ingest::Ingest;
use crate::api::session::Sessions;
use crate::api::tls::{Certificate, TlsError, TlsFiles, TlsListener};
use crate::api::turns::{in_turn, turns};
use crate::api::{
    completeness, door, history, ingest, logs, openapi, operations, page, reports, session, tls,
    values,
};
use crate::ingest::{Rates, Writer};
use crate::key::{ApiKey, KeyHash};
use crate::keys::{self, KeyLabel, Keys, KeysError, NewKey, note_uses};
use crate::query::Exports;
use crate::records::RecordWriter;
use crate::report::{Fonts, FontsError, Reports};
use crate::retention::{self, Retention};
use crate::store::{Database, Store, StoreError};
use crate::telemetry::{self, Telemetry};

/// What a collector needs to know.
#[derive(Debug)]
pub struct Config {
    /// Where to listen. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Where the events are kept. A file is created if there is none.
    pub database: Database,
    /// The keys that open the API, and all of it. If there are none, those in the database do.
    pub api_keys: Vec<ApiKey>,
    /// How long events are kept.
    pub retention: Retention,
    /// Events that each key may record in a second. Without it, as many as can be stored.
    pub rate_limit: Option<NonZeroU32>,
    /// A folder with fonts for scripts that those of a PDF lack.
    pub report_fonts: Option<PathBuf>,
    /// The certificate to speak TLS with. Without one the collector speaks plain HTTP.
    pub tls: Option<TlsFiles>,
}

/// A collector that has its database and its port, and does not answer yet.
pub struct Collector {
    store: Store,
    listener: TcpListener,
    address: SocketAddr,
    keys: Keys,
    created_key: Option<ApiKey>,
    retention: Retention,
    rates: Rates,
    fonts: Fonts,
    certificate: Option<Certificate>,
}

impl Collector {
    /// Opens the port and the database: the database last, so that nothing is made or changed in it
    /// for a collector that cannot start.
    ///
    /// # Errors
    /// The database or the port cannot be used. The message says what to do.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let certificate = match config.tls.clone() {
            Some(files) => Some(Certificate::read(files).await?),
            None => None,
        };
        let fonts = match &config.report_fonts {
            Some(folder) => Fonts::with_folder(folder)?,
            None => Fonts::default(),
        };
        let store = Store::open_to_serve(&config.database).await?;
        let (keys, created_key) = match keys(&store, &config.api_keys).await {
            Ok(keys) => keys,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        if let Err(error) = retention::record_change(&store, &config.retention).await {
            store.close().await;
            return Err(error.into());
        }
        Ok(Self {
            store,
            listener,
            address,
            keys,
            created_key,
            retention: config.retention.clone(),
            rates: Rates::new(config.rate_limit),
            fonts,
            certificate,
        })
    }

    /// The address that the collector listens on, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that was made because there was none anywhere. It is told only here.
    pub fn created_key(&self) -> Option<&ApiKey> {
        self.created_key.as_ref()
    }

    /// Answers requests until `shutdown`; then finishes those in progress, stores what was taken,
    /// and closes the database.
    ///
    /// # Errors
    /// The task that writes has failed. Every event that was acknowledged is stored even so.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), StopError> {
        let telemetry = Telemetry::new();
        let (inbox, writer) = Writer::new(self.store.clone(), telemetry.clone());
        let (stop_writer, writer_stopped) = oneshot::channel();
        let writer = tokio::spawn(writer.run(writer_stopped));
        let (stop_removing, removing_stopped) = oneshot::channel();
        let removing = tokio::spawn(retention::run(
            self.store.clone(),
            self.retention,
            telemetry.clone(),
            removing_stopped,
        ));
        let is_encrypted = self.certificate.is_some();
        let told = telemetry.clone();
        let reports = Reports::new(self.store.clone(), self.fonts);
        let (stop_noting, noting_stopped) = oneshot::channel();
        let noting = tokio::spawn(note_uses(
            self.keys.clone(),
            self.store.clone(),
            noting_stopped,
        ));
        let (records, record_writer) = RecordWriter::new(self.store.clone());
        let (stop_recording, recording_stopped) = oneshot::channel();
        let record_writer = tokio::spawn(record_writer.run(recording_stopped));
        let ingest = Ingest::new(inbox, self.rates, records.clone(), telemetry.clone());
        let doors = Doors {
            keys: self.keys,
            sessions: Sessions::new(is_encrypted),
            store: self.store.clone(),
            records,
        };
        let router = router(doors, ingest, reports.clone(), told, is_encrypted);
        match self.certificate {
            None => serve_until(at_once(self.listener), router, shutdown).await,
            Some(certificate) => {
                let listener = TlsListener::new(self.listener, certificate.acceptor(), telemetry);
                let renewing = tokio::spawn(certificate.keep_current());
                serve_until(listener, router, shutdown).await;
                renewing.abort();
            }
        }
        reports.stop().await;
        // A task may have ended before: then there is no one to tell.
        let _ = stop_recording.send(());
        let _ = stop_noting.send(());
        let _ = stop_removing.send(());
        let _ = stop_writer.send(());
        let removed = removing.await;
        let written = writer.await;
        let recorded = record_writer.await;
        let noted = noting.await;
        self.store.close().await;
        telemetry::stopped();
        written.map_err(StopError::Writer)?;
        recorded.map_err(StopError::Records)?;
        noted.map_err(StopError::KeyUses)?;
        removed.map_err(StopError::Retention)
    }
}

fn router(
    doors: Doors,
    ingest: Ingest,
    reports: Reports,
    telemetry: Telemetry,
    is_encrypted: bool,
) -> Router {
    let budget = ingest.budget();
    let store = doors.store.clone();
    let recording = Router::new()
        .route("/audit/log", post(ingest::log))
        .route("/audit/log/batch", post(ingest::batch))
        .with_state(ingest)
        .route_layer(from_fn_with_state(Role::Ingest, require_role));
    let audit = recording
        .merge(reading(&doors, reports, telemetry.clone()))
        .fallback(no_such_path)
        .method_not_allowed_fallback(method_not_allowed)
        // Last, so that a stranger does not even learn which paths there are.
        .layer(from_fn_with_state(doors.clone(), require_key));
    let router = Router::new()
        .nest("/v1", audit)
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready))
        .with_state(store.clone())
        .route("/metrics", get(operations::metrics))
        .with_state((store.clone(), budget, telemetry.clone()))
        .merge(openapi::routes())
        .merge(session::routes(doors))
        .merge(page::routes())
        .fallback(no_such_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(telemetry, operations::measure));
    match is_encrypted {
        true => router.layer(map_response(tls::insist)),
        false => router,
    }
}

/// All that gives out what is recorded: whoever is let in leaves an access record, and whoever may not
/// read as well.
fn reading<S: Clone + Send + Sync + 'static>(
    doors: &Doors,
    reports: Reports,
    telemetry: Telemetry,
) -> Router<S> {
    let store = &doors.store;
    let exports = Exports::new(doors.keys.clone(), telemetry);
    let turns = turns();
    let history = Router::new()
        .route("/audit/history", get(history::page))
        .with_state((store.clone(), exports.clone()))
        .route_layer(from_fn_with_state(turns.clone(), in_turn))
        .route_layer(from_fn_with_state(Role::Auditor, require_role));
    Router::new()
        .route("/audit/logs", get(logs::logs))
        .with_state((store.clone(), exports))
        .route("/audit/completeness", get(completeness::page))
        .route("/audit/values", get(values::listed))
        .route("/audit/logs/{id}", get(logs::log))
        .with_state(store.clone())
        .route_layer(from_fn_with_state(turns, in_turn))
        .merge(reports::routes(reports))
        .route_layer(from_fn_with_state(Role::Read, require_role))
        .merge(history)
        .route_layer(from_fn_with_state(doors.records.clone(), door::record))
}

async fn no_such_path() -> ApiError {
    ApiError::NoSuchPath
}

async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// The keys that open the API, and the one that was made because there was none.
async fn keys(store: &Store, given: &[ApiKey]) -> Result<(Keys, Option<ApiKey>), StartError> {
    match given {
        [] => stored_keys(store).await,
        given => Ok((given_keys(store, given).await?, None)),
    }
}

/// The keys of the database. If there are none, one is made.
async fn stored_keys(store: &Store) -> Result<(Keys, Option<ApiKey>), StartError> {
    let read_at = Instant::now();
    let mut stored = store.keys().await?;
    let mut created = None;
    if stored.is_empty() {
        created = Some(
            keys::add(
                store,
                &NewKey::of(Access::FULL, None)?,
                &KeyLabel::default(),
            )
            .await?
            .key,
        );
        stored = store.keys().await?;
    }
    let now = Utc::now().timestamp_micros();
    let good = || stored.iter().filter(|key| key.is_good_at(now));
    if good().next().is_none() {
        telemetry::no_good_key();
    }
    match good().filter(|key| key.lacks_kind()).count() {
        0 => {}
        keys => telemetry::keys_lack_kind(keys),
    }
    Ok((Keys::stored(stored, read_at), created))
}

/// The keys of the configuration, none of which is one of the database: it would be good for more than
/// it was made for, and could not be revoked.
async fn given_keys(store: &Store, given: &[ApiKey]) -> Result<Keys, StartError> {
    let hashes: Vec<KeyHash> = given.iter().map(ApiKey::hash).collect();
    let stored = store.keys().await?;
    if let Some(same) = stored.iter().find(|key| hashes.contains(&key.hash)) {
        return Err(StartError::StoredKey {
            id: same.id.clone(),
        });
    }
    let good = stored.iter().filter(|key| key.revoked_at.is_none());
    match good.count() {
        0 => {}
        good => telemetry::stored_keys_do_not_count(good),
    }
    Ok(Keys::configured(hashes))
}

/// Why a collector cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The fonts for reports cannot be used.
    #[error("{0}")]
    Fonts(#[from] FontsError),
    /// There is no key, and none could be made.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// The address is in use, not this machine's, or not allowed.
    #[error("cannot listen on {address}: {source}: choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A key that is given is one of the database.
    #[error(
        "the key in --api-key or AUDIT_LAYER_API_KEY is {id} in the database, and a key given this way has all permissions: set a different key, or none to use the keys in the database"
    )]
    StoredKey {
        /// Its id.
        id: String,
    },
    /// The certificate cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
}

/// Why a collector did not stop well.
#[derive(Debug, Error)]
pub enum StopError {
    /// The task that notes when keys are used has failed.
    #[error("recording the use of keys failed: {0}")]
    KeyUses(JoinError),
    /// The task that writes access records has failed.
    #[error("the access record writer failed: {0}")]
    Records(JoinError),
    /// The task that removes old events has failed.
    #[error("the removal of old events failed: {0}")]
    Retention(JoinError),
    /// The task that writes has failed.
    #[error("the database writer failed: {0}")]
    Writer(JoinError),
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Paths, each with the methods that it takes.
    type Table = BTreeMap<String, BTreeSet<String>>;

    async fn served() -> Table {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("audit.db").into())
            .await
            .unwrap();
        let telemetry = Telemetry::new();
        let (inbox, _writer) = Writer::new(store.clone(), telemetry.clone());
        let (records, _record_writer) = RecordWriter::new(store.clone());
        let ingest = Ingest::new(inbox, Rates::new(None), records.clone(), telemetry.clone());
        let reports = Reports::new(store.clone(), Fonts::default());
        let doors = Doors {
            keys: Keys::configured(Vec::new()),
            sessions: Sessions::new(true),
            records,
            store,
        };
        let router = router(doors, ingest, reports, telemetry, true);
        table(&format!("{router:?}"))
    }

    /// Reads what axum shows of a router, which has no other way to tell its routes: the methods of
    /// each number as `RouteId(1): MethodRouter(… allow_header: Bytes(b"GET,HEAD") …)`, and its path
    /// as `RouteId(1): "/healthz"`.
    fn table(shown: &str) -> Table {
        let (shown, _) = shown.split_once("fallback_router").unwrap();
        let (mut methods, mut table) = (BTreeMap::new(), Table::new());
        for entry in shown.split("RouteId(").skip(1) {
            let (number, rest) = entry.split_once("): ").unwrap();
            if let Some((_, rest)) = rest.split_once("allow_header: Bytes(b\"") {
                let (names, _) = rest.split_once('"').unwrap();
                let names = names.split(',').map(str::to_lowercase);
                methods.insert(number, names.collect::<BTreeSet<_>>());
            } else if let Some((path, _)) = rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
                table.insert(path.to_owned(), methods[number].clone());
            }
        }
        table
    }

    fn documented() -> Table {
        let document = openapi::document();
        let paths = document["paths"].as_object().unwrap().iter();
        let methods = |item: &serde_json::Value| {
            let mut methods: BTreeSet<_> = item.as_object().unwrap().keys().cloned().collect();
            // What takes GET takes HEAD as well: the document says so once.
            if methods.contains("get") {
                methods.insert("head".to_owned());
            }
            methods
        };
        paths
            .map(|(path, item)| (path.clone(), methods(item)))
            .collect()
    }

    /// What is below `/v1` and gives nothing out of what is recorded.
    const NO_READS: [&str; 3] = ["/v1/audit/log", "/v1/audit/log/batch", "/v1/openapi.json"];

    #[tokio::test]
    async fn every_path_that_reads_is_known_to_the_door() {
        let mut reads = 0;
        for (path, methods) in served().await {
            if !path.starts_with("/v1/") || NO_READS.contains(&path.as_str()) {
                continue;
            }
            for method in methods {
                let method = method.to_uppercase().parse().unwrap();
                assert!(door::of_path(&method, &path).is_some(), "{method} {path}");
                reads += 1;
            }
        }
        assert!(reads > 10, "{reads}");
    }

    #[tokio::test]
    async fn the_openapi_document_has_every_path_and_method_and_no_other() {
        let mut served = served().await;
        // The page is for people.
        served.retain(|path, _| path != "/" && !path.starts_with("/page/"));
        assert!(served.len() > 5, "{served:?}");
        assert_eq!(served, documented());
    }
}
