//! How a gateway tells the next one that it records the same call.
//!
//! A call may pass two proxies with the plugin, such as an edge gateway and a sidecar. The first one
//! adds a header that names its event; the second one, which has the same key of the audit API,
//! believes it and marks its own event, so that sums count the call once. Nobody else can make such
//! a header, and after [`HOP_AGE_MS_MAX`] it is worth nothing.

use uuid::Uuid;

use crate::digest::{HmacKey, is_same};
use crate::headers::Headers;
use crate::limits::{HOP_AGE_MS_MAX, HOP_AHEAD_MS_MAX};
use crate::time::Timestamp;

/// The request header: `<request_id>.<tag>`. Not one of callers' `x-audit-*`, which go no further.
pub const HEADER: &str = "audit-layer-hop";

/// What the key is made for, so that no other hash under the API key is a tag.
const PURPOSE: &[u8] = b"audit-layer-hop/1";

/// The key of the tags.
#[derive(Debug, Clone)]
pub struct HopKey(HmacKey);

/// What a request says of a gateway before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outer {
    /// There is no such header.
    Silent,
    /// Another gateway of this audit layer records the call under this request id.
    Recorded(String),
    /// The header proves nothing: it is forged, too old, of another audit layer, or there is no key
    /// by which it could be proven.
    Unproven,
}

impl HopKey {
    /// Made of the key of the audit API; `None` if that is empty.
    pub fn new(api_key: &str) -> Option<Self> {
        let derived = HmacKey::new(api_key.as_bytes())?.tag(&[PURPOSE]);
        HmacKey::new(derived.as_bytes()).map(Self)
    }

    /// The header's value for a call that is recorded here.
    pub fn header(&self, request_id: &str) -> String {
        format!("{request_id}.{}", self.0.tag(&[request_id.as_bytes()]))
    }

    fn proves(&self, value: &[u8], now: Timestamp) -> Option<String> {
        let (request_id, tag) = str::from_utf8(value).ok()?.split_once('.')?;
        if !is_recent(request_id, now) || !is_same(&self.0.tag(&[request_id.as_bytes()]), tag) {
            return None;
        }
        Some(request_id.to_owned())
    }
}

/// What the headers of a request say of a gateway before this one.
pub fn outer(key: Option<&HopKey>, headers: Headers<'_>, now: Timestamp) -> Outer {
    let mut values = headers.all(HEADER);
    let Some(value) = values.next() else {
        return Outer::Silent;
    };
    let proven = key.and_then(|key| key.proves(value, now));
    match (proven, values.next()) {
        (Some(request_id), None) => Outer::Recorded(request_id),
        _ => Outer::Unproven,
    }
}

/// A UUIDv7 tells when it was made.
fn is_recent(request_id: &str, now: Timestamp) -> bool {
    let made_at = Uuid::try_parse(request_id)
        .ok()
        .and_then(|id| id.get_timestamp())
        .map(|time| time.to_unix())
        .map(|(seconds, nanos)| {
            let ms = u64::from(nanos).div_euclid(1_000_000);
            Timestamp::from_unix_ms(seconds.saturating_mul(1_000).saturating_add(ms))
        });
    made_at.is_some_and(|made_at| {
        now.ms_since(made_at) <= HOP_AGE_MS_MAX && made_at.ms_since(now) <= HOP_AHEAD_MS_MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0194c10f-6840-7707-8707-070707070707";

    fn made_at() -> Timestamp {
        Timestamp::from_unix_ms(1_738_405_800_000)
    }

    fn key(api_key: &str) -> HopKey {
        HopKey::new(api_key).unwrap()
    }

    fn read(key: Option<&HopKey>, values: &[&str], now: Timestamp) -> Outer {
        let headers: Vec<_> = values
            .iter()
            .map(|value| (b"Audit-Layer-Hop".to_vec(), value.as_bytes().to_vec()))
            .collect();
        outer(key, Headers(&headers), now)
    }

    #[test]
    fn a_header_is_believed_under_the_same_key_and_for_ten_minutes() {
        let (ours, theirs) = (key("al_sk_1"), key("al_sk_2"));
        let value = ours.header(ID);
        let recorded = Outer::Recorded(ID.to_owned());
        let at = |ms: u64| made_at().plus_ms(ms);
        assert_eq!(read(Some(&ours), &[&value], at(0)), recorded);
        assert_eq!(read(Some(&ours), &[&value], at(HOP_AGE_MS_MAX)), recorded);
        assert_eq!(
            read(Some(&ours), &[&value], at(HOP_AGE_MS_MAX + 1)),
            Outer::Unproven
        );
        assert_eq!(read(Some(&theirs), &[&value], at(0)), Outer::Unproven);
        assert_eq!(read(None, &[&value], at(0)), Outer::Unproven);
        assert_eq!(read(Some(&ours), &[], at(0)), Outer::Silent);
        assert_eq!(read(Some(&ours), &[&value, &value], at(0)), Outer::Unproven);
    }

    #[test]
    fn a_clock_that_is_a_little_behind_believes_too() {
        let ours = key("k");
        let value = ours.header(ID);
        let before = |ms: u64| Timestamp::from_unix_ms(made_at().unix_ms() - ms);
        assert_ne!(
            read(Some(&ours), &[&value], before(60_000)),
            Outer::Unproven
        );
        assert_eq!(
            read(Some(&ours), &[&value], before(60_001)),
            Outer::Unproven
        );
    }

    #[test]
    fn a_forged_header_is_not_believed() {
        let ours = key("al_sk_1");
        let tag = ours.header(ID).split_off(ID.len() + 1);
        let other = ID.replace("0707", "0708");
        for value in [
            String::new(),
            ".".to_owned(),
            ID.to_owned(),
            format!("{ID}."),
            format!("{ID}.{}", "0".repeat(tag.len())),
            format!("{ID}.{}", &tag[1..]),
            format!("{ID}.{tag}0"),
            format!("{other}.{tag}"),
            // The API key itself is not the key of the tags.
            format!(
                "{ID}.{}",
                HmacKey::new(b"al_sk_1").unwrap().tag(&[ID.as_bytes()])
            ),
            format!("4f9a7c21-e85b-4d0c-93aa-117700000000.{tag}"),
        ] {
            assert_eq!(read(Some(&ours), &[&value], made_at()), Outer::Unproven);
        }
    }

    #[test]
    fn without_an_api_key_there_is_no_key() {
        assert!(HopKey::new("").is_none());
    }
}
