//! What is stored of a call, and storing what comes beside it.

use crate::event::Event;
use crate::limits;
use crate::store::fate::{Fate, Sibling};
use crate::store::segments::Indexed;
use crate::store::{Status, StoreError};

use super::events::{insert, place};
use super::known::Known;
use super::new_rows::{NewRow, without_content};
use super::terms::Connection;
use super::{holds, segments};

/// What an event gets beside others of its call.
struct Beside {
    id: String,
    status: Status,
    copy: u8,
    conflict_of: Option<String>,
    erased_at: Option<i64>,
}

/// Stores an event that something is in the way of: a record that its call has already, which goes if
/// it says only that the call began and the sender may end it, or one that another collector has put in
/// its place.
pub(super) async fn store_after_another(
    connection: &mut Connection,
    row: NewRow<'_>,
    known: &mut Known,
    found_by: &mut Vec<Indexed>,
) -> Result<(String, Status), StoreError> {
    for _ in 0..limits::PLACE_TRIES_MAX {
        let fate = fate(connection, known, &row).await?;
        if !matches!(fate, Fate::Repeats(_) | Fate::TooMany(_)) {
            // Whatever comes of it, here or because another collector was first, is not known.
            known.forget(row.event);
        }
        let beside = match fate {
            Fate::Repeats(record) => return Ok((record.id, Status::Duplicate)),
            Fate::TooMany(first) => return Ok((first.id, Status::Refused)),
            Fate::First => Beside {
                id: row.id.clone(),
                status: Status::Stored,
                copy: 0,
                conflict_of: None,
                erased_at: None,
            },
            Fate::Ends(record) => {
                let Some(erased_at) = remove(connection, &record).await? else {
                    // Another collector was first: with the end of the call, or because it is old.
                    continue;
                };
                Beside {
                    id: record.id,
                    status: Status::Superseding,
                    copy: record.copy,
                    conflict_of: record.conflict_of,
                    erased_at,
                }
            }
            Fate::Conflicts {
                copy,
                first,
                erased_at,
            } => Beside {
                id: row.id.clone(),
                status: Status::Conflict,
                copy,
                conflict_of: Some(first),
                erased_at,
            },
        };
        let beside = unless_held(connection, row.event, beside).await?;
        if add(connection, &row, &beside, found_by).await? {
            return Ok((beside.id, beside.status));
        }
    }
    Err(StoreError::Crowded)
}

/// Nothing that is held loses its content, though another record of its call has lost it before.
async fn unless_held(
    connection: &mut Connection,
    event: &Event,
    beside: Beside,
) -> Result<Beside, StoreError> {
    if beside.erased_at.is_none() {
        return Ok(beside);
    }
    let holds = holds::in_force(connection).await?;
    let hold = holds.covering(&event.organization_id, &event.user_id);
    Ok(Beside {
        erased_at: beside.erased_at.filter(|_| hold.is_none()),
        ..beside
    })
}

/// Removes a record in whose place another one comes. When it was erased, if it was; `None` if it is not
/// there any more as it was read.
async fn remove(
    connection: &mut Connection,
    record: &Sibling,
) -> Result<Option<Option<i64>>, StoreError> {
    let remove = sqlx::query_as(REMOVE).bind(&record.id).bind(record.is_stub);
    let removed = remove.fetch_optional(&mut *connection).await?;
    let Some((position, erased_at)) = removed else {
        return Ok(None);
    };
    segments::note_stale(connection, &[position]).await?;
    Ok(Some(erased_at))
}

async fn fate(
    connection: &mut Connection,
    known: &mut Known,
    row: &NewRow<'_>,
) -> Result<Fate, StoreError> {
    let (sent, by) = (row.event, row.by);
    let first = known.first(connection, sent).await?;
    let fate = Fate::of(first, sent, by)?;
    if fate.is_certain() {
        return Ok(fate);
    }
    Fate::of(known.all(connection, sent).await?, sent, by)
}

/// Adds an event where it is to be, and tells whether nobody was there before it.
async fn add(
    connection: &mut Connection,
    row: &NewRow<'_>,
    beside: &Beside,
    found_by: &mut Vec<Indexed>,
) -> Result<bool, StoreError> {
    let erased = beside.erased_at.map(|at| without_content(row.event, at));
    let erased = erased.transpose()?;
    let event = erased.as_ref().unwrap_or(row.event);
    let new = NewRow {
        position: place(connection, row).await?,
        id: beside.id.clone(),
        received_at: row.received_at,
        erased_at: beside.erased_at,
        copy: beside.copy,
        conflict_of: beside.conflict_of.clone(),
        event,
        by: row.by,
    };
    let indexed = match erased {
        None => new.indexed(),
        Some(_) => new.indexed_anew(),
    };
    let position = new.position.0;
    if insert(connection, &[new]).await?.is_empty() {
        return Ok(false);
    }
    found_by.push(indexed);
    if let Some(first) = &beside.conflict_of {
        let mark = sqlx::query_scalar(MARK_FIRST).bind(first);
        let marked: Option<i64> = mark.fetch_optional(&mut *connection).await?;
        for position in marked.into_iter().chain([position]) {
            let note = sqlx::query(NOTE_CONFLICT).bind(position);
            note.execute(&mut *connection).await?;
        }
    }
    Ok(true)
}

/// What another collector has put in its place has its id, and may have its position.
const REMOVE: &str = "
    DELETE FROM events
    WHERE id = $1 AND (completion_state = 'pending' OR ($2 AND event LIKE '%not_logged%'))
    RETURNING position, erased_at";

const MARK_FIRST: &str = "
    UPDATE events SET conflict_of = $1 WHERE id = $1 AND conflict_of IS NULL
    RETURNING position";

const NOTE_CONFLICT: &str = "
    INSERT INTO conflicts (position) VALUES ($1) ON CONFLICT (position) DO NOTHING";
