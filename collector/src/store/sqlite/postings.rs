//! Which events of a segment have all of some terms.

use sqlx::SqliteConnection;

use crate::search::Position;
use crate::search::{Chunk, Term};
use crate::store::StoreError;
use crate::store::newest::intersection;
use crate::store::sqlite::segments;

/// Segments that a search looks into at a time: it is as quick as looking into each by itself.
pub(super) const SEGMENTS_OPENED: usize = 1;

/// Of each of these segments, the events that have all of `terms`, ascending.
pub(super) async fn of_all(
    connection: &mut SqliteConnection,
    segments: &[i64],
    terms: &[Term],
) -> Result<Vec<Vec<Position>>, StoreError> {
    let mut found = Vec::new();
    for segment in segments {
        let numbers = numbers(connection, *segment, terms).await?;
        if !numbers.is_empty() {
            let positions = segments::positions(connection, *segment).await?;
            let numbers = numbers.into_iter().map(usize::from);
            let own = numbers.filter_map(|number| positions.get(number).copied());
            found.push(own.collect());
        }
    }
    Ok(found)
}

/// The numbers of the events of a segment that have all of `terms`, ascending.
async fn numbers(
    connection: &mut SqliteConnection,
    segment: i64,
    terms: &[Term],
) -> Result<Vec<u16>, StoreError> {
    let mut common: Option<Vec<u16>> = None;
    for term in terms {
        let numbers = match chunk(connection, segment, *term).await? {
            Some(chunk) => chunk.numbers(*term)?,
            None => Vec::new(),
        };
        let both = match common {
            None => numbers,
            Some(common) => intersection(&common, &numbers),
        };
        if both.is_empty() {
            return Ok(both);
        }
        common = Some(both);
    }
    Ok(common.unwrap_or_default())
}

async fn chunk(
    connection: &mut SqliteConnection,
    segment: i64,
    term: Term,
) -> Result<Option<Chunk>, StoreError> {
    let query = sqlx::query_as(CHUNK).bind(segment).bind(term.number());
    let chunk: Option<(i64, Vec<u8>)> = query.fetch_optional(connection).await?;
    Ok(chunk.map(|(first, bytes)| Chunk {
        first: Term::from(first),
        bytes,
    }))
}

const CHUNK: &str = "
    SELECT first_term, bytes FROM segment_chunks WHERE segment = ? AND first_term <= ?
    ORDER BY first_term DESC LIMIT 1";
