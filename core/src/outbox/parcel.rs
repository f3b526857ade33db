//! An event on its way from one VM's outbox to another's.
//!
//! A VM that ends hands its events to the next one through the host's shared queue, of which each
//! entry is one parcel: `2 <destination> <recorded at, Unix ms> <in the log: y or n> <request id>
//! <the event's JSON>`. The 2 is the version, since the VMs may run different releases.

use super::{DeadLetter, Letter};
use crate::destination::Destination;
use crate::time::Timestamp;

const VERSION: &str = "2";
const LOGGED: &str = "y";

impl DeadLetter {
    /// The event as another outbox of its destination can take it over.
    pub fn parcel(&self) -> String {
        let Self {
            json,
            request_id,
            recorded_at,
            is_logged,
            destination,
            ..
        } = self;
        let (destination, recorded_ms) = (destination.as_str(), recorded_at.unix_ms());
        let logged = if *is_logged { LOGGED } else { "n" };
        format!("{VERSION} {destination} {recorded_ms} {logged} {request_id} {json}")
    }
}

/// Opens a parcel for this destination; one that cannot be read, or is for another, is a dead
/// letter.
pub(super) fn open(parcel: &[u8], destination: &Destination) -> Result<Letter, Box<DeadLetter>> {
    let undeliverable = |reason: &str, json: String, is_logged| {
        Box::new(DeadLetter {
            reason: reason.to_owned(),
            json,
            is_logged,
            is_ours: false,
            destination: destination.clone(),
            request_id: String::new(),
            recorded_at: Timestamp::default(),
            is_pending: false,
        })
    };
    let Some((addressed_to, letter)) = unpack(parcel) else {
        let text = String::from_utf8_lossy(parcel).into_owned();
        return Err(undeliverable("parcel_unreadable", text, false));
    };
    if addressed_to == destination.as_str() {
        return Ok(letter);
    }
    let (json, is_logged) = (letter.json, letter.is_logged);
    Err(undeliverable("parcel_misdirected", json, is_logged))
}

fn unpack(parcel: &[u8]) -> Option<(&str, Letter)> {
    let mut parts = str::from_utf8(parcel).ok()?.splitn(6, ' ');
    if parts.next()? != VERSION {
        return None;
    }
    let destination = parts.next()?;
    let recorded_ms = parts.next()?.parse().ok()?;
    let is_logged = parts.next()? == LOGGED;
    let (request_id, json) = (parts.next()?, parts.next()?);
    let letter = Letter {
        request_id: request_id.to_owned(),
        json: json.to_owned(),
        recorded_at: Timestamp::from_unix_ms(recorded_ms),
        // Whoever waited for it is gone.
        is_pending: false,
        is_logged,
        batch_max: usize::MAX,
        forbidden_at: None,
        is_aside: false,
    };
    Some((destination, letter))
}
