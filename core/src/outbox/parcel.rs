//! An event on its way from one VM's outbox to another's.
//!
//! A VM that ends hands its events to the next one through the host's shared queue, of which each
//! entry is one parcel: `2 <destination> <recorded at, Unix ms> <in the log: y or n, with an h if its
//! content is to stay out of it> <request id> <the event's JSON>`. The 2 is the version, since the VMs
//! may run different releases.

use super::{DeadLetter, Letter};
use crate::destination::Destination;
use crate::time::Timestamp;

const VERSION: &str = "2";
const LOGGED: char = 'y';
const HIDDEN: char = 'h';

impl DeadLetter {
    /// The event as another outbox of its destination can take it over.
    pub fn parcel(&self) -> String {
        let Self {
            json,
            request_id,
            recorded_at,
            is_logged,
            has_content,
            destination,
            ..
        } = self;
        let (destination, recorded_ms) = (destination.as_str(), recorded_at.unix_ms());
        let logged = if *is_logged { LOGGED } else { 'n' };
        let hidden = Some(HIDDEN).filter(|_| !has_content);
        let log = String::from_iter([Some(logged), hidden].into_iter().flatten());
        format!("{VERSION} {destination} {recorded_ms} {log} {request_id} {json}")
    }
}

/// Opens a parcel for this destination; one that cannot be read, or is for another, is a dead
/// letter.
pub(super) fn open(parcel: &[u8], destination: &Destination) -> Result<Letter, Box<DeadLetter>> {
    let undeliverable = |reason: &str, json: String, is_logged, has_content| {
        Box::new(DeadLetter {
            reason: reason.to_owned(),
            json,
            is_logged,
            has_content,
            is_ours: false,
            destination: destination.clone(),
            request_id: String::new(),
            recorded_at: Timestamp::default(),
            is_pending: false,
        })
    };
    let Some((addressed_to, letter)) = unpack(parcel) else {
        let text = String::from_utf8_lossy(parcel).into_owned();
        return Err(undeliverable("parcel_unreadable", text, false, true));
    };
    if addressed_to == destination.as_str() {
        return Ok(letter);
    }
    let reason = "parcel_misdirected";
    let (is_logged, has_content) = (letter.is_logged, letter.has_content);
    Err(undeliverable(reason, letter.json, is_logged, has_content))
}

fn unpack(parcel: &[u8]) -> Option<(&str, Letter)> {
    let mut parts = str::from_utf8(parcel).ok()?.splitn(6, ' ');
    if parts.next()? != VERSION {
        return None;
    }
    let destination = parts.next()?;
    let recorded_ms = parts.next()?.parse().ok()?;
    let log = parts.next()?;
    let (is_logged, has_content) = (log.starts_with(LOGGED), !log.ends_with(HIDDEN));
    let (request_id, json) = (parts.next()?, parts.next()?);
    let letter = Letter {
        request_id: request_id.to_owned(),
        json: json.to_owned(),
        recorded_at: Timestamp::from_unix_ms(recorded_ms),
        // Whoever waited for it is gone.
        is_pending: false,
        is_logged,
        has_content,
        batch_max: usize::MAX,
        forbidden_at: None,
        is_aside: false,
    };
    Some((destination, letter))
}
