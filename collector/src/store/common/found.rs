//! The events that segments have for some terms, newest first.

use crate::search::Position;
use crate::search::Term;
use crate::store::StoreError;
use crate::store::newest::Newest;
use crate::store::segments::Head;

use super::postings::{self, SEGMENTS_OPENED};
use super::segment_rows;
use super::terms::Connection;

/// Looks into segments as far as it is asked to, those with the newest events first.
pub(super) struct Found {
    terms: Vec<Term>,
    first: Position,
    last: Position,
    /// Segments that were not looked into yet, those with the newest events at the end.
    closed: Vec<Head>,
    /// What is left of the others, and of lists of events that are in no segment yet.
    pub(super) open: Newest,
}

impl Found {
    /// Those that have all of `terms`, of which there is one at least, from `first` up to `last`.
    pub(super) async fn by(
        connection: &mut Connection,
        terms: Vec<Term>,
        first: Position,
        last: Position,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            terms,
            first,
            last,
            closed: segment_rows::between(connection, first, last).await?,
            open: Newest::default(),
        })
    }

    /// The next of them, as many as `count`; fewer only if there are no more.
    pub(super) async fn next(
        &mut self,
        connection: &mut Connection,
        count: usize,
    ) -> Result<Vec<Position>, StoreError> {
        let mut next = Vec::new();
        while next.len() < count {
            self.open_up_to_the_newest(connection).await?;
            let Some(newest) = self.open.take() else {
                break;
            };
            next.push(newest);
        }
        Ok(next)
    }

    /// Looks into every segment that may have an event newer than the newest that is known.
    async fn open_up_to_the_newest(
        &mut self,
        connection: &mut Connection,
    ) -> Result<(), StoreError> {
        while let Some(segment) = self.closed.last() {
            let newest = self.open.newest();
            if newest.is_some_and(|newest| newest > segment.last) {
                break;
            }
            let left = self.closed.len().saturating_sub(SEGMENTS_OPENED);
            let some: Vec<i64> = self.closed.drain(left..).map(|head| head.id).collect();
            for positions in postings::of_all(connection, &some, &self.terms).await? {
                let is_between = |at: &Position| (self.first..=self.last).contains(at);
                self.open
                    .add(positions.into_iter().filter(is_between).collect());
            }
        }
        Ok(())
    }
}
