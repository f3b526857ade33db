//! Backing up a database, beside a collector that may be running on it.

use std::path::Path;

use crate::store::{BackupError, Store};

/// Copies the database at `path`, as it is now, to the new file `target`. Returns the number of
/// events in the copy.
///
/// The copy is a database that a collector can be started on. The schema stays as it is, so that a
/// backup can be made before an upgrade with the new program.
///
/// # Errors
/// There is no such database, or the target exists or cannot be written.
pub async fn back_up(path: &Path, target: &Path) -> Result<u64, BackupError> {
    let store = Store::attach(path).await?;
    let events = store.back_up(target).await;
    store.close().await;
    events
}
