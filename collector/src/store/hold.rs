//! Legal holds: what must not be removed.

use crate::access::Scope;

/// A hold, whether it is still in force or not. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct StoredHold {
    pub(crate) id: String,
    pub(crate) scope: Scope,
    /// Whose events; `None` for those of every user.
    pub(crate) user_id: Option<String>,
    pub(crate) reason: String,
    pub(crate) created_at: i64,
    pub(crate) released_at: Option<i64>,
}

impl StoredHold {
    fn covers(&self, organization: &str, user: &str) -> bool {
        self.scope.id().is_none_or(|id| id == organization)
            && self.user_id.as_ref().is_none_or(|id| id == user)
    }
}

/// The holds that are in force.
pub(super) struct Holds(pub(super) Vec<StoredHold>);

impl Holds {
    /// The hold that keeps the events of this user from being removed.
    pub(super) fn covering(&self, organization: &str, user: &str) -> Option<&StoredHold> {
        self.0.iter().find(|hold| hold.covers(organization, user))
    }
}
