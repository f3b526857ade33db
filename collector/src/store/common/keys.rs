//! Keeping the API keys.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::access::{Access, Scope};
use crate::key::KeyHash;
use crate::store::{StoreError, StoredKey};

use super::terms::{Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for StoredKey {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let organization: Option<String> = row.try_get("organization_id")?;
        Ok(Self {
            id: row.try_get("id")?,
            hash: decoded("hash", KeyHash::try_from(row.try_get::<&[u8], _>("hash")?))?,
            access: Access {
                role: decoded("role", row.try_get::<&str, _>("role")?.parse())?,
                scope: organization.map_or(Scope::All, |id| Scope::Organization(text::read(id))),
            },
            created_at: row.try_get("created_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

impl Store {
    /// Every key, oldest first.
    pub(crate) async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(sqlx::query_as(ALL).fetch_all(&self.checks).await?)
    }

    /// Adds a key and returns its id. `created_at` is in microseconds since 1970, UTC.
    pub(crate) async fn add_key(
        &self,
        hash: &KeyHash,
        access: &Access,
        created_at: i64,
    ) -> Result<String, StoreError> {
        let id = format!("key_{}", Uuid::now_v7().simple());
        sqlx::query(ADD)
            .bind(&id)
            .bind(hash.as_bytes())
            .bind(access.role.name())
            .bind(access.scope.id().map(text::stored))
            .bind(created_at)
            .execute(&self.writes)
            .await?;
        Ok(id)
    }

    /// Revokes a key, and tells since when it is revoked; `None` if there is no such key.
    pub(crate) async fn revoke_key(&self, id: &str, now: i64) -> Result<Option<i64>, StoreError> {
        let query = sqlx::query_scalar(REVOKE).bind(now).bind(text::stored(id));
        Ok(query.fetch_optional(&self.writes).await?)
    }
}

fn decoded<T, E>(column: &str, value: Result<T, E>) -> Result<T, sqlx::Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    value.map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(source),
    })
}

// An id begins with the time at which it was made.
const ALL: &str = "
    SELECT id, hash, role, organization_id, created_at, revoked_at FROM keys ORDER BY id";

const ADD: &str = "
    INSERT INTO keys (id, hash, role, organization_id, created_at) VALUES ($1, $2, $3, $4, $5)";

const REVOKE: &str = "
    UPDATE keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 RETURNING revoked_at";
