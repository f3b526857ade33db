//! Which events of some segments have all of some terms.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::search::Position;
use crate::search::{Chunk, Term};
use crate::store::StoreError;
use crate::store::newest::intersection;
use crate::store::postgres::segments;

/// Segments that a search looks into at a time: it is the way to the server and back that takes time.
pub(super) const SEGMENTS_OPENED: usize = 16;

/// Of each of these segments, the events that have all of `terms`, ascending.
pub(super) async fn of_all(
    connection: &mut PgConnection,
    segments: &[i64],
    terms: &[Term],
) -> Result<Vec<Vec<Position>>, StoreError> {
    let numbers = numbers(connection, segments, terms).await?;
    let ids: Vec<i64> = numbers.keys().copied().collect();
    let segments = segments::positions(connection, &ids).await?;
    let found = segments.into_iter().map(|(id, positions)| {
        let numbers = numbers.get(&id).into_iter().flatten();
        let own = numbers.filter_map(|number| positions.get(usize::from(*number)).copied());
        own.collect()
    });
    Ok(found.collect())
}

/// Of each segment that has any, the numbers of its events that have all of `terms`, ascending.
async fn numbers(
    connection: &mut PgConnection,
    segments: &[i64],
    terms: &[Term],
) -> Result<HashMap<i64, Vec<u16>>, StoreError> {
    let mut numbers: HashMap<i64, Vec<u16>> = HashMap::new();
    for (index, term) in terms.iter().enumerate() {
        let left: Vec<i64> = match index {
            0 => segments.to_vec(),
            _ => numbers.keys().copied().collect(),
        };
        let chunks = sqlx::query_as(CHUNKS).bind(left).bind(term.number());
        let chunks: Vec<(i64, i64, Vec<u8>)> = chunks.fetch_all(&mut *connection).await?;
        let mut both = HashMap::new();
        for (segment, first, bytes) in chunks {
            let first = Term::from(first);
            let own = Chunk { first, bytes }.numbers(*term)?;
            let own = match numbers.get(&segment) {
                None => own,
                Some(before) => intersection(before, &own),
            };
            if !own.is_empty() {
                both.insert(segment, own);
            }
        }
        numbers = both;
    }
    Ok(numbers)
}

const CHUNKS: &str = "
    SELECT segments.id, chunk.first_term, chunk.bytes
    FROM unnest($1::BIGINT[]) AS segments (id), LATERAL (
        SELECT first_term, bytes FROM segment_chunks WHERE segment = id AND first_term <= $2
        ORDER BY first_term DESC LIMIT 1
    ) AS chunk";
