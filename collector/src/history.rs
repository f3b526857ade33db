//! What became of events that are not there any more as they were: an auditor asks for it, and the
//! database keeps it, whatever else is removed.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::store::{Database, Erasure, Store, StoreError, StoredErasure, StoredRemoval};
use crate::time::{DAY_MICROS, moment};

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Events were erased for a user.
    Erased {
        /// Whose content, and why.
        erasure: Erasure,
        /// When it was asked for.
        erased_at: DateTime<Utc>,
        /// How many events have lost their content.
        events: i64,
    },
    /// Events were removed with all that they had.
    Removed {
        /// On which day, UTC.
        day: NaiveDate,
        /// Why: `retention`.
        cause: String,
        /// Whose events.
        organization_id: String,
        /// How many.
        events: i64,
    },
}

impl Change {
    /// When it was, of a day its beginning.
    fn time(&self) -> DateTime<Utc> {
        match self {
            Self::Erased { erased_at, .. } => *erased_at,
            Self::Removed { day, .. } => day.and_time(NaiveTime::MIN).and_utc(),
        }
    }
}

impl From<StoredErasure> for Change {
    fn from(stored: StoredErasure) -> Self {
        Self::Erased {
            erasure: Erasure {
                scope: stored.scope,
                user_id: stored.user_id,
                reason: stored.reason,
            },
            erased_at: moment(stored.created_at),
            events: stored.events,
        }
    }
}

impl From<StoredRemoval> for Change {
    fn from(stored: StoredRemoval) -> Self {
        Self::Removed {
            day: moment(stored.day.saturating_mul(DAY_MICROS)).date_naive(),
            cause: stored.cause,
            organization_id: stored.organization_id,
            events: stored.events,
        }
    }
}

/// All that was removed or erased, oldest first.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn read(database: &Database) -> Result<Vec<Change>, StoreError> {
    let store = Store::open_existing(database).await?;
    let changes = changes(&store).await;
    store.close().await;
    changes
}

async fn changes(store: &Store) -> Result<Vec<Change>, StoreError> {
    let removals = store.removals().await?.into_iter().map(Change::from);
    let erasures = store.erasures().await?.into_iter().map(Change::from);
    let mut changes: Vec<Change> = removals.chain(erasures).collect();
    // Stable, so that what has the same time stays in its order.
    changes.sort_by_key(Change::time);
    Ok(changes)
}
