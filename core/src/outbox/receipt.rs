//! The audit API's answer to a delivery.

use std::collections::BTreeMap;

use crate::json::{self, Count, Json, List, Object, Text};
use crate::limits::RECEIPT_BYTES_MAX;

/// Which events of a delivery were rejected: `{"rejected":[{"line":1,"request_id":…}]}`.
///
/// Any implementation of the API may be at the other end, so every member may be missing; but what
/// contradicts the delivery, has a member that cannot be read, or is no object at all, is no receipt.
#[derive(Debug, Default)]
pub struct Receipt {
    /// Why, by the event's place in the delivery, from 0.
    rejected: BTreeMap<usize, String>,
}

/// One event that the audit API will not take, however often it is sent.
struct Rejected {
    /// Its line in the batch, from 1.
    line: Option<u64>,
    /// Its request id, if the audit API could read it.
    request_id: Option<String>,
    /// The audit API's code for the reason.
    reason: String,
}

impl Receipt {
    /// Reads an answer with a status from 200 to 299 to the events with these request ids; nothing
    /// if it is no receipt for them, as a web application's page.
    pub(super) fn read(status: u16, body: &[u8], request_ids: &[&str]) -> Option<Self> {
        if body.trim_ascii().is_empty() {
            return NEED_NO_BODY.contains(&status).then(Self::default);
        }
        // What a receipt that was cut says of the last events is unknown.
        if body.len() >= RECEIPT_BYTES_MAX || !matches!(first(body), Some(b'{')) {
            return None;
        }
        let (text, _) = json::text(body, true);
        if json::has_more(&text) {
            return None;
        }
        let Object(wire) = json::read::<Object<ReceiptWire<'_>>>(&text)?;
        wire?.receipt(request_ids)
    }

    /// Why the event at this place of the delivery, from 0, was rejected, if it was.
    pub(super) fn rejection(&self, place: usize) -> Option<&str> {
        self.rejected.get(&place).map(String::as_str)
    }
}

impl ReceiptWire<'_> {
    fn receipt(self, request_ids: &[&str]) -> Option<Receipt> {
        let is_failure = is_false(self.success) || is_false(self.ok);
        if is_failure || says_something(self.error) || says_something(self.errors) {
            return None;
        }
        let duplicates = number(self.duplicates)?.unwrap_or(0);
        let taken = number(self.accepted)?.map(|accepted| accepted.saturating_add(duplicates));
        let mut rejected = BTreeMap::new();
        for Object(wire) in rejections(self.rejected)? {
            let refusal = Rejected::from(wire?);
            // A refusal of an event that nobody sent leaves open which one was meant.
            rejected.insert(refusal.place(request_ids)?, refusal.reason);
        }
        let told = taken.map(|taken| taken.saturating_add(count(rejected.len())));
        let is_all = told.is_none_or(|told| told >= count(request_ids.len()));
        is_all.then_some(Receipt { rejected })
    }
}

impl Rejected {
    /// The place of the event that is meant, from 0.
    fn place(&self, request_ids: &[&str]) -> Option<usize> {
        let id = self.request_id.as_deref();
        let named = request_ids.iter().position(|known| Some(*known) == id);
        let by_line = || {
            let place = usize::try_from(self.line?.checked_sub(1)?).ok()?;
            (place < request_ids.len()).then_some(place)
        };
        let is_alone = self.line.is_none() && id.is_none() && request_ids.len() == 1;
        named.or_else(by_line).or(is_alone.then_some(0))
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

/// Statuses that say alone that everything was taken.
const NEED_NO_BODY: [u16; 4] = [200, 201, 202, 204];

/// The byte with which a text begins, white space and a byte order mark aside.
fn first(body: &[u8]) -> Option<u8> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().first().copied()
}

/// Whether a member is there and is not another way to say nothing.
fn says_something(value: Option<Json<'_>>) -> bool {
    let nothing = ["false", "0", "\"\"", "[]", "{}"];
    value.is_some_and(|value| !nothing.contains(&value.get()))
}

fn is_false(value: Option<Json<'_>>) -> bool {
    value.is_some_and(|value| value.get() == "false")
}

/// How many a member says they are; nothing if what it says is no number.
fn number(value: Option<Json<'_>>) -> Option<Option<u64>> {
    match value {
        Some(value) => json::read::<Count>(value.get())?.0.map(Some),
        None => Some(None),
    }
}

/// The rejected events; nothing if what stands there is no list.
fn rejections(value: Option<Json<'_>>) -> Option<Vec<Object<RejectedWire<'_>>>> {
    match value {
        Some(value) if value.get().starts_with('[') => {
            json::read::<List<Object<RejectedWire<'_>>>>(value.get()).map(|list| list.0)
        }
        Some(_) => None,
        None => Some(Vec::new()),
    }
}

fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

json::wire! {
    struct ReceiptWire<'a> {
        success: Option<Json<'a>> = "success",
        ok: Option<Json<'a>> = "ok",
        accepted: Option<Json<'a>> = "accepted",
        duplicates: Option<Json<'a>> = "duplicates",
        rejected: Option<Json<'a>> = "rejected",
        error: Option<Json<'a>> = "error",
        errors: Option<Json<'a>> = "errors",
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
