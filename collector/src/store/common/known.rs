//! What is stored of the calls that a transaction meets, each of which is read once: many events of it may
//! come, and what is stored of it may be large.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use futures_util::TryStreamExt;
use sqlx::Row as _;

use crate::event::{Event, Said};
use crate::hash::sha256;
use crate::limits;
use crate::store::fate::{Sibling, copies};
use crate::store::{CallId, StoreError, stub};

use super::events::{SIBLINGS, copy_of};
use super::log_row::kind_of;
use super::logs::{look_up, look_ups, organization};
use super::terms::{Connection, Row};
use super::text;

/// The records of some calls.
#[derive(Debug, Default)]
pub(super) struct Known {
    calls: HashMap<CallId, Call>,
}

/// The records of a call.
#[derive(Debug)]
struct Call {
    records: Vec<Sibling>,
    /// Whether they are all, or only the first.
    are_all: bool,
}

impl Known {
    /// The first record of the call of an event; all of them, if they were read before.
    pub(super) async fn first(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<&[Sibling], StoreError> {
        let id = call_of(event);
        if !self.calls.contains_key(&id) {
            let records = read(connection, event, 0..=0).await?;
            self.keep(id.clone(), records, false);
        }
        Ok(self.records(&id))
    }

    /// All records of the call of an event.
    pub(super) async fn all(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<&[Sibling], StoreError> {
        let id = call_of(event);
        if !self.calls.get(&id).is_some_and(|call| call.are_all) {
            let mut records = self.first(connection, event).await?.to_vec();
            records.extend(read(connection, event, copies()).await?);
            self.keep(id.clone(), records, true);
        }
        Ok(self.records(&id))
    }

    /// Of this event's call something changes.
    pub(super) fn forget(&mut self, event: &Event) {
        self.calls.remove(&call_of(event));
    }

    fn keep(&mut self, id: CallId, records: Vec<Sibling>, are_all: bool) {
        if self.calls.len() >= limits::KNOWN_CALLS_MAX {
            self.calls.clear();
        }
        self.calls.insert(id, Call { records, are_all });
    }

    fn records(&self, id: &CallId) -> &[Sibling] {
        self.calls.get(id).map_or(&[], |call| &call.records)
    }
}

fn call_of(event: &Event) -> CallId {
    CallId {
        organization_id: event.organization_id.clone(),
        request_id: event.request_id.clone(),
    }
}

/// The records at these places of the call of an event, the text of one after the other.
async fn read(
    connection: &mut Connection,
    event: &Event,
    places: RangeInclusive<u8>,
) -> Result<Vec<Sibling>, StoreError> {
    let request_id = &event.request_id;
    let query = sqlx::query(SIBLINGS)
        .bind(look_ups(
            places.clone().map(|copy| look_up(request_id, copy)),
        ))
        .bind(organization(&event.organization_id));
    let mut rows = query.fetch(connection);
    let mut records = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let copy = copy_of(&row, request_id, places.clone())?;
        records.push(sibling(&row, copy)?);
    }
    Ok(records)
}

fn sibling(row: &Row, copy: u8) -> Result<Sibling, sqlx::Error> {
    let state: Option<&str> = row.try_get("completion_state")?;
    let event: &str = row.try_get("event")?;
    Ok(Sibling {
        id: row.try_get("id")?,
        copy,
        is_pending: state == Some("pending"),
        erased_at: row.try_get("erased_at")?,
        timestamp: row.try_get("timestamp")?,
        user: sha256(&text::read(row.try_get("user_id")?)),
        prompt_hash: sha256(&text::read(row.try_get("prompt_hash")?)),
        kind: kind_of(row)?,
        family: row.try_get("family")?,
        is_of_trusted: row.try_get("is_of_trusted")?,
        conflict_of: row.try_get("conflict_of")?,
        said: Said::of(event),
        is_stub: stub::is_stub(event),
        said_without_content: stub::said_without_content(event),
    })
}
