//! The API keys that the database knows, as hashes.

use uuid::Uuid;

use crate::key::KeyHash;
use crate::store::{Store, StoreError};

impl Store {
    pub(crate) async fn key_hashes(&self) -> Result<Vec<KeyHash>, StoreError> {
        let query = sqlx::query_scalar::<_, Vec<u8>>("SELECT hash FROM api_keys");
        let hashes = query.fetch_all(&self.reads).await?;
        Ok(hashes
            .iter()
            .filter_map(|hash| KeyHash::from_bytes(hash))
            .collect())
    }

    /// Adds a key. `created_at` is in microseconds since 1970, UTC.
    pub(crate) async fn add_key(&self, hash: &KeyHash, created_at: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO api_keys (id, hash, created_at) VALUES (?, ?, ?)")
            .bind(format!("key_{}", Uuid::now_v7().simple()))
            .bind(hash.as_bytes())
            .bind(created_at)
            .execute(&self.writes)
            .await?;
        Ok(())
    }
}
