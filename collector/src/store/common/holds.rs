//! Keeping the legal holds.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::access::Scope;
use crate::store::hold::Holds;
use crate::store::{AccessRecord, StoreError, StoredHold};

use super::terms::{Connection, Row, Store};
use super::{records, text};

impl<'r> FromRow<'r, Row> for StoredHold {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let organization: Option<String> = row.try_get("organization_id")?;
        let user: Option<String> = row.try_get("user_id")?;
        Ok(Self {
            id: row.try_get("id")?,
            scope: organization.map_or(Scope::All, |id| Scope::Organization(text::read(id))),
            user_id: user.map(text::read),
            reason: text::read(row.try_get("reason")?),
            created_at: row.try_get("created_at")?,
            released_at: row.try_get("released_at")?,
        })
    }
}

/// Those in force, read within the transaction that removes something.
pub(super) async fn in_force(connection: &mut Connection) -> Result<Holds, StoreError> {
    Ok(Holds(sqlx::query_as(IN_FORCE).fetch_all(connection).await?))
}

impl Store {
    /// Every hold, oldest first.
    pub(crate) async fn holds(&self) -> Result<Vec<StoredHold>, StoreError> {
        Ok(sqlx::query_as(ALL)
            .fetch_all(&mut *self.reader().await?)
            .await?)
    }

    /// Adds a hold and returns its id. `now` is in microseconds since 1970, UTC.
    pub(crate) async fn add_hold(
        &self,
        scope: &Scope,
        user_id: Option<&str>,
        reason: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<String, StoreError> {
        let id = format!("hold_{}", Uuid::now_v7().simple());
        let mut transaction = self.begin().await?;
        sqlx::query(ADD)
            .bind(&id)
            .bind(scope.id().map(text::stored))
            .bind(user_id.map(text::stored))
            .bind(text::stored(reason))
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let record = record.of_ids([id.clone()]);
        records::add(&mut transaction, &record).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Releases a hold, and tells since when it is released; `None` if there is no such hold.
    pub(crate) async fn release_hold(
        &self,
        id: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query_as(RELEASE).bind(now).bind(text::stored(id));
        let released: Option<(i64, Option<String>)> =
            query.fetch_optional(&mut *transaction).await?;
        let Some((released_at, organization)) = released else {
            return Ok(None);
        };
        records::add_of(&mut transaction, record, id, organization).await?;
        transaction.commit().await?;
        Ok(Some(released_at))
    }
}

// An id begins with the time at which it was made.
const ALL: &str = "SELECT * FROM holds ORDER BY id";

const IN_FORCE: &str = "SELECT * FROM holds WHERE released_at IS NULL ORDER BY id";

const ADD: &str = "
    INSERT INTO holds (id, organization_id, user_id, reason, created_at) VALUES ($1, $2, $3, $4, $5)";

const RELEASE: &str = "
    UPDATE holds SET released_at = coalesce(released_at, $1) WHERE id = $2
    RETURNING released_at, organization_id";
