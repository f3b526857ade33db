//! Sending batches: one at a time, again when it may help, and not for ever.

mod answer;

use std::thread::sleep;
use std::time::{Duration, Instant};

use thiserror::Error;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use uuid::Uuid;

use crate::import::IMPORT;
use crate::import::batch::Batch;
use crate::import::delivery::answer::{Answer, Verdict};
use crate::key::ApiKey;
use crate::limits;

pub(super) use answer::{Counted, Receipt};

/// An audit API to send events to.
#[derive(Debug, Clone)]
pub struct Target {
    url: String,
    key: ApiKey,
    retry_for: Duration,
}

impl Target {
    /// `url` is the root of the API, such as `http://127.0.0.1:8080/v1`. A batch that fails is sent
    /// again for as long as `retry_for`.
    ///
    /// # Errors
    /// `url` is not of that form. The error does not repeat it, as there may be a password in it.
    pub fn new(url: &str, key: ApiKey, retry_for: Duration) -> Result<Self, TargetError> {
        let rest = ["http://", "https://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or(TargetError::Scheme)?;
        if rest.is_empty() || rest.contains(['@', '?', '#']) {
            return Err(TargetError::Form);
        }
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self {
            url,
            key,
            retry_for,
        })
    }

    /// Loopback is this machine: an address elsewhere's proxy would look for it on its own.
    fn is_loopback(&self) -> bool {
        let authority = self.url.split('/').nth(2).unwrap_or_default();
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .filter_map(|host| authority.strip_prefix(host))
            .any(|port| port.is_empty() || port.starts_with(':'))
    }
}

/// Why an address cannot be an audit API's.
#[derive(Debug, Error)]
pub enum TargetError {
    /// More or less than a scheme, an authority and a path.
    #[error("is not the root of an audit API: give one such as http://127.0.0.1:8080/v1")]
    Form,
    /// Not HTTP.
    #[error("does not begin with http:// or https://")]
    Scheme,
}

/// Why the import cannot go on. Every message says what to do.
#[derive(Debug, Error)]
pub enum DeliveryError {
    /// The answer is not that of an audit API.
    #[error(
        "{url} answered {status} without the number of events it accepted: check that this is the root of an audit API"
    )]
    Answer {
        /// Where it was sent.
        url: String,
        /// The status of the answer.
        status: u16,
    },
    /// The key does not open the API.
    #[error(
        "{url} refused the API key (status {status}): set AUDIT_LAYER_API_KEY to a key of this audit API"
    )]
    Key {
        /// Where it was sent.
        url: String,
        /// The status of the answer.
        status: u16,
    },
    /// The key opens the API, and not for what an import does.
    #[error(
        "{url} does not allow this key to import (status {status}{message}): set AUDIT_LAYER_API_KEY to the gateway's own key (role ingest, kind gateway) or to a key with the role admin"
    )]
    Role {
        /// Where it was sent.
        url: String,
        /// The status of the answer.
        status: u16,
        /// The message in the answer after a colon, or nothing.
        message: String,
    },
    /// The batch will not be taken, however often it is sent.
    #[error("{url} answered {status}{message}: check that this is the root of an audit API")]
    Refused {
        /// Where it was sent.
        url: String,
        /// The status of the answer.
        status: u16,
        /// The message in the answer after a colon, or nothing.
        message: String,
    },
    /// No connection, and trying again would not help.
    #[error("{url} cannot be reached: {why}: check the address and its certificate")]
    Unreachable {
        /// Where it was sent.
        url: String,
        /// What the connection said.
        why: String,
    },
    /// It could have helped to try again, and did not for as long as that was tried.
    #[error(
        "{url} did not accept a batch after {attempts} attempts in {} s: {why}: check that the audit API is running there, or retry for longer with --retry-for",
        time.as_secs()
    )]
    Unavailable {
        /// Where it was sent.
        url: String,
        /// How often it was sent.
        attempts: u32,
        /// From the first attempt to the last.
        time: Duration,
        /// What came of the last attempt.
        why: String,
    },
}

/// A client of the audit API.
pub(super) struct Delivery {
    agent: Agent,
    target: Target,
    /// What all batches of this import have in common, for those who look at them later.
    import_id: String,
}

impl Delivery {
    pub(super) fn new(target: &Target) -> Self {
        let roots = RootCerts::PlatformVerifier;
        let mut config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            // The key is for this address and no other.
            .max_redirects(0)
            .user_agent(concat!("audit-layer/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(limits::IMPORT_CONNECT_TIME_MAX))
            .timeout_send_body(Some(limits::IMPORT_SEND_TIME_MAX))
            .timeout_recv_response(Some(limits::IMPORT_SEND_TIME_MAX))
            .timeout_recv_body(Some(limits::IMPORT_SEND_TIME_MAX));
        if target.is_loopback() {
            config = config.proxy(None);
        }
        Self {
            agent: config.build().new_agent(),
            target: target.clone(),
            import_id: format!("import_{}", Uuid::now_v7().simple()),
        }
    }

    /// Sends a batch until it is answered for good. An error says nothing about whether the events
    /// of this batch are stored: the answer may have been lost.
    pub(super) fn deliver(&self, batch: &Batch) -> Result<Receipt, DeliveryError> {
        let begun = Instant::now();
        let mut wait = limits::IMPORT_WAIT_MIN;
        let mut attempts = 0_u32;
        loop {
            attempts = attempts.saturating_add(1);
            let (why, asked) = match self.attempt(batch)? {
                Verdict::Receipt(receipt) => return Ok(receipt),
                Verdict::Later { why, wait } => (why, wait.unwrap_or_default()),
            };
            let pause = wait.max(asked).min(limits::IMPORT_WAIT_MAX);
            if begun.elapsed().saturating_add(pause) > self.target.retry_for {
                return Err(DeliveryError::Unavailable {
                    url: self.target.url.clone(),
                    attempts,
                    time: begun.elapsed(),
                    why,
                });
            }
            sleep(pause);
            wait = wait.saturating_mul(2);
        }
    }

    fn attempt(&self, batch: &Batch) -> Result<Verdict, DeliveryError> {
        match self.post(batch.body()) {
            Ok(answer) => answer.verdict(batch.len(), &self.target.url),
            Err(error) if may_pass(&error) => Ok(Verdict::Later {
                why: said(&error),
                wait: None,
            }),
            Err(error) => Err(DeliveryError::Unreachable {
                url: self.target.url.clone(),
                why: said(&error),
            }),
        }
    }

    fn post(&self, body: &[u8]) -> Result<Answer, ureq::Error> {
        let mut response = self
            .agent
            .post(format!("{}/audit/log/batch", self.target.url))
            .header(
                "authorization",
                format!("Bearer {}", self.target.key.reveal()),
            )
            .header("content-type", "application/x-ndjson")
            .header(IMPORT, &self.import_id)
            .send(body)?;
        let retry_after = response.headers().get("retry-after");
        let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let (status, limit) = (response.status().as_u16(), limits::IMPORT_ANSWER_BYTES_MAX);
        Ok(Answer {
            status,
            retry_after: seconds.map(Duration::from_secs),
            body: response
                .body_mut()
                .with_config()
                .limit(limit)
                .read_to_vec()?,
        })
    }
}

/// Whether the same request may succeed later. A certificate that is not trusted comes as invalid
/// data.
fn may_pass(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    match error {
        ureq::Error::Io(error) => !matches!(error.kind(), InvalidData | InvalidInput),
        ureq::Error::ConnectionFailed | ureq::Error::Timeout(_) => true,
        _ => false,
    }
}

fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
