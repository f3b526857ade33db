//! Which calls have an event that a filter wants.

use std::collections::HashSet;
use std::time::Instant;

use futures_util::TryStreamExt;
use sqlx::QueryBuilder;

use crate::store::{CallId, Log, LogFilter, Range, StoreError};

use super::filter;
use super::logs::push_request_ids;
use super::terms::Store;

impl Store {
    /// Those of `calls` of which there is an event that `filter` wants, whenever it was.
    pub(crate) async fn recorded(
        &self,
        filter: &LogFilter,
        calls: &HashSet<CallId>,
    ) -> Result<HashSet<CallId>, StoreError> {
        let began_at = Instant::now();
        let filter = LogFilter {
            range: Range::default(),
            ..filter.clone()
        };
        let mut query = QueryBuilder::new(READ);
        push_request_ids(
            &mut query,
            calls.iter().map(|call| call.request_id.as_str()),
        );
        filter::check(&filter, &mut query);
        let mut reader = self.reader().await?;
        let mut rows = query.build_query_as::<Log>().fetch(&mut *reader);
        let mut recorded = HashSet::new();
        while let Some(log) = rows.try_next().await? {
            if let Some(call) = log.call().filter(|call| calls.contains(call))
                && filter::fits(&filter, &log, began_at).await?
            {
                recorded.insert(call);
            }
        }
        Ok(recorded)
    }
}

const READ: &str = "SELECT position, id, received_at, erased_at, event FROM events WHERE ";
