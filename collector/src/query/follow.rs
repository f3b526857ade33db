//! A list that is followed: of its first page only what the client does not know yet.
//!
//! The client says what it knows by the `after` of the answer before: numbers of what stood on that page,
//! as it stood there. So nothing is kept here between two answers, and whatever changes is new, wherever
//! in the list it stands.

use xxhash_rust::xxh3::xxh3_64;

use crate::query::known::after;
use crate::query::render;
use crate::store::{Log, LogFilter, LogPage, Store, StoreError};

pub(crate) use crate::query::known::Known;

/// The first page, without what is known, and the `after` that says so next time.
pub(crate) async fn page(
    store: &Store,
    filter: &LogFilter,
    known: &Known,
) -> Result<(LogPage, String), StoreError> {
    let mut page = store.logs(filter).await?;
    let numbers: Vec<u64> = page.logs.iter().map(number).collect();
    let after = after(numbers.iter().copied());
    if numbers.iter().any(|number| known.has(*number)) {
        // What is older than the page was known, or never looked at.
        page.next = None;
    }
    let mut numbers = numbers.into_iter();
    page.logs
        .retain(|_| numbers.next().is_some_and(|number| !known.has(number)));
    Ok((page, after))
}

/// Of all that a client sees of it.
fn number(log: &Log) -> u64 {
    xxh3_64(render::log(log).as_bytes())
}
