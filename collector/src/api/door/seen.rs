//! What a read has given out, as its handler tells the door.

use axum::Extension;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use crate::limits;
use crate::records::Told;
use crate::store::Action;

/// What an answer has. Without it no answer of a read leaves.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(super) items: Items,
    pub(super) ids: Vec<String>,
    pub(super) organization_id: Option<String>,
    pub(super) query: Option<serde_json::Value>,
    pub(super) action: Option<Action>,
    /// Whether it is new of a list that is followed.
    pub(super) is_followed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Items {
    Counted(usize),
    /// Of a stream, which counts while it is read.
    Counting(Told),
}

impl Seen {
    /// So many things.
    pub(crate) fn items(items: usize) -> Self {
        Self {
            items: Items::Counted(items),
            ids: Vec::new(),
            organization_id: None,
            query: None,
            action: None,
            is_followed: false,
        }
    }

    /// As many as `told` says in the end.
    pub(crate) fn stream(action: Action, told: Told) -> Self {
        Self {
            items: Items::Counting(told),
            action: Some(action),
            ..Self::items(0)
        }
    }

    /// Their ids, of which the first are recorded.
    pub(crate) fn ids(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids = ids.into_iter().take(limits::RECORD_IDS_MAX).collect();
        self
    }

    /// What the answer names where it gives nothing out: all of it is recorded.
    pub(crate) fn names(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.ids = names.into_iter().take(limits::RECORD_NAMES_MAX).collect();
        self
    }

    /// All of them are of this organization.
    pub(crate) fn of(mut self, organization_id: Option<String>) -> Self {
        self.organization_id = organization_id;
        self
    }

    /// What was asked for, where the address does not say it.
    pub(crate) fn asked(mut self, query: serde_json::Value) -> Self {
        self.query = Some(query);
        self
    }

    /// They are what is new of a list that is followed.
    pub(crate) fn followed(mut self) -> Self {
        self.is_followed = true;
        self
    }

    /// The answer, with what it has.
    pub(crate) fn with(self, answer: impl IntoResponse) -> Response {
        (self, answer).into_response()
    }
}

impl IntoResponseParts for Seen {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        Extension(self).into_response_parts(parts)
    }
}
