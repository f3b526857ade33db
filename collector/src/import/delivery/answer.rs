//! What the audit API's answer to a batch means.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use crate::import::delivery::DeliveryError;

/// What became of a batch.
#[derive(Debug)]
pub(in crate::import) enum Receipt {
    Counted(Counted),
    /// The batch is larger than the audit API, or something before it, lets pass.
    TooLarge(String),
}

/// What became of each event of a batch.
#[derive(Debug)]
pub(in crate::import) struct Counted {
    pub(in crate::import) new: u64,
    pub(in crate::import) known: u64,
    /// Those of the new ones that contradict what is stored of their call.
    pub(in crate::import) conflicts: u64,
    /// The line in the batch, from 1, and why.
    pub(in crate::import) refused: Vec<(usize, String)>,
}

/// Whether that was an answer for good.
#[derive(Debug)]
pub(super) enum Verdict {
    Receipt(Receipt),
    Later {
        why: String,
        /// What the audit API asked to wait.
        wait: Option<Duration>,
    },
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// What this answer to a batch of `events` events means. The statuses that may pass are those
    /// at which the plugin tries again.
    pub(super) fn verdict(&self, events: usize, url: &str) -> Result<Verdict, DeliveryError> {
        let (url, status) = (url.to_owned(), self.status);
        match status {
            200..=299 => match self.counted(events) {
                Some(counted) => Ok(Verdict::Receipt(Receipt::Counted(counted))),
                None => Err(DeliveryError::Answer { url, status }),
            },
            401 => Err(DeliveryError::Key { url, status }),
            403 => Err(DeliveryError::Role {
                url,
                status,
                message: self.message(),
            }),
            408 | 425 | 429 | 500.. => Ok(Verdict::Later {
                why: format!("it answered {status}{}", self.message()),
                wait: self.retry_after,
            }),
            413 => {
                let why = format!("it answered {status}{}", self.message());
                Ok(Verdict::Receipt(Receipt::TooLarge(why)))
            }
            _ => Err(DeliveryError::Refused {
                url,
                status,
                message: self.message(),
            }),
        }
    }

    /// The counts, if they are those of every event that was sent: a page of something else that
    /// answers 200 must not pass for a stored event, nor a refusal for one that nobody sent.
    fn counted(&self, events: usize) -> Option<Counted> {
        let wire: CountsWire = serde_json::from_slice(&self.body).ok()?;
        let taken = wire.accepted.checked_add(wire.duplicates)?;
        let lines: BTreeSet<usize> = wire.rejected.iter().map(|refusal| refusal.line).collect();
        let names_each_once = lines.len() == wire.rejected.len()
            && lines.iter().all(|line| (1..=events).contains(line));
        let refused = u64::try_from(lines.len()).ok()?;
        let sent = u64::try_from(events).ok()?;
        let is_all = taken.checked_add(refused)? == sent;
        let refusals = wire.rejected.into_iter();
        (is_all && names_each_once).then(|| Counted {
            new: wire.accepted,
            known: wire.duplicates,
            conflicts: wire.conflicts.min(wire.accepted),
            refused: refusals
                .map(|refusal| (refusal.line, printable(&refusal.error.message)))
                .collect(),
        })
    }

    /// The message of an error after a colon, or nothing.
    fn message(&self) -> String {
        match serde_json::from_slice::<ErrorWire>(&self.body) {
            Ok(wire) => format!(": {}", printable(&wire.error.message)),
            Err(_) => String::new(),
        }
    }
}

/// Text of others without what moves a terminal's cursor, and not more than a few lines of it.
fn printable(text: &str) -> String {
    let shown = text.chars().take(MESSAGE_CHARS_MAX);
    shown.filter(|c| !c.is_control()).collect()
}

const MESSAGE_CHARS_MAX: usize = 300;

#[derive(Deserialize)]
struct CountsWire {
    accepted: u64,
    duplicates: u64,
    /// Not every audit API counts them.
    #[serde(default)]
    conflicts: u64,
    rejected: Vec<RefusalWire>,
}

#[derive(Deserialize)]
struct RefusalWire {
    line: usize,
    error: MessageWire,
}

#[derive(Deserialize)]
struct ErrorWire {
    error: MessageWire,
}

#[derive(Deserialize)]
struct MessageWire {
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Result<Verdict, DeliveryError> {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        answer.verdict(3, "http://audit/v1")
    }

    #[test]
    fn counts_that_are_not_those_of_the_batch_are_not_believed() {
        let refused = r#"{"line":2,"error":{"message":"no"}}"#;
        let right = format!(r#"{{"accepted":1,"duplicates":1,"rejected":[{refused}]}}"#);
        let Ok(Verdict::Receipt(Receipt::Counted(counted))) = verdict(207, &right) else {
            panic!("the counts are right");
        };
        assert_eq!((counted.new, counted.known, counted.conflicts), (1, 1, 0));
        assert_eq!(counted.refused, [(2, "no".to_owned())]);
        let [none, past] =
            [0, 4].map(|line| right.replace(r#""line":2"#, &format!(r#""line":{line}"#)));
        let twice = format!(r#"{{"accepted":1,"duplicates":0,"rejected":[{refused},{refused}]}}"#);
        for wrong in [
            &none,
            &past,
            &twice,
            "",
            "<html>",
            "{}",
            r#"{"accepted":2,"duplicates":0,"rejected":[]}"#,
            r#"{"accepted":4,"duplicates":0,"rejected":[]}"#,
        ] {
            let verdict = verdict(200, wrong);
            assert!(
                matches!(verdict, Err(DeliveryError::Answer { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 425, 429, 500, 502, 503, 599] {
            assert!(
                matches!(verdict(status, ""), Ok(Verdict::Later { .. })),
                "{status}"
            );
        }
        for status in [301, 400, 401, 403, 404, 405] {
            assert!(verdict(status, "").is_err(), "{status}");
        }
    }

    #[test]
    fn a_message_cannot_move_the_cursor_or_fill_the_screen() {
        assert_eq!(printable("a\u{1b}[2J\r\nb"), "a[2Jb");
        assert_eq!(printable(&"x".repeat(5000)).len(), MESSAGE_CHARS_MAX);
    }
}
