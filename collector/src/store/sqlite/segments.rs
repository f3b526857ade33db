//! The index of events in the database: segments, written for events of the tail and merged later.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, Transaction};

use crate::limits;
use crate::search::Position;
use crate::search::{Chunk, Segment, Term};
use crate::store::StoreError;
use crate::store::segments::{Head, Indexed, Share, Stored, due, positions_of, terms_of};
use crate::store::sqlite::{SqliteStore, segment_rows};

impl SqliteStore {
    /// Merges some segments, if there are many of about the same size, and tells whether it did.
    pub(crate) async fn merge_segments(&self) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let due = due(segment_rows::all(&mut transaction).await?);
        if due.is_empty() {
            return Ok(false);
        }
        replace(&mut transaction, &due).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Writes anew, one at a time, the segments of which so great a share is stale.
    pub(super) async fn refresh_segments(&self, share: Share) -> Result<(), StoreError> {
        let heads = segment_rows::maybe_stale(&mut *self.writes.acquire().await?).await?;
        for head in heads {
            // Another process may have merged it meanwhile: then it is clean.
            let mut transaction = self.begin().await?;
            let stale = stale(&mut transaction, head).await?;
            if share.is_reached(stale.len(), head) {
                replace(&mut transaction, &[head]).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Brings the events into segments that are in none yet, a few at a time: after a crash those of
    /// the tail, after an upgrade all. `progress` is told how many were.
    pub(crate) async fn index_rest(
        &self,
        mut progress: impl FnMut(usize),
    ) -> Result<(), StoreError> {
        loop {
            let mut transaction = self.begin().await?;
            let taken = sqlx::query_scalar(TAKE_UNINDEXED).bind(limits::INDEXED_EVENTS_MAX);
            let taken: Vec<i64> = taken.fetch_all(&mut *transaction).await?;
            if taken.is_empty() {
                return Ok(());
            }
            let taken: Vec<Position> = taken.into_iter().map(Position).collect();
            let segment = read_again(&mut transaction, &taken).await?;
            write(&mut transaction, &segment).await?;
            transaction.commit().await?;
            while self.merge_segments().await? {}
            progress(taken.len());
        }
    }

    /// Writes a segment that was made of events of the tail.
    pub(super) async fn write_of_tail(&self, mut segment: Segment) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let indexed = sqlx::query(INDEXED).bind(list(&segment.positions));
        indexed.execute(&mut *transaction).await?;
        let changed = stale_of(&mut transaction, &segment.positions).await?;
        if !changed.is_empty() {
            segment = without(&mut transaction, &[segment], &changed).await?;
        }
        write(&mut transaction, &segment).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether they have to be merged even though events are coming in.
    pub(super) async fn has_too_many_segments(&self) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&self.writes).await?;
        Ok(count >= limits::SEGMENTS_MAX)
    }

    /// IMMEDIATE, because a transaction that begins by reading cannot always go on to write.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writes.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Notes that these events are in no segment yet.
pub(super) async fn note_unindexed(
    connection: &mut SqliteConnection,
    events: &[Indexed],
) -> Result<(), StoreError> {
    let positions: Vec<Position> = events.iter().map(|(at, _)| *at).collect();
    let note = sqlx::query(NOTE_UNINDEXED).bind(list(&positions));
    note.execute(connection).await?;
    Ok(())
}

/// Positions as JSON, which carries them in one value.
fn list(positions: &[Position]) -> String {
    let numbers: Vec<i64> = positions.iter().map(|position| position.0).collect();
    format!("{numbers:?}")
}

/// Notes that what segments tell of these events is no longer true.
pub(super) async fn note_stale(
    connection: &mut SqliteConnection,
    positions: &[i64],
) -> Result<(), StoreError> {
    let note = sqlx::query(NOTE_STALE).bind(format!("{positions:?}"));
    note.execute(connection).await?;
    Ok(())
}

/// Merges segments into one, which tells of each event what is true now.
async fn replace(connection: &mut SqliteConnection, heads: &[Head]) -> Result<(), StoreError> {
    let mut segments = Vec::with_capacity(heads.len());
    let mut changed = Vec::new();
    for head in heads {
        changed.extend(stale(connection, *head).await?);
        segments.push(take(connection, head.id).await?);
    }
    changed.sort_unstable();
    changed.dedup();
    let merged = without(connection, &segments, &changed).await?;
    write(connection, &merged).await
}

/// One segment of these, in which the stale events `changed`, ascending, are as they are now. Some
/// may be gone.
async fn without(
    connection: &mut SqliteConnection,
    segments: &[Segment],
    changed: &[Position],
) -> Result<Segment, StoreError> {
    let is_changed = |position| changed.binary_search(&position).is_ok();
    let merged = Segment::merged(segments, |position| !is_changed(position))?;
    if changed.is_empty() {
        return Ok(merged);
    }
    let again = read_again(connection, changed).await?;
    Ok(Segment::merged(&[merged, again], |_| true)?)
}

/// A segment of those of these events that are still there, as they are now.
async fn read_again(
    connection: &mut SqliteConnection,
    positions: &[Position],
) -> Result<Segment, StoreError> {
    let positions = list(positions);
    let note = sqlx::query(NOT_STALE).bind(&positions);
    note.execute(&mut *connection).await?;
    let rows = sqlx::query_as(AGAIN).bind(&positions);
    let rows: Vec<Stored> = rows.fetch_all(connection).await?;
    Ok(Segment::of(&terms_of(&rows)))
}

async fn write(connection: &mut SqliteConnection, segment: &Segment) -> Result<(), StoreError> {
    let Some(id) = segment_rows::add(connection, segment).await? else {
        return Ok(());
    };
    for chunks in segment.chunks.chunks(limits::INSERTED_ROWS_MAX) {
        let mut query = QueryBuilder::<Sqlite>::new(ADD_CHUNKS);
        query.push_values(chunks, |mut values, chunk| {
            values
                .push_bind(id)
                .push_bind(chunk.first.number())
                .push_bind(&chunk.bytes);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Reads a segment and removes it.
async fn take(connection: &mut SqliteConnection, id: i64) -> Result<Segment, StoreError> {
    let chunks: Vec<(i64, Vec<u8>)> = sqlx::query_as(CHUNKS)
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
    let segment = Segment {
        positions: positions(connection, id).await?,
        chunks: chunks
            .into_iter()
            .map(|(first, bytes)| Chunk {
                first: Term::from(first),
                bytes,
            })
            .collect(),
    };
    for statement in [REMOVE_CHUNKS, REMOVE] {
        let remove = sqlx::query(statement).bind(id);
        remove.execute(&mut *connection).await?;
    }
    Ok(segment)
}

/// The positions of a segment's events, ascending; none if it is no longer there.
pub(super) async fn positions(
    connection: &mut SqliteConnection,
    segment: i64,
) -> Result<Vec<Position>, StoreError> {
    let query = sqlx::query_scalar(POSITIONS).bind(segment);
    let bytes: Option<Vec<u8>> = query.fetch_optional(connection).await?;
    Ok(positions_of(&bytes.unwrap_or_default()))
}

/// The events of a segment that are stale.
async fn stale(connection: &mut SqliteConnection, head: Head) -> Result<Vec<Position>, StoreError> {
    let own = positions(connection, head.id).await?;
    stale_of(connection, &own).await
}

/// Those of some events, ascending, that are stale.
async fn stale_of(
    connection: &mut SqliteConnection,
    events: &[Position],
) -> Result<Vec<Position>, StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(Vec::new());
    };
    let query = sqlx::query_scalar(STALE).bind(first.0).bind(last.0);
    let stale: Vec<i64> = query.fetch_all(&mut *connection).await?;
    let stale = stale.into_iter().map(Position);
    Ok(stale
        .filter(|at| events.binary_search(at).is_ok())
        .collect())
}

const ADD_CHUNKS: &str = "INSERT INTO segment_chunks (segment, first_term, bytes) ";

const CHUNKS: &str = "
    SELECT first_term, bytes FROM segment_chunks WHERE segment = ? ORDER BY first_term";

const POSITIONS: &str = "SELECT positions FROM segments WHERE id = ?";

const REMOVE: &str = "DELETE FROM segments WHERE id = ?";

const REMOVE_CHUNKS: &str = "DELETE FROM segment_chunks WHERE segment = ?";

const STALE: &str = "SELECT position FROM stale WHERE position BETWEEN ? AND ? ORDER BY position";

const NOTE_STALE: &str = "INSERT OR IGNORE INTO stale (position) SELECT value FROM json_each(?)";

const NOT_STALE: &str = "DELETE FROM stale WHERE position IN (SELECT value FROM json_each(?))";

const AGAIN: &str = "
    SELECT position, event, recorded_by, recorded_kind FROM events
    WHERE position IN (SELECT value FROM json_each(?))";

/// Some of their events may be gone.
const TAKE_UNINDEXED: &str = "
    DELETE FROM unindexed
    WHERE position IN (SELECT position FROM unindexed ORDER BY position LIMIT ?)
    RETURNING position";

const NOTE_UNINDEXED: &str = "
    INSERT OR IGNORE INTO unindexed (position) SELECT value FROM json_each(?)";

const INDEXED: &str = "DELETE FROM unindexed WHERE position IN (SELECT value FROM json_each(?))";

const COUNT: &str = "SELECT count(*) FROM segments";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::access::{Recorder, Scope};
    use crate::event::Event;
    use crate::store::sqlite::found::Found;
    use crate::store::{Arrival, Erasure, LogFilter};

    async fn store(folder: &tempfile::TempDir) -> SqliteStore {
        SqliteStore::open(&folder.path().join("audit.db"))
            .await
            .unwrap()
    }

    fn event(number: i64) -> Arrival {
        event_at("2025-02-01T10:30:00Z", number, "complete")
    }

    fn event_at(timestamp: &str, number: i64, state: &str) -> Arrival {
        let event = json!({
            "request_id": number.to_string(), "timestamp": timestamp,
            "duration_ms": 1, "user_id": format!("user {}", number % 2), "organization_id": "o",
            "prompt_hash": "h", "prompt_content": format!("number {number}"), "prompt_tokens": 1,
            "response_content": "", "response_tokens": 1, "model_provider": "p",
            "model_name": "m", "metadata": {"audit_layer": {"completion": {"state": state}}},
        });
        let event = Event::parse(event.to_string().as_bytes(), &Scope::All).unwrap();
        Arrival::new(event, Arc::new(Recorder::configured()))
    }

    async fn write_tail(store: &SqliteStore) {
        let events = store.tail.events();
        let segment = Segment::of(&events);
        store.write_of_tail(segment).await.unwrap();
        store.tail.forget(events.len());
    }

    /// How many events the index has for a word, whether they are there or not.
    async fn indexed(store: &SqliteStore, word: &str) -> usize {
        let mut connection = store.writes.acquire().await.unwrap();
        let (terms, first, last) = (vec![Term::word(word)], Position::FIRST, Position::LAST);
        let found = Found::by(&mut connection, terms, first, last).await;
        let found = found.unwrap().next(&mut connection, usize::MAX).await;
        found.unwrap().len()
    }

    async fn heads(store: &SqliteStore) -> Vec<Head> {
        segment_rows::all(&mut store.writes.acquire().await.unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn there_are_few_segments_however_many_commits_there_were() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        for number in 0..200 {
            store.insert(&[event(number)], 0).await.unwrap();
            write_tail(&store).await;
            while store.merge_segments().await.unwrap() {}
            assert!(heads(&store).await.len() <= 3 * (limits::MERGED_SEGMENTS - 1));
        }
        assert_eq!(indexed(&store, "number").await, 200);
        for number in 0..200 {
            assert_eq!(indexed(&store, &number.to_string()).await, 1);
        }
        store.close().await;
    }

    #[tokio::test]
    async fn what_was_erased_or_replaced_leaves_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let events: Vec<Arrival> = (0..10).map(event).collect();
        store.insert(&events, 0).await.unwrap();
        write_tail(&store).await;
        let erasure = Erasure {
            scope: Scope::All,
            user_id: "user 1".to_owned(),
            reason: String::new(),
        };
        assert_eq!(store.count_erasable(&erasure).await.unwrap().events, 5);
        assert_eq!(store.erase(&erasure, 0).await.unwrap().events, 5);
        assert_eq!(store.count_erasable(&erasure).await.unwrap().events, 0);
        assert_eq!(indexed(&store, "number").await, 5);
        assert_eq!(indexed(&store, "3").await, 0);
        assert_eq!(indexed(&store, "4").await, 1);
        // What stays of them is still found by what it still says.
        let filter = LogFilter {
            conditions: vec![crate::store::Condition::Is(
                crate::event::Field::UserId,
                "user 1".to_owned(),
            )],
            limit: 10,
            ..LogFilter::default()
        };
        assert_eq!(store.logs(&filter).await.unwrap().logs.len(), 5);
        store.close().await;
    }

    #[tokio::test]
    async fn after_a_crash_replaced_events_keep_none_out_of_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        for (timestamp, state) in [
            ("2025-02-01T10:00:00Z", "pending"),
            ("2025-02-01T11:00:00Z", "complete"),
        ] {
            let events = 0..limits::INDEXED_EVENTS_MAX;
            let events = events.map(|number| event_at(timestamp, number, state));
            let events: Vec<Arrival> = events.collect();
            store.insert(&events, 0).await.unwrap();
        }
        store.index_rest(|_| ()).await.unwrap();
        let events = usize::try_from(limits::INDEXED_EVENTS_MAX).unwrap();
        assert_eq!(indexed(&store, "number").await, events);
        let left = "SELECT (SELECT count(*) FROM unindexed) + (SELECT count(*) FROM stale)";
        let left: i64 = sqlx::query_scalar(left)
            .fetch_one(&store.checks)
            .await
            .unwrap();
        assert_eq!(left, 0);
        store.close().await;
    }

    #[tokio::test]
    async fn a_segment_is_written_anew_when_half_of_it_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let events: Vec<Arrival> = (0..10).map(event).collect();
        store.insert(&events, 0).await.unwrap();
        write_tail(&store).await;
        for (removed, indexed_after) in [(4, 10), (5, 5), (10, 0)] {
            let mut transaction = store.begin().await.unwrap();
            let gone = sqlx::query_scalar(
                "DELETE FROM events WHERE CAST(request_id AS INTEGER) < ? RETURNING position",
            );
            let gone: Vec<i64> = gone
                .bind(removed)
                .fetch_all(&mut *transaction)
                .await
                .unwrap();
            note_stale(&mut transaction, &gone).await.unwrap();
            transaction.commit().await.unwrap();
            store.forget_removed().await.unwrap();
            assert_eq!(indexed(&store, "number").await, indexed_after, "{removed}");
        }
        assert!(heads(&store).await.is_empty());
        store.close().await;
    }
}
