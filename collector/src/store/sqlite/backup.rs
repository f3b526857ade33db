//! A copy of the database while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::sqlite::{SqliteStore, create_private};
use crate::store::{BackupError, StoreError};

impl SqliteStore {
    /// Writes all that is committed to a new file at `path`, and tells how many events that is.
    ///
    /// The file has its name only when it is whole and on disk.
    pub(crate) async fn back_up(&self, path: &Path) -> Result<u64, BackupError> {
        let failed = |source| BackupError::File {
            path: path.to_owned(),
            source,
        };
        if path.try_exists().map_err(failed)? {
            return Err(BackupError::Exists {
                path: path.to_owned(),
            });
        }
        let partial = partial(path);
        // What an earlier attempt left.
        let _ = fs::remove_file(&partial);
        create_private(&partial);
        match self.copy(&partial).await {
            Ok(events) => {
                publish(&partial, path).map_err(failed)?;
                Ok(events)
            }
            Err(error) => {
                let _ = fs::remove_file(&partial);
                Err(error.into())
            }
        }
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

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn publish(partial: &Path, path: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, path)?;
    // The name, too, is on disk only when its folder is.
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
