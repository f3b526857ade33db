//! What is stored of a call, and storing what comes beside it.

use sqlx::{FromRow, Row as _};

use crate::access::Kind;
use crate::event::Event;
use crate::limits;
use crate::store::fate::{Fate, Sibling, copies};
use crate::store::segments::Indexed;
use crate::store::{Status, StoreError};

use super::events::{SIBLINGS, copy_of, insert, place};
use super::logs::{look_up, look_ups, organization};
use super::new_rows::{NewRow, without_content};
use super::terms::{Connection, Row};
use super::{holds, segments, text};

impl<'r> FromRow<'r, Row> for Sibling {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let state: Option<&str> = row.try_get("completion_state")?;
        Ok(Self {
            id: row.try_get("id")?,
            copy: 0,
            is_pending: state == Some("pending"),
            erased_at: row.try_get("erased_at")?,
            user_id: text::read(row.try_get("user_id")?),
            kind: kind_of(row)?,
            family: row.try_get("family")?,
            is_of_trusted: row.try_get("is_of_trusted")?,
            conflict_of: row.try_get("conflict_of")?,
            event: row.try_get("event")?,
        })
    }
}

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
    found_by: &mut Vec<Indexed>,
) -> Result<(String, Status), StoreError> {
    for _ in 0..limits::PLACE_TRIES_MAX {
        let beside = match fate(connection, &row).await? {
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
    let remove = sqlx::query_as(REMOVE).bind(&record.id).bind(&record.event);
    let removed = remove.fetch_optional(&mut *connection).await?;
    let Some((position, erased_at)) = removed else {
        return Ok(None);
    };
    segments::note_stale(connection, &[position]).await?;
    Ok(Some(erased_at))
}

async fn fate(connection: &mut Connection, row: &NewRow<'_>) -> Result<Fate, StoreError> {
    let (sent, by) = (row.event, row.by);
    let mut records = siblings(connection, sent, 0..=0).await?;
    let fate = Fate::of(&records, sent, by)?;
    if fate.is_certain() {
        return Ok(fate);
    }
    records.extend(siblings(connection, sent, copies()).await?);
    Fate::of(&records, sent, by)
}

/// The records at these places of the call of an event.
async fn siblings(
    connection: &mut Connection,
    event: &Event,
    places: std::ops::RangeInclusive<u8>,
) -> Result<Vec<Sibling>, StoreError> {
    let request_id = &event.request_id;
    let query = sqlx::query(SIBLINGS)
        .bind(look_ups(
            places.clone().map(|copy| look_up(request_id, copy)),
        ))
        .bind(organization(&event.organization_id));
    let rows = query.fetch_all(connection).await?;
    let records = rows.iter().map(|row| {
        Ok(Sibling {
            copy: copy_of(row, request_id, places.clone())?,
            ..Sibling::from_row(row)?
        })
    });
    records.collect()
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

/// The kind that a row says, if it says any.
pub(super) fn kind_of(row: &Row) -> Result<Option<Kind>, sqlx::Error> {
    let kind: Option<&str> = row.try_get("recorded_kind")?;
    Ok(kind.and_then(|kind| kind.parse().ok()))
}

const REMOVE: &str = "
    DELETE FROM events WHERE id = $1 AND event = $2 RETURNING position, erased_at";

const MARK_FIRST: &str = "
    UPDATE events SET conflict_of = $1 WHERE id = $1 AND conflict_of IS NULL
    RETURNING position";

const NOTE_CONFLICT: &str = "
    INSERT INTO conflicts (position) VALUES ($1) ON CONFLICT (position) DO NOTHING";
