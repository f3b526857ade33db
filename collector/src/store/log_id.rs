//! The ids of events.

use chrono::Utc;
use uuid::Builder;

use crate::store::StoreError;

/// New log ids, which sort by the time at which they are made. The system is asked once for what
/// tells them apart.
pub(super) fn log_ids(count: usize) -> Result<Vec<String>, StoreError> {
    let now = u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default();
    let mut random = vec![[0; 10]; count];
    getrandom::fill(random.as_flattened_mut()).map_err(StoreError::Random)?;
    let ids = random.iter().map(|random| {
        let id = Builder::from_unix_timestamp_millis(now, random).into_uuid();
        format!("log_{}", id.simple())
    });
    Ok(ids.collect())
}
