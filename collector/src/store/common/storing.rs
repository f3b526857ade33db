//! Storing events within a transaction, as many at once as a statement inserts.

use std::sync::Arc;

use crate::event::Event;
use crate::store::segments::Indexed;
use crate::store::{Outcome, Status, StoreError};

use super::events::{insert, store_after_another};
use super::new_rows::{NewRow, rows};
use super::terms::Connection;

/// Stores `events`. What is new goes to `found_by`, with what it can be found by. The outcomes are in
/// the order of `events`.
pub(super) async fn store(
    connection: &mut Connection,
    events: &[Event],
    received_at: i64,
    found_by: &mut Vec<Indexed>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(events.len());
    while let Some((_, rest)) = events.split_at_checked(outcomes.len())
        && !rest.is_empty()
    {
        let rows = rows(connection, rest, received_at).await?;
        outcomes.extend(store_rows(connection, rows, found_by).await?);
    }
    Ok(outcomes)
}

async fn store_rows(
    connection: &mut Connection,
    rows: Vec<NewRow<'_>>,
    found_by: &mut Vec<Indexed>,
) -> Result<Vec<Outcome>, StoreError> {
    let inserted = insert(connection, &rows).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let request_id = row.event.request_id.clone();
        let (id, status) = match inserted.contains(&row.id) {
            true => {
                found_by.push((row.position, Arc::clone(&row.event.terms)));
                (row.id, Status::Stored)
            }
            false => store_after_another(connection, row, found_by).await?,
        };
        outcomes.push(Outcome {
            id,
            request_id,
            status,
        });
    }
    Ok(outcomes)
}
