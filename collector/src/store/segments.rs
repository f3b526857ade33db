//! Which segments there are, and which of them are merged.
//!
//! Small segments of about the same size are merged, so that there are few to look into, and each
//! event is written again only a few times.

use std::sync::Arc;

use crate::access::Scope;
use crate::event::Event;
use crate::limits;
use crate::search::Position;
use crate::search::Term;
use crate::store::arrival::with_recorder;

/// An event and its terms, in their order.
pub(super) type Indexed = (Position, Arc<[Term]>);

/// A segment, without what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) events: i64,
    pub(super) last: Position,
}

/// How much of a segment has to be stale before it is written anew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Share {
    Any,
    Half,
}

impl Share {
    pub(super) fn is_reached(self, stale: usize, head: Head) -> bool {
        let stale = i64::try_from(stale).unwrap_or(i64::MAX);
        match self {
            Self::Any => stale > 0,
            Self::Half => stale > 0 && stale >= head.events / 2,
        }
    }
}

/// The oldest segments of a size of which there are enough to be merged.
pub(super) fn due(segments: Vec<Head>) -> Vec<Head> {
    let mut by_size: [Vec<Head>; SIZES] = Default::default();
    for segment in segments {
        if let Some(same) = by_size.get_mut(size(segment.events)) {
            same.push(segment);
        }
    }
    let due = by_size
        .into_iter()
        .find(|same| same.len() >= limits::MERGED_SEGMENTS);
    let mut events_left = limits::SEGMENT_EVENTS_MAX;
    let due = due.unwrap_or_default().into_iter();
    let due = due.take(limits::MERGED_SEGMENTS).take_while(|segment| {
        events_left = events_left.saturating_sub(segment.events);
        events_left >= 0
    });
    due.collect()
}

/// The class of a segment by its events: those of one class may differ by as much as are merged.
fn size(events: i64) -> usize {
    let merged = i64::try_from(limits::MERGED_SEGMENTS).unwrap_or(i64::MAX);
    let size = events.checked_ilog(merged).unwrap_or_default();
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Classes whose segments are merged: those of the next have half of what a segment may have, or
/// more, and stay as they are.
const SIZES: usize = 5;

/// Positions as a column has them: of each 8 bytes, the highest first.
pub(super) fn bytes_of(positions: &[Position]) -> Vec<u8> {
    let bytes = positions.iter().flat_map(|at| at.0.to_be_bytes());
    bytes.collect()
}

/// What [`bytes_of`] was made of.
pub(super) fn positions_of(bytes: &[u8]) -> Vec<Position> {
    let (positions, _) = bytes.as_chunks();
    let positions = positions.iter().copied().map(i64::from_be_bytes);
    positions.map(Position).collect()
}

/// The position and the text of a stored event, and with which key of which kind it was recorded.
pub(super) type Stored = (i64, String, Option<String>, Option<String>);

/// What stored events can be found by. One that cannot be read is found by its id and its time.
pub(super) fn terms_of(rows: &[Stored]) -> Vec<Indexed> {
    let events = rows.iter().map(|(position, text, key_id, kind)| {
        let event = Event::parse(text.as_bytes(), &Scope::All);
        let mut terms = event.map(|event| event.terms).unwrap_or_default();
        let kind = kind.as_deref().and_then(|kind| kind.parse().ok());
        if let Some((key_id, kind)) = key_id.as_deref().zip(kind) {
            terms = with_recorder(&terms, key_id, kind);
        }
        (Position(*position), terms)
    });
    events.collect()
}
