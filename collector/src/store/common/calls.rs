//! Which calls have an event of a gateway that a filter wants.

use std::collections::HashSet;
use std::time::Instant;

use futures_util::TryStreamExt;
use sqlx::QueryBuilder;

use crate::access::Kind;
use crate::store::fate::copies_of_gateways;
use crate::store::log::reading_logs;
use crate::store::{CallId, Log, LogFilter, Range, StoreError};

use super::filter;
use super::logs::{look_up, push_look_ups};
use super::terms::Store;

impl Store {
    /// Those of `calls` of which a gateway has recorded an event that `filter` wants, whenever it was. What
    /// an application records in the place of one takes nothing out of a sum.
    pub(crate) async fn recorded(
        &self,
        filter: &LogFilter,
        calls: &HashSet<CallId>,
    ) -> Result<HashSet<CallId>, StoreError> {
        let filter = LogFilter {
            range: Range::default(),
            ..filter.clone()
        };
        let first = calls.iter().map(|call| (call, 0)).collect::<Vec<_>>();
        let mut recorded = self.recorded_at(&filter, &first).await?;
        let others: HashSet<CallId> = calls.difference(&recorded).cloned().collect();
        let others = self.in_conflict(&others).await?;
        if !others.is_empty() {
            let places = others
                .iter()
                .flat_map(|call| copies_of_gateways().map(move |copy| (call, copy)));
            let places: Vec<_> = places.collect();
            recorded.extend(self.recorded_at(&filter, &places).await?);
        }
        Ok(recorded)
    }

    /// Those of some calls of which the event at one of these places is a gateway's that `filter` wants.
    async fn recorded_at(
        &self,
        filter: &LogFilter,
        places: &[(&CallId, u8)],
    ) -> Result<HashSet<CallId>, StoreError> {
        let began_at = Instant::now();
        let calls: HashSet<&CallId> = places.iter().map(|(call, _)| *call).collect();
        let mut query = QueryBuilder::new(READ);
        let look_ups = places.iter();
        let look_ups = look_ups.map(|(call, copy)| look_up(&call.request_id, *copy));
        push_look_ups(&mut query, look_ups);
        filter::check(filter, &mut query);
        query.push(" AND coalesce(recorded_kind, ");
        query.push_bind(Kind::Gateway.name()).push(") = ");
        query.push_bind(Kind::Gateway.name());
        let mut reader = self.reader().await?;
        let mut rows = query.build_query_as::<Log>().fetch(&mut *reader);
        let mut recorded = HashSet::new();
        while let Some(log) = rows.try_next().await? {
            if let Some(call) = log.call().filter(|call| calls.contains(call))
                && filter::fits(filter, &log, began_at).await?
            {
                recorded.insert(call);
            }
        }
        Ok(recorded)
    }

    /// Those of some calls whose records contradict each other.
    async fn in_conflict(&self, calls: &HashSet<CallId>) -> Result<HashSet<CallId>, StoreError> {
        if calls.is_empty() {
            return Ok(HashSet::new());
        }
        let mut query = QueryBuilder::new(READ);
        let look_ups = calls.iter().map(|call| look_up(&call.request_id, 0));
        push_look_ups(&mut query, look_ups);
        query.push(" AND conflict_of IS NOT NULL");
        let mut reader = self.reader().await?;
        let query = query.build_query_as::<Log>();
        let logs: Vec<Log> = query.fetch_all(&mut *reader).await?;
        let found = logs.iter().filter_map(Log::call);
        Ok(found.filter(|call| calls.contains(call)).collect())
    }
}

const READ: &str = reading_logs!("WHERE ");
