//! What became of a batch.

use super::Receipt;

/// What became of a batch.
#[derive(Debug)]
pub enum Outcome {
    /// The audit API has them, but for those that it rejected.
    Accepted(Receipt),
    /// The audit API will not take it, however often it is sent.
    Refused {
        /// Why, in one word or a status.
        reason: String,
        /// What the refusal is about.
        about: Refused,
    },
    /// It may be taken later.
    Failed {
        /// How long the audit API asked us to wait.
        retry_after_ms: Option<u64>,
        /// Why it was not taken.
        failure: Failure,
    },
}

/// What the audit API answered to a batch.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// The value of that header; of its two forms only seconds are read, as a proxy's clock may
    /// differ.
    pub retry_after: Option<&'a str>,
    /// The value of that header.
    pub content_type: Option<&'a str>,
    /// Its body, up to [`crate::limits::RECEIPT_BYTES_MAX`].
    pub body: &'a [u8],
}

/// Why a batch was not taken that may be taken later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// There was no answer, or the audit API has too much to do.
    Unavailable,
    /// Something else than the audit API answered: with this status, and no receipt.
    NoReceipt(u16),
    /// The audit API, or what stands before it, takes nothing from us: with this status. The key,
    /// the address or the organization is wrong, which an operator can mend.
    Denied(u16),
    /// A page forbids with this status whatever is sent: a firewall lets nothing of ours pass.
    Forbidden(u16),
}

impl Failure {
    /// Why events that are too old by now are given up, in one word or a status; their age, if
    /// nothing else is to be said.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Unavailable => "max_age".to_owned(),
            Self::NoReceipt(200..=299) => "no_receipt".to_owned(),
            Self::NoReceipt(status) | Self::Denied(status) | Self::Forbidden(status) => {
                refusal(status)
            }
        }
    }
}

/// A refusal by this status, in one word.
fn refusal(status: u16) -> String {
    format!("http_{status}")
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// What is in the batch: others of its events may be taken without the one that is not.
    Content,
    /// The same, if a firewall found something; or nothing, if it lets nobody pass.
    Page,
    /// One of the two, for an event that was sent alone: what becomes of others will tell.
    Suspect,
    /// That it is sent at all: the same for every event.
    Sender,
}

impl Outcome {
    /// The connection broke, or there was none.
    pub fn unanswered() -> Self {
        Self::Failed {
            retry_after_ms: None,
            failure: Failure::Unavailable,
        }
    }

    /// What an answer to the events with these request ids means. Something else than the audit API
    /// may have answered: a login, a proxy, a web application. So only a receipt acknowledges, and
    /// where there is none, a redirect or a refusal of whoever sends, events are kept until that is
    /// mended. A page that forbids is a firewall's, which may have found something in the batch.
    pub(super) fn of_answer(answer: &Answer<'_>, request_ids: &[&str]) -> Self {
        let status = answer.status;
        match status {
            200..=299 => match Receipt::read(status, answer.body, request_ids) {
                Some(receipt) => Self::Accepted(receipt),
                None => answer.failed(Failure::NoReceipt(status)),
            },
            300..=399 => answer.failed(Failure::NoReceipt(status)),
            408 | 425 | 429 | 500.. => answer.failed(Failure::Unavailable),
            400 | 413 | 422 => answer.refused(Refused::Content),
            403 | 406 if answer.is_page() => answer.refused(Refused::Page),
            _ => answer.failed(Failure::Denied(status)),
        }
    }
}

impl Answer<'_> {
    pub(super) fn refused(&self, about: Refused) -> Outcome {
        Outcome::Refused {
            reason: refusal(self.status),
            about,
        }
    }

    /// Whether it is a page for people.
    fn is_page(&self) -> bool {
        let names_html = |kind: &str| kind.to_ascii_lowercase().contains("html");
        self.content_type.is_some_and(names_html) || self.body.trim_ascii_start().starts_with(b"<")
    }

    pub(super) fn failed(&self, failure: Failure) -> Outcome {
        let seconds = self.retry_after.map(str::trim);
        let seconds = seconds.and_then(|seconds| seconds.parse::<u64>().ok());
        Outcome::Failed {
            retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)),
            failure,
        }
    }
}
