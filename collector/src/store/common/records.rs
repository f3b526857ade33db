//! Keeping the access records.

use sqlx::{FromRow, QueryBuilder, Row as _};

use crate::limits;
use crate::store::{AccessRecord, Action, Completion, Order, RecordFilter, StoreError, Who};

use super::terms::{Connection, Dialect, Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for AccessRecord {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let text = |name: &str| row.try_get::<Option<String>, _>(name);
        let status: Option<i64> = row.try_get("status")?;
        let ids: String = row.try_get("ids")?;
        Ok(Self {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            until: row.try_get("until")?,
            action: row.try_get::<String, _>("action")?.into(),
            result: row.try_get::<String, _>("result")?.into(),
            status: status.and_then(|status| u16::try_from(status).ok()),
            organization_id: text("organization_id")?.map(text::read),
            who: Who {
                key_id: text("key_id")?,
                key_name: text("key_name")?.map(text::read),
                session: text("session")?,
                os_user: text("os_user")?.map(text::read),
                address: text("address")?.map(text::read),
                forwarded_for: text("forwarded_for")?.map(text::read),
            },
            query: text("query")?,
            // They are written below, as a list of texts.
            ids: serde_json::from_str(&ids).unwrap_or_default(),
            items: row.try_get("items")?,
            times: row.try_get("times")?,
        })
    }
}

/// Adds a record within the transaction that does what it is about.
pub(super) async fn add(
    connection: &mut Connection,
    record: &AccessRecord,
) -> Result<(), StoreError> {
    let who = &record.who;
    let stored =
        |text: &Option<String>| text.as_deref().map(|text| text::stored(text).into_owned());
    let ids = serde_json::to_string(&record.ids).unwrap_or_default();
    sqlx::query(ADD)
        .bind(record.at)
        .bind(&record.id)
        .bind(record.action.as_ref())
        .bind(record.result.as_ref())
        .bind(record.status.map(i64::from))
        .bind(stored(&record.organization_id))
        .bind(&who.key_id)
        .bind(stored(&who.key_name))
        .bind(&who.session)
        .bind(stored(&who.os_user))
        .bind(stored(&who.address))
        .bind(stored(&who.forwarded_for))
        .bind(&record.query)
        .bind(ids)
        .bind(record.items)
        .bind(record.times)
        .bind(record.until)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds a record of what was done to one thing, which is of this organization or of all.
pub(super) async fn add_of(
    connection: &mut Connection,
    record: AccessRecord,
    id: &str,
    organization: Option<String>,
) -> Result<(), StoreError> {
    let mut record = record.of_ids([id.to_owned()]);
    record.organization_id = organization.map(text::read);
    add(connection, &record).await
}

async fn complete(connection: &mut Connection, completion: &Completion) -> Result<(), StoreError> {
    let ids = completion.ids.as_ref();
    let ids = ids.map(|ids| serde_json::to_string(ids).unwrap_or_default());
    sqlx::query(COMPLETE)
        .bind(completion.result)
        .bind(completion.items)
        .bind(completion.until)
        .bind(ids)
        .bind(completion.times)
        .bind(completion.at)
        .bind(&completion.id)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Adds records and completes others, in one transaction.
    pub(crate) async fn write_records(
        &self,
        records: &[AccessRecord],
        completions: &[Completion],
    ) -> Result<(), StoreError> {
        self.tried(|| async {
            let mut transaction = self.begin().await?;
            for record in records {
                add(&mut transaction, record).await?;
            }
            for completion in completions {
                complete(&mut transaction, completion).await?;
            }
            Ok(transaction.commit().await?)
        })
        .await
    }

    /// A page of records.
    pub(crate) async fn records(
        &self,
        filter: &RecordFilter,
    ) -> Result<Vec<AccessRecord>, StoreError> {
        let mut query = matching(filter);
        Ok(query
            .build_query_as()
            .fetch_all(&mut *self.reader().await?)
            .await?)
    }

    /// What the last record of how long things are kept says.
    pub(crate) async fn last_retention(&self) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar::<_, Option<String>>(LAST_RETENTION);
        let query = query.bind(Action::RetentionChanged.name());
        let last = query.fetch_optional(&mut *self.reader().await?).await?;
        Ok(last.flatten())
    }

    /// Removes some of the records from before `cutoff`, and records that in `removal`. Tells how many
    /// they were. What says how long things are kept stays.
    pub(crate) async fn remove_records(
        &self,
        removal: &AccessRecord,
        cutoff: i64,
    ) -> Result<usize, StoreError> {
        self.tried(|| async {
            let mut transaction = self.begin().await?;
            let removal = AccessRecord {
                until: Some(cutoff),
                ..removal.clone().begun()
            };
            add(&mut transaction, &removal).await?;
            let remove = sqlx::query(REMOVE)
                .bind(cutoff)
                .bind(Action::RetentionChanged.name())
                .bind(limits::REMOVED_RECORDS_MAX);
            let removed = remove.execute(&mut *transaction).await?.rows_affected();
            if removed == 0 {
                transaction.rollback().await?;
                return Ok(0);
            }
            let completion = Completion {
                until: cutoff,
                ..removal.completion(removed)
            };
            complete(&mut transaction, &completion).await?;
            transaction.commit().await?;
            Ok(usize::try_from(removed).unwrap_or(usize::MAX))
        })
        .await
    }
}

fn matching(filter: &RecordFilter) -> QueryBuilder<Dialect> {
    let mut query = QueryBuilder::new("SELECT * FROM access_records WHERE TRUE");
    if let Some(from) = filter.from {
        query.push(" AND at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(until);
    }
    if let Some(key_id) = &filter.key_id {
        query
            .push(" AND key_id = ")
            .push_bind(text::stored(key_id).into_owned());
    }
    if !filter.actions.is_empty() {
        query.push(" AND action IN (");
        let mut names = query.separated(", ");
        for action in &filter.actions {
            names.push_bind(action.name());
        }
        query.push(")");
    }
    if let Some(organization) = &filter.organization_id {
        query.push(" AND (organization_id IS NULL OR organization_id = ");
        query.push_bind(text::stored(organization).into_owned());
        query.push(")");
    }
    let (beyond, direction) = match filter.order {
        Order::NewestFirst => (" < (", " DESC"),
        Order::OldestFirst => (" > (", ""),
    };
    if let Some(after) = &filter.after {
        query.push(" AND (at, id)").push(beyond);
        query.push_bind(after.at).push(", ");
        query
            .push_bind(text::stored(&after.id).into_owned())
            .push(")");
    }
    query.push(" ORDER BY at").push(direction);
    query.push(", id").push(direction);
    query.push(" LIMIT ");
    query.push_bind(i64::try_from(filter.limit).unwrap_or(i64::MAX));
    query
}

const ADD: &str = "
    INSERT INTO access_records (
        at, id, action, result, status, organization_id, key_id, key_name, session, os_user, address,
        forwarded_for, query, ids, items, times, until
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

const COMPLETE: &str = "
    UPDATE access_records
    SET result = $1, items = $2, until = $3, ids = COALESCE($4, ids), times = COALESCE($5, times)
    WHERE at = $6 AND id = $7 AND result = 'begun'";

const LAST_RETENTION: &str = "
    SELECT query FROM access_records WHERE action = $1 ORDER BY at DESC, id DESC LIMIT 1";

const REMOVE: &str = "
    DELETE FROM access_records WHERE (at, id) IN (
        SELECT at, id FROM access_records WHERE at < $1 AND action <> $2 ORDER BY at, id LIMIT $3
    )";
