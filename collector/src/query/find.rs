//! What a key reaches: one event by its id, and no more of a list than its organization's.

use crate::access::Scope;
use crate::event::Field;
use crate::limits;
use crate::query::error::QueryError;
use crate::store::{Condition, Log, LogFilter, Store};

/// The event with this log id or request_id, in `organization` if one was asked for, if `scope`
/// reaches it.
pub(crate) async fn one_log(
    store: &Store,
    id: &str,
    organization: Option<&str>,
    scope: Scope,
) -> Result<Log, QueryError> {
    let scope = reached(organization, scope)?.map_or(Scope::All, Scope::Organization);
    let logs = store.logs_of(id, &scope).await?;
    let mut logs = logs.into_iter();
    match (logs.next(), logs.next()) {
        (None, _) => Err(QueryError::NoSuchLog),
        (Some(log), None) => Ok(log),
        // Which of them is meant must not be guessed.
        (Some(_), Some(_)) => {
            let ids = store.log_ids_of(id, &scope, limits::AMBIGUOUS_IDS_MAX);
            Err(QueryError::AmbiguousRequestId(ids.await?))
        }
    }
}

/// Leaves only what `scope` reaches.
pub(crate) fn narrow(filter: &mut LogFilter, scope: Scope) -> Result<(), QueryError> {
    let asked = filter.organization();
    let is_asked = asked.is_some();
    if let Some(own) = reached(asked, scope)?.filter(|_| !is_asked) {
        filter
            .conditions
            .push(Condition::Is(Field::OrganizationId, own));
    }
    Ok(())
}

/// The organization to ask for, when `asked` was asked for and `scope` can be reached.
///
/// To ask for more is an error, and not an empty page, which would say that there is nothing.
pub(crate) fn reached(asked: Option<&str>, scope: Scope) -> Result<Option<String>, QueryError> {
    match (asked, scope) {
        (Some(asked), Scope::Organization(own)) if asked != own => {
            Err(QueryError::OtherOrganization)
        }
        (_, Scope::Organization(own)) => Ok(Some(own)),
        (asked, Scope::All) => Ok(asked.map(str::to_owned)),
    }
}
