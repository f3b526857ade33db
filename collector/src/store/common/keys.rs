//! Keeping the API keys.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::access::{Access, Kind, Scope};
use crate::key::KeyHash;
use crate::store::{StoreError, StoredKey};

use super::terms::{Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for StoredKey {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let organization: Option<String> = row.try_get("organization_id")?;
        let kind: Option<&str> = row.try_get("kind")?;
        Ok(Self {
            id: row.try_get("id")?,
            hash: decoded("hash", KeyHash::try_from(row.try_get::<&[u8], _>("hash")?))?,
            access: Access {
                role: decoded("role", row.try_get::<&str, _>("role")?.parse())?,
                scope: organization.map_or(Scope::All, |id| Scope::Organization(text::read(id))),
            },
            kind: decoded("kind", kind.map(str::parse).transpose())?,
            family: row.try_get("family")?,
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
        kind: Option<Kind>,
        created_at: i64,
    ) -> Result<String, StoreError> {
        let id = new_id();
        sqlx::query(ADD)
            .bind(&id)
            .bind(hash.as_bytes())
            .bind(access.role.name())
            .bind(access.scope.id().map(text::stored))
            .bind(kind.map(Kind::name))
            .bind(created_at)
            .execute(&self.writes)
            .await?;
        Ok(id)
    }

    /// Adds a key that is to take the place of the one with the id `first`, and may do the same: its id;
    /// `None` if there is no such key.
    pub(crate) async fn add_successor(
        &self,
        hash: &KeyHash,
        first: &str,
        created_at: i64,
    ) -> Result<Option<String>, StoreError> {
        let id = new_id();
        let added = sqlx::query(ADD_SUCCESSOR)
            .bind(&id)
            .bind(hash.as_bytes())
            .bind(created_at)
            .bind(text::stored(first))
            .execute(&self.writes)
            .await?;
        Ok((added.rows_affected() > 0).then_some(id))
    }

    /// Says of a key that only records, and of all keys of its family, of what kind it is. Tells how many
    /// there are; none if there is no such key. The writers of an application are nobody's then.
    pub(crate) async fn set_kind(&self, id: &str, kind: Kind) -> Result<u64, StoreError> {
        let mut transaction = self.writes.begin().await?;
        let id = text::stored(id);
        let set = sqlx::query(SET_KIND).bind(kind.name()).bind(&id);
        let keys = set.execute(&mut *transaction).await?.rows_affected();
        if kind == Kind::Application {
            let release = sqlx::query(RELEASE_WRITERS).bind(&id);
            release.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(keys)
    }

    /// Revokes a key, and tells since when it is revoked; `None` if there is no such key.
    pub(crate) async fn revoke_key(&self, id: &str, now: i64) -> Result<Option<i64>, StoreError> {
        let query = sqlx::query_scalar(REVOKE).bind(now).bind(text::stored(id));
        Ok(query.fetch_optional(&self.writes).await?)
    }
}

fn new_id() -> String {
    format!("key_{}", Uuid::now_v7().simple())
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
    SELECT id, hash, role, organization_id, kind, family, created_at, revoked_at FROM keys
    ORDER BY id";

const ADD: &str = "
    INSERT INTO keys (id, hash, role, organization_id, kind, family, created_at)
    VALUES ($1, $2, $3, $4, $5, $1, $6)";

const ADD_SUCCESSOR: &str = "
    INSERT INTO keys (id, hash, role, organization_id, kind, family, created_at)
    SELECT $1, $2, role, organization_id, kind, family, $3 FROM keys WHERE id = $4";

const SET_KIND: &str = "
    UPDATE keys SET kind = $1
    WHERE role = 'ingest' AND family = (SELECT family FROM keys WHERE id = $2)";

const RELEASE_WRITERS: &str = "
    UPDATE writers SET family = NULL WHERE family = (SELECT family FROM keys WHERE id = $1)";

const REVOKE: &str = "
    UPDATE keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 RETURNING revoked_at";
