//! A copy of the database while it is in use.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::slice::from_ref;

use tempfile::TempPath;
use uuid::Uuid;

use crate::store::sqlite::SqliteStore;
use crate::store::{AccessRecord, BackupError, Completion, FAILED, StoreError};

impl SqliteStore {
    /// Does [`back_up`](Self::back_up), and records it before and after. A database of an earlier version
    /// has a schema that stays as it is: it takes one record after, or none.
    pub(crate) async fn back_up_recorded(
        &self,
        path: &Path,
        record: AccessRecord,
    ) -> Result<u64, BackupError> {
        let begins = self.changed_trigger().await?;
        let begins = begins.map(|trigger| trigger.contains("'begun'"));
        let record = match begins {
            Some(true) => record.begun(),
            Some(false) | None => record,
        };
        if begins == Some(true) {
            self.write_records(from_ref(&record), &[]).await?;
        }
        let backed_up = self.back_up(path).await;
        let completion = match &backed_up {
            Ok(events) => record.completion(*events),
            Err(_) => Completion {
                result: FAILED,
                ..record.completion(0)
            },
        };
        let recorded = match begins {
            None => Ok(()),
            Some(true) => self.write_records(&[], &[completion]).await,
            Some(false) => {
                let record = AccessRecord {
                    result: completion.result.into(),
                    items: completion.items,
                    ..record
                };
                self.write_records(&[record], &[]).await
            }
        };
        // Why there is no backup says more than why that could not be recorded.
        let events = backed_up?;
        recorded?;
        Ok(events)
    }

    /// What guards the access records, if there are any: it tells what can be said of their ends.
    async fn changed_trigger(&self) -> Result<Option<String>, StoreError> {
        let trigger = sqlx::query_scalar(CHANGED_TRIGGER);
        Ok(trigger.fetch_optional(&self.writes).await?)
    }

    /// Writes all that is committed to a new file at `path`, and tells how many events that is.
    ///
    /// The file has its name only when it is whole and on disk. Until then it has one that nobody
    /// else uses.
    pub(crate) async fn back_up(&self, path: &Path) -> Result<u64, BackupError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists {
                path: path.to_owned(),
            },
            _ => BackupError::File {
                path: path.to_owned(),
                source,
            },
        };
        // Better now than after the work; it is only then that nobody else can come first.
        if path.try_exists().map_err(failed)? {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let partial = create_beside(path).map_err(failed)?;
        let events = self.copy(&partial).await?;
        publish(partial, path).map_err(failed)?;
        Ok(events)
    }

    /// SQLite reads it in one transaction, whatever is written meanwhile.
    async fn copy(&self, path: &Path) -> Result<u64, StoreError> {
        let copy = sqlx::query("VACUUM INTO ?").bind(path.to_string_lossy().into_owned());
        copy.execute(&self.writes).await?;
        let copy = Self::attach(path).await?;
        let events = sqlx::query_scalar("SELECT count(*) FROM events");
        let events: Result<i64, _> = events.fetch_one(&copy.writes).await;
        copy.close().await;
        Ok(u64::try_from(events?).unwrap_or_default())
    }
}

const CHANGED_TRIGGER: &str = "
    SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'access_record_changed'";

/// An empty file beside `path` that only its owner can read. It goes unless it is published.
fn create_beside(path: &Path) -> io::Result<TempPath> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", Uuid::now_v7().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(&partial)?;
    TempPath::try_from_path(partial)
}

/// Gives the file its name, unless another has it.
fn publish(partial: TempPath, path: &Path) -> io::Result<()> {
    File::open(&partial)?.sync_all()?;
    partial.persist_noclobber(path)?;
    // The name, too, is on disk only when its folder is.
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_came_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        let partial = create_beside(&path).unwrap();
        std::fs::write(&path, "mine").unwrap();
        let error = publish(partial, &path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
