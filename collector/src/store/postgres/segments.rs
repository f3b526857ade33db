//! The index of events in the database: each commit writes a segment for its events, and some of
//! them are merged later, by whichever collector comes to it first.
//!
//! While some are merged their rows are locked, and others leave them alone. Events may change
//! meanwhile: they are noted as stale in the commit that changes them, and a note that another
//! transaction has made or repeated is removed only when that one has ended, so that what is then read
//! of the event is what it has become.

use sqlx::{Executor, PgConnection};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::limits;
use crate::search::Position;
use crate::search::{Chunk, Segment, Term};
use crate::store::StoreError;
use crate::store::postgres::{PostgresStore, segment_rows};
use crate::store::segments::{Head, Indexed, Share, Stored, due, positions_of, terms_of};

impl PostgresStore {
    /// Merges some segments, if there are many of about the same size, and tells whether it did.
    pub(crate) async fn merge_segments(&self) -> Result<bool, StoreError> {
        let due = due(segment_rows::all(&mut *self.writes.acquire().await?).await?);
        if due.is_empty() {
            return Ok(false);
        }
        let ids: Vec<i64> = due.iter().map(|segment| segment.id).collect();
        let mut transaction = self.begin().await?;
        let free = sqlx::query_scalar::<_, i64>(LOCK_FREE).bind(&ids);
        let free = free.fetch_all(&mut *transaction).await?;
        // Otherwise another collector is at it.
        let is_done = free.len() == ids.len();
        if is_done {
            replace(&mut transaction, &ids).await?;
            transaction.commit().await?;
        }
        Ok(is_done)
    }

    /// Writes anew, one at a time, the segments of which so great a share is stale.
    pub(super) async fn refresh_segments(&self, share: Share) -> Result<(), StoreError> {
        // What another collector began to merge before the events changed may still tell of them as
        // they were. The first time waits for it, and the second sees what came of it.
        for _ in 0..2 {
            self.wait_for_indexing().await?;
            let heads = segment_rows::maybe_stale(&mut *self.writes.acquire().await?).await?;
            for head in heads {
                self.refresh(head, share).await?;
            }
        }
        Ok(())
    }

    /// Brings the events into segments that are in none since an upgrade, a few at a time, beside other
    /// collectors that do the same. `progress` is told how many were.
    pub(super) async fn index_rest(
        &self,
        mut progress: impl FnMut(usize),
    ) -> Result<(), StoreError> {
        loop {
            match self.tried(|| self.index_some()).await? {
                0 if !self.is_any_unindexed().await? => return Ok(()),
                // Another collector has the rest of them, and may fail.
                0 => sleep(limits::IDLE_AFTER).await,
                events => progress(events),
            }
            while self.merge_segments().await? {}
        }
    }

    async fn index_some(&self) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query_scalar(TAKE_UNINDEXED).bind(limits::INDEXED_EVENTS_MAX);
        let taken: Vec<i64> = taken.fetch_all(&mut *transaction).await?;
        let segment = read_again(&mut transaction, &taken).await?;
        write(&mut transaction, &segment).await?;
        transaction.commit().await?;
        Ok(taken.len())
    }

    async fn is_any_unindexed(&self) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM unindexed)");
        Ok(query.fetch_one(&self.writes).await?)
    }

    /// What a collector that brings events into the index has read of them is in a segment then.
    async fn wait_for_indexing(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute("SET LOCAL lock_timeout = 0").await?;
        transaction
            .execute("LOCK TABLE unindexed IN SHARE MODE")
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn refresh(&self, head: Head, share: Share) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // A merge that is under way may take longer than other locks ever do.
        transaction.execute("SET LOCAL lock_timeout = 0").await?;
        let lock = sqlx::query(LOCK).bind(head.id);
        let is_there = lock.fetch_optional(&mut *transaction).await?.is_some();
        let stale = stale(&mut transaction, &[head.id]).await?;
        if is_there && share.is_reached(stale.len(), head) {
            replace(&mut transaction, &[head.id]).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// Adds the index of these events.
pub(super) async fn add(
    connection: &mut PgConnection,
    events: &[Indexed],
) -> Result<(), StoreError> {
    for events in events.chunks(limits::TAIL_EVENTS) {
        let events = events.to_vec();
        let segment = on_a_thread(move || Segment::of(&events)).await?;
        write(connection, &segment).await?;
    }
    Ok(())
}

/// Notes that what segments tell of these events is no longer true.
pub(super) async fn note_stale(
    connection: &mut PgConnection,
    positions: &[i64],
) -> Result<(), StoreError> {
    let note = sqlx::query(NOTE_STALE).bind(positions);
    note.execute(connection).await?;
    Ok(())
}

/// Merges segments, whose rows are locked, into one which tells of each event what is true now.
async fn replace(connection: &mut PgConnection, ids: &[i64]) -> Result<(), StoreError> {
    let changed = stale(connection, ids).await?;
    let segments = take(connection, ids).await?;
    let is_changed = changed.clone();
    let merged = on_a_thread(move || {
        Segment::merged(&segments, |at| is_changed.binary_search(&at).is_err())
    });
    let mut merged = merged.await??;
    if !changed.is_empty() {
        let changed: Vec<i64> = changed.iter().map(|at| at.0).collect();
        let again = read_again(connection, &changed).await?;
        let both = on_a_thread(move || Segment::merged(&[merged, again], |_| true));
        merged = both.await??;
    }
    write(connection, &merged).await
}

/// A segment of those of these events that are still there, as they are now.
async fn read_again(
    connection: &mut PgConnection,
    positions: &[i64],
) -> Result<Segment, StoreError> {
    let note = sqlx::query(NOT_STALE).bind(positions);
    note.execute(&mut *connection).await?;
    let rows = sqlx::query_as(AGAIN).bind(positions);
    let rows: Vec<Stored> = rows.fetch_all(connection).await?;
    on_a_thread(move || Segment::of(&terms_of(&rows))).await
}

/// Many lists take a while to make, in which other tasks go on.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let result = spawn_blocking(work).await;
    result.map_err(|error| StoreError::Damaged(error.to_string()))
}

async fn write(connection: &mut PgConnection, segment: &Segment) -> Result<(), StoreError> {
    let Some(id) = segment_rows::add(connection, segment).await? else {
        return Ok(());
    };
    for chunks in segment.chunks.chunks(limits::SEGMENT_CHUNKS_SENT) {
        let first_terms = chunks.iter().map(|chunk| chunk.first.number());
        let bytes = chunks.iter().map(|chunk| chunk.bytes.as_slice());
        sqlx::query(ADD_CHUNKS)
            .bind(id)
            .bind(first_terms.collect::<Vec<_>>())
            .bind(bytes.collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Reads segments and removes them.
async fn take(connection: &mut PgConnection, ids: &[i64]) -> Result<Vec<Segment>, StoreError> {
    let mut segments = Vec::with_capacity(ids.len());
    for id in ids {
        let chunks: Vec<(i64, Vec<u8>)> = sqlx::query_as(TAKE_CHUNKS)
            .bind(id)
            .fetch_all(&mut *connection)
            .await?;
        let positions: Vec<u8> = sqlx::query_scalar(TAKE)
            .bind(id)
            .fetch_one(&mut *connection)
            .await?;
        let chunks = chunks.into_iter().map(|(first, bytes)| Chunk {
            first: Term::from(first),
            bytes,
        });
        segments.push(Segment {
            positions: positions_of(&positions),
            chunks: chunks.collect(),
        });
    }
    Ok(segments)
}

/// The positions of the events of some segments, ascending in each.
pub(super) async fn positions(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<(i64, Vec<Position>)>, StoreError> {
    let query = sqlx::query_as(POSITIONS).bind(ids);
    let rows: Vec<(i64, Vec<u8>)> = query.fetch_all(connection).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(id, bytes)| (id, positions_of(&bytes))).collect())
}

/// The events of some segments that are stale, ascending.
async fn stale(connection: &mut PgConnection, ids: &[i64]) -> Result<Vec<Position>, StoreError> {
    let query = sqlx::query_scalar(STALE).bind(ids);
    let stale: Vec<i64> = query.fetch_all(&mut *connection).await?;
    if stale.is_empty() {
        return Ok(Vec::new());
    }
    let own = positions(connection, ids).await?;
    let is_own = |at: &Position| own.iter().any(|(_, own)| own.binary_search(at).is_ok());
    Ok(stale.into_iter().map(Position).filter(is_own).collect())
}

const LOCK: &str = "SELECT id FROM segments WHERE id = $1 FOR UPDATE";

const LOCK_FREE: &str = "
    SELECT id FROM segments WHERE id = ANY($1::BIGINT[]) ORDER BY id FOR UPDATE SKIP LOCKED";

const ADD_CHUNKS: &str = "
    INSERT INTO segment_chunks (segment, first_term, bytes)
    SELECT $1, first_term, bytes FROM unnest($2::BIGINT[], $3::BYTEA[]) AS chunks (first_term, bytes)";

const TAKE_CHUNKS: &str = "
    WITH taken AS (DELETE FROM segment_chunks WHERE segment = $1 RETURNING first_term, bytes)
    SELECT first_term, bytes FROM taken ORDER BY first_term";

const TAKE: &str = "DELETE FROM segments WHERE id = $1 RETURNING positions";

const POSITIONS: &str = "SELECT id, positions FROM segments WHERE id = ANY($1::BIGINT[])";

const STALE: &str = "
    SELECT position FROM stale
    WHERE EXISTS (
        SELECT 1 FROM segments
        WHERE id = ANY($1::BIGINT[]) AND position BETWEEN first_position AND last_position
    )
    ORDER BY position";

// A note that is there already is locked: who is about to remove it waits for this transaction.
const NOTE_STALE: &str = "
    INSERT INTO stale (position) SELECT position FROM unnest($1::BIGINT[]) AS changed (position)
    ORDER BY position
    ON CONFLICT (position) DO UPDATE SET position = excluded.position";

const NOT_STALE: &str = "DELETE FROM stale WHERE position = ANY($1::BIGINT[])";

/// Some of their events may be gone. What another collector has taken stays its own until it fails.
const TAKE_UNINDEXED: &str = "
    DELETE FROM unindexed WHERE position IN (
        SELECT position FROM unindexed ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING position";

const AGAIN: &str = "
    SELECT position, event, recorded_by, recorded_kind FROM events
    WHERE position = ANY($1::BIGINT[])";
