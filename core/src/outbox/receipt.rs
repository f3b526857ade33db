//! The audit API's answer to a delivery.

use crate::json::{self, Count, List, Object, Text};

/// Which events of an accepted delivery were rejected: `{"rejected":[{"line":1,"request_id":…}]}`.
///
/// An answer of another shape rejects none: any implementation of the API may be at the other end.
#[derive(Debug, Default)]
pub struct Receipt {
    rejected: Vec<Rejected>,
}

/// One event that the audit API will not take, however often it is sent.
#[derive(Debug)]
pub struct Rejected {
    /// Its line in the batch, from 1.
    pub line: Option<u64>,
    /// Its request id, if the audit API could read it.
    pub request_id: Option<String>,
    /// The audit API's code for the reason.
    pub reason: String,
}

impl Receipt {
    /// Reads the body of an answer.
    pub fn read(body: &[u8]) -> Self {
        let (text, _) = json::text(body, true);
        let Some(Object(Some(ReceiptWire { rejected }))) = json::read(&text) else {
            return Self::default();
        };
        let wires = rejected.0.into_iter().filter_map(|Object(wire)| wire);
        Self {
            rejected: wires.map(Rejected::from).collect(),
        }
    }

    /// Why the event at `number` (from 0) of the delivery was rejected, if it was.
    pub(super) fn rejection(&self, number: usize, request_id: &str) -> Option<&str> {
        let line = u64::try_from(number).unwrap_or(u64::MAX).saturating_add(1);
        self.rejected
            .iter()
            .find(|rejected| match &rejected.request_id {
                Some(id) => id == request_id,
                None => rejected.line == Some(line),
            })
            .map(|rejected| rejected.reason.as_str())
    }
}

impl From<RejectedWire<'_>> for Rejected {
    fn from(wire: RejectedWire<'_>) -> Self {
        let code = wire.error.0.and_then(|error| error.code.0);
        Self {
            line: wire.line.0,
            request_id: wire.request_id.0.map(|id| id.into_owned()),
            reason: code.map_or_else(|| "rejected".to_owned(), |code| code.into_owned()),
        }
    }
}

json::wire! {
    struct ReceiptWire<'a> {
        rejected: List<Object<RejectedWire<'a>>> = "rejected",
    }

    struct RejectedWire<'a> {
        line: Count = "line",
        request_id: Text<'a> = "request_id",
        error: Object<ErrorWire<'a>> = "error",
    }

    struct ErrorWire<'a> {
        code: Text<'a> = "code",
    }
}
