//! `GET /v1/audit/values`: which values events have, and how many events have each.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::{Extension, Json};

use crate::access::Access;
use crate::api::door::Seen;
use crate::api::error::ApiError;
use crate::limits;
use crate::query::narrow;
use crate::query::values::{Answer, Asked, Tally, each};
use crate::store::Store;

/// Answers with the values of all listed members, or of one.
pub(crate) async fn listed(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let mut filter = asked.filter;
    narrow(&mut filter, access.scope)?;
    let organization = filter.organization().map(str::to_owned);
    let mut tally = Tally::default();
    let seen = each(&store, filter, limits::VALUES_EVENTS_MAX, |members| {
        asked
            .fields
            .iter()
            .for_each(|name| tally.add(name, members));
        true
    });
    let seen = seen.await.map_err(ApiError::of_query)?;
    let answer = Answer::new(&tally, &asked.fields, asked.limit, seen);
    let given = Seen::items(answer.items()).ids(answer.names());
    Ok(given.of(organization).with(Json(answer)))
}
