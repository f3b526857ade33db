//! The certificate in use. It is replaced while connections go on, because certificates are renewed
//! every few weeks, and often without anybody there.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::api::tls::files::Contents;
use crate::api::tls::{TlsError, TlsFiles};
use crate::limits;
use crate::telemetry;

/// The pair that new connections get.
pub(crate) struct Certificate {
    files: TlsFiles,
    current: Arc<Current>,
    configuration: Arc<ServerConfig>,
    /// Where there is no such signal, the files are looked at all the same.
    hangup: Option<Signal>,
}

impl Certificate {
    /// Reads the files for the first time. From here on SIGHUP does not end the program.
    pub(crate) async fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let contents = files.read().await?;
        let current = Arc::new(Current(RwLock::new(Seen {
            pair: Arc::new(files.pair(&contents)?),
            fingerprint: Some(contents.fingerprint()),
        })));
        Ok(Self {
            files,
            configuration: Arc::new(configuration(&current)?),
            current,
            hangup: signal(SignalKind::hangup()).ok(),
        })
    }

    /// Shakes hands with the pair of each moment.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.configuration))
    }

    /// Looks at the files every so often, and at SIGHUP, for ever.
    pub(crate) async fn keep_current(mut self) {
        loop {
            tokio::select! {
                () = sleep(limits::CERTIFICATE_INTERVAL) => {}
                () = received(&mut self.hangup) => {}
            }
            self.renew().await;
        }
    }

    /// Takes what is in the files now. A pair that cannot be used leaves the one before in its
    /// place, and is told once.
    async fn renew(&self) {
        let contents = self.files.read().await;
        let fingerprint = contents.as_ref().ok().map(Contents::fingerprint);
        if self.current.has(fingerprint) {
            return;
        }
        let pair = contents.and_then(|contents| self.files.pair(&contents));
        match &pair {
            Ok(_) => telemetry::certificate_renewed(),
            Err(error) => telemetry::certificate_kept(error),
        }
        self.current.see(fingerprint, pair.ok());
    }
}

/// TLS 1.2 and 1.3 for HTTP/1.1.
fn configuration(current: &Arc<Current>) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(current) as Arc<dyn ResolvesServerCert>);
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

struct Current(RwLock<Seen>);

struct Seen {
    pair: Arc<CertifiedKey>,
    /// Of what was last in the files, usable or not. `None` if they could not be read.
    fingerprint: Option<[u8; 32]>,
}

impl Current {
    fn has(&self, fingerprint: Option<[u8; 32]>) -> bool {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        seen.fingerprint == fingerprint
    }

    fn see(&self, fingerprint: Option<[u8; 32]>, pair: Option<CertifiedKey>) {
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        seen.fingerprint = fingerprint;
        if let Some(pair) = pair {
            seen.pair = Arc::new(pair);
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&seen.pair))
    }
}

/// A key never reaches a log by accident.
impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(..)")
    }
}
