//! Storing events within a transaction, as many at once as a statement inserts.

use crate::store::news::News;
use crate::store::segments::Indexed;
use crate::store::{Arrival, Outcome, Status, StoreError};

use super::events::{DISOWN, insert, listed_ids};
use super::known::Known;
use super::new_rows::{NewRow, rows};
use super::sequence::note;
use super::siblings::store_after_another;
use super::terms::Connection;

/// Stores `arrivals`. What is new goes to `found_by`, with what it can be found by. The outcomes are in
/// the order of `arrivals`.
pub(super) async fn store(
    connection: &mut Connection,
    arrivals: &[Arrival],
    received_at: i64,
    found_by: &mut Vec<Indexed>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(arrivals.len());
    let mut known = Known::default();
    while let Some((_, rest)) = arrivals.split_at_checked(outcomes.len())
        && !rest.is_empty()
    {
        let rows = rows(connection, rest, received_at).await?;
        outcomes.extend(store_rows(connection, rows, &mut known, found_by).await?);
    }
    Ok(outcomes)
}

async fn store_rows(
    connection: &mut Connection,
    rows: Vec<NewRow<'_>>,
    known: &mut Known,
    found_by: &mut Vec<Indexed>,
) -> Result<Vec<Outcome>, StoreError> {
    let inserted = insert(connection, &rows).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let request_id = row.event.request_id.clone();
        let has_writer_of_others = row.has_writer_of_others();
        let (id, status) = match inserted.contains(&row.id) {
            true => {
                found_by.push(row.indexed());
                (row.id, Status::Stored)
            }
            false => store_after_another(connection, row, known, found_by).await?,
        };
        outcomes.push(Outcome {
            id,
            request_id,
            status,
            writer_not_counted: has_writer_of_others && status.is_stored(),
        });
    }
    Ok(outcomes)
}

/// Notes which numbers of writers came with the events. Those with a writer that belongs to others do
/// not count, which is noted of them.
pub(super) async fn note_writers(
    connection: &mut Connection,
    arrivals: &[Arrival],
    outcomes: &mut [Outcome],
) -> Result<(), StoreError> {
    let news = News::by_writer(arrivals, outcomes);
    if news.is_empty() {
        return Ok(());
    }
    let mut ids = Vec::new();
    for place in note(connection, news).await? {
        if let Some(outcome) = outcomes.get_mut(place) {
            outcome.writer_not_counted = true;
            ids.push(outcome.id.clone());
        }
    }
    if !ids.is_empty() {
        let disown = sqlx::query(DISOWN).bind(listed_ids(&ids));
        disown.execute(connection).await?;
    }
    Ok(())
}
