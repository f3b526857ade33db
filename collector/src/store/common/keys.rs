//! Keeping the API keys.

use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::access::{Access, Kind, Scope};
use crate::key::KeyHash;
use crate::store::{AccessRecord, AddedKey, StoreError, StoredKey};

use super::terms::{Connection, Row, Store};
use super::{records, text};

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
            name: row.try_get::<Option<String>, _>("name")?.map(text::read),
            created_at: row.try_get("created_at")?,
            revoked_at: row.try_get("revoked_at")?,
            expires_at: row.try_get("expires_at")?,
            last_used_at: row.try_get("last_used_at")?,
        })
    }
}

impl Store {
    /// Every key, oldest first.
    pub(crate) async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(sqlx::query_as(ALL).fetch_all(&self.checks).await?)
    }

    /// Adds a key, records that, and returns its id.
    pub(crate) async fn add_key(
        &self,
        key: &AddedKey<'_>,
        access: &Access,
        kind: Option<Kind>,
        record: AccessRecord,
    ) -> Result<String, StoreError> {
        let id = new_id();
        let mut transaction = self.begin().await?;
        sqlx::query(ADD)
            .bind(&id)
            .bind(key.hash.as_bytes())
            .bind(access.role.name())
            .bind(access.scope.id().map(text::stored))
            .bind(kind.map(Kind::name))
            .bind(key.created_at)
            .bind(key.name.map(text::stored))
            .bind(key.expires_at)
            .execute(&mut *transaction)
            .await?;
        let record = record.of_ids([id.clone()]);
        records::add(&mut transaction, &record).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Adds a key that is to take the place of the one with the id `first`, and may do the same: its id;
    /// `None` if there is no such key.
    pub(crate) async fn add_successor(
        &self,
        key: &AddedKey<'_>,
        first: &str,
        record: AccessRecord,
    ) -> Result<Option<String>, StoreError> {
        let id = new_id();
        let mut transaction = self.begin().await?;
        let added = sqlx::query_scalar(ADD_SUCCESSOR)
            .bind(&id)
            .bind(key.hash.as_bytes())
            .bind(key.created_at)
            .bind(text::stored(first))
            .bind(key.name.map(text::stored))
            .bind(key.expires_at);
        let organization: Option<Option<String>> = added.fetch_optional(&mut *transaction).await?;
        let Some(organization) = organization else {
            return Ok(None);
        };
        records::add_of(&mut transaction, record, &id, organization).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Notes when keys were last used, each with its id.
    pub(crate) async fn note_key_uses(&self, uses: &[(String, i64)]) -> Result<(), StoreError> {
        self.tried(|| async {
            let mut transaction = self.begin().await?;
            for (id, at) in uses {
                let note = sqlx::query(NOTE_USE).bind(at).bind(id);
                note.execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
        .await
    }

    /// Says of a key that only records, and of all keys of its family, of what kind it is. Tells how many
    /// there are; none if there is no such key. The writers of an application are nobody's then.
    pub(crate) async fn set_kind(
        &self,
        id: &str,
        kind: Kind,
        record: &AccessRecord,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let id = text::stored(id);
        let set = sqlx::query(SET_KIND).bind(kind.name()).bind(&id);
        let keys = set.execute(&mut *transaction).await?.rows_affected();
        if kind == Kind::Application {
            let release = sqlx::query(RELEASE_WRITERS).bind(&id);
            release.execute(&mut *transaction).await?;
        }
        records::add(&mut transaction, record).await?;
        transaction.commit().await?;
        Ok(keys)
    }

    /// Revokes a key, and tells since when it is revoked; `None` if there is no such key.
    pub(crate) async fn revoke_key(
        &self,
        id: &str,
        now: i64,
        record: AccessRecord,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query_as(REVOKE).bind(now).bind(text::stored(id));
        let revoked: Option<(i64, Option<String>)> =
            query.fetch_optional(&mut *transaction).await?;
        let Some((revoked_at, organization)) = revoked else {
            return Ok(None);
        };
        records::add_of(&mut transaction, record, id, organization).await?;
        transaction.commit().await?;
        Ok(Some(revoked_at))
    }
}

/// Whether keys of this family are an application's, as the database has it now: whoever asks may have
/// read the keys a second ago.
pub(super) async fn is_of_application(
    connection: &mut Connection,
    family: &str,
) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar(APPLICATION)
        .bind(family)
        .bind(Kind::Application.name());
    let keys: i64 = query.fetch_one(connection).await?;
    Ok(keys > 0)
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
    SELECT
        id, hash, role, organization_id, kind, family, name, created_at, revoked_at, expires_at,
        last_used_at
    FROM keys ORDER BY id";

const ADD: &str = "
    INSERT INTO keys
        (id, hash, role, organization_id, kind, family, created_at, name, expires_at)
    VALUES ($1, $2, $3, $4, $5, $1, $6, $7, $8)";

const ADD_SUCCESSOR: &str = "
    INSERT INTO keys
        (id, hash, role, organization_id, kind, family, created_at, name, expires_at)
    SELECT $1, $2, role, organization_id, kind, family, $3, coalesce($5, name), $6
    FROM keys WHERE id = $4 RETURNING organization_id";

const NOTE_USE: &str = "
    UPDATE keys SET last_used_at = $1
    WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)";

const SET_KIND: &str = "
    UPDATE keys SET kind = $1
    WHERE role = 'ingest' AND family = (SELECT family FROM keys WHERE id = $2)";

const APPLICATION: &str = "SELECT count(*) FROM keys WHERE family = $1 AND kind = $2";

const RELEASE_WRITERS: &str = "
    UPDATE writers SET family = NULL WHERE family = (SELECT family FROM keys WHERE id = $1)";

const REVOKE: &str = "
    UPDATE keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2
    RETURNING revoked_at, organization_id";
