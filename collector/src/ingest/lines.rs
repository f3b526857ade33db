//! The lines of a batch, each an event or none.

use std::iter;
use std::sync::Arc;

use audit_layer_core::event::Member;
use chrono::Utc;
use memchr::memchr;

use crate::access::{Kind, Recorder, Scope};
use crate::event::{Event, EventError};
use crate::ingest::IngestError;
use crate::limits;
use crate::store::Arrival;

/// What a batch has.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The numbers of the lines of `arrivals`.
    pub(crate) numbers: Vec<usize>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) rejected: Vec<Rejected>,
}

/// A line that is no event, and why.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// From 1, blank lines counted.
    pub(crate) line: usize,
    pub(crate) request_id: Option<String>,
    pub(crate) error: EventError,
}

/// Reads each line that is not blank as an event.
pub(crate) fn read_lines(
    body: &[u8],
    scope: &Scope,
    by: &Arc<Recorder>,
) -> Result<Lines, IngestError> {
    let lines_max = limits::BATCH_LINES_MAX;
    let numbered = lines(body).zip(1_usize..);
    let numbered = numbered.filter(|(bytes, _)| !bytes.trim_ascii().is_empty());
    let numbered: Vec<_> = numbered.take(lines_max.saturating_add(1)).collect();
    if numbered.len() > lines_max {
        return Err(IngestError::TooManyLines);
    }
    let mut read = Lines::default();
    for (bytes, line) in numbered {
        match read_event(bytes, scope, by) {
            Ok(event) => {
                read.numbers.push(line);
                read.arrivals.push(Arrival::new(event, Arc::clone(by)));
            }
            Err(error) => read.rejected.push(Rejected {
                line,
                request_id: Event::request_id_of(bytes),
                error,
            }),
        }
    }
    Ok(read)
}

/// Reads an event that this key may record.
pub(crate) fn read_event(bytes: &[u8], scope: &Scope, by: &Recorder) -> Result<Event, EventError> {
    let event = Event::parse(bytes, scope)?;
    // Lists begin with the latest times: those that are still to come would hide what happens.
    let ahead = i64::try_from(limits::APPLICATION_AHEAD_MAX.as_micros()).unwrap_or(i64::MAX);
    let latest = Utc::now().timestamp_micros().saturating_add(ahead);
    match by.kind == Kind::Application && event.timestamp > latest {
        true => Err(EventError::Ahead {
            field: Member::Timestamp.name(),
        }),
        false => Ok(event),
    }
}

/// Splits on the newline byte only: text may hold U+2028 and its like.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(body);
    iter::from_fn(move || {
        let whole = rest.take()?;
        let end = memchr(b'\n', whole).unwrap_or(whole.len());
        let (line, after) = whole.split_at_checked(end)?;
        rest = after.get(1..);
        Some(line)
    })
}
