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
        /// Why events that are too old by now are given up, in one word or a status; their age, if
        /// nothing else is to be said.
        reason: Option<String>,
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
    /// Its body, up to [`crate::limits::RECEIPT_BYTES_MAX`].
    pub body: &'a [u8],
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// What is in the batch: others of its events may be taken without the one that is not.
    Content,
    /// Who sends it, and where to: the same for every event.
    Sender,
}

impl Outcome {
    /// The connection broke, or there was none.
    pub fn unanswered() -> Self {
        Self::Failed {
            retry_after_ms: None,
            reason: None,
        }
    }

    /// What an answer to the events with these request ids means. Something else than the audit API
    /// may have answered: a login, a proxy, a web application. So only a receipt acknowledges, and
    /// where there is none, or a redirect, events are kept until that is mended.
    pub(super) fn of_answer(answer: &Answer<'_>, request_ids: &[&str]) -> Self {
        let status = answer.status;
        match status {
            200..=299 => match Receipt::read(status, answer.body, request_ids) {
                Some(receipt) => Self::Accepted(receipt),
                None => answer.failed(Some(NO_RECEIPT.to_owned())),
            },
            300..=399 => answer.failed(Some(format!("http_{status}"))),
            408 | 425 | 429 | 500.. => answer.failed(None),
            _ => Self::Refused {
                reason: format!("http_{status}"),
                about: match status {
                    400 | 413 | 422 => Refused::Content,
                    _ => Refused::Sender,
                },
            },
        }
    }
}

impl Answer<'_> {
    fn failed(&self, reason: Option<String>) -> Outcome {
        let seconds = self.retry_after.map(str::trim);
        let seconds = seconds.and_then(|seconds| seconds.parse::<u64>().ok());
        Outcome::Failed {
            retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)),
            reason,
        }
    }
}

/// Why an event is given up that was only ever answered by something that is no receipt.
const NO_RECEIPT: &str = "no_receipt";
