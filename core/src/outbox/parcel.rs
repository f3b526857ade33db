//! An event on its way from one VM's outbox to another's.
//!
//! A VM that ends hands its events to the next one through the host's shared queue, of which each
//! entry is one parcel: `1 <recorded at, Unix ms> <in the log: y or n> <request id> <the event's
//! JSON>`. The 1 is the version, since the VMs may run different releases.

use super::{DeadLetter, Letter};
use crate::time::Timestamp;

const VERSION: &str = "1";
const LOGGED: &str = "y";

impl DeadLetter {
    /// The event as another outbox can take it over.
    pub fn parcel(&self) -> String {
        let Self {
            json,
            request_id,
            recorded_at,
            is_logged,
            ..
        } = self;
        let logged = if *is_logged { LOGGED } else { "n" };
        let recorded_ms = recorded_at.unix_ms();
        format!("{VERSION} {recorded_ms} {logged} {request_id} {json}")
    }
}

impl Letter {
    pub(super) fn unpack(parcel: &[u8]) -> Option<Self> {
        let mut parts = str::from_utf8(parcel).ok()?.splitn(5, ' ');
        if parts.next()? != VERSION {
            return None;
        }
        let recorded_ms = parts.next()?.parse().ok()?;
        let is_logged = parts.next()? == LOGGED;
        let (request_id, json) = (parts.next()?, parts.next()?);
        Some(Self {
            request_id: request_id.to_owned(),
            json: json.to_owned(),
            recorded_at: Timestamp::from_unix_ms(recorded_ms),
            // Whoever waited for it is gone.
            is_pending: false,
            is_logged,
            batch_max: usize::MAX,
        })
    }
}
