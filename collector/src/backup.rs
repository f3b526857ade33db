//! Backing up a database, beside a collector that may be running on it.

use std::path::Path;

use serde_json::json;

use crate::records::operator;
use crate::store::{AccessRecord, Action, BackupError, Database, Store};

/// Copies the database, as it is now, to the new file `target`. Returns the number of events in the
/// copy.
///
/// The copy is a database that a collector can be started on. The schema stays as it is, so that a
/// backup can be made before an upgrade with the new program.
///
/// # Errors
/// There is no such database, it is not a file, or the target exists or cannot be written.
pub async fn back_up(database: &Database, target: &Path) -> Result<u64, BackupError> {
    let copy = target.display().to_string();
    let record = AccessRecord::new(Action::BackupMade, operator());
    let record = record.asking(&json!({"copy": copy}));
    Store::back_up(database, target, record).await
}
