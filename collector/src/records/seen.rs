//! What a read has given out, as its handler tells the door.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Extension;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use crate::store::Action;

/// What an answer has. Without it no answer of a read leaves.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(super) items: Items,
    pub(super) ids: Vec<String>,
    pub(super) organization_id: Option<String>,
    pub(super) query: Option<serde_json::Value>,
    pub(super) action: Option<Action>,
    pub(super) answer: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) enum Items {
    Counted(usize),
    /// Of a stream, which counts while it is read.
    Counting(Told),
}

/// How many things a stream has given out so far. Cloning gives another handle to the same count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<AtomicU64>);

impl Told {
    pub(crate) fn add(&self, items: usize) {
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        self.0.fetch_add(items, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
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
            answer: None,
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
        self.ids = ids.into_iter().collect();
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

    /// What tells this answer from another one to the same question.
    pub(crate) fn answer(mut self, answer: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        answer.hash(&mut hasher);
        self.answer = Some(hasher.finish());
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
