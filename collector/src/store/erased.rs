//! What an erasure is, and what it comes to.

use crate::access::Scope;

/// Whose content is to be erased, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The organizations in which the user is known by this id.
    pub scope: Scope,
    /// The user.
    pub user_id: String,
    /// Such as the reference of the request. It is kept.
    pub reason: String,
}

/// What an erasure meets: how many events of the user there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erasable {
    /// Events whose content would be erased.
    pub events: u64,
    /// Events that a legal hold keeps as they are.
    pub held: u64,
    /// Events whose content was erased before.
    pub erased: u64,
}

impl Erasable {
    /// Adds events of one organization that are not erased yet, and those that are.
    pub(super) fn add(&mut self, is_held: bool, there: i64, erased: i64) {
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let there_too = if is_held {
            &mut self.held
        } else {
            &mut self.events
        };
        *there_too = there_too.saturating_add(number(there));
        self.erased = self.erased.saturating_add(number(erased));
    }

    /// Whether the user has no event at all.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Events whose content is gone now.
    pub events: u64,
    /// Events that a legal hold keeps as they are.
    pub held: u64,
    /// Reports that showed it, and are removed.
    pub reports: u64,
    /// Where bytes of it may be left.
    pub left: Left,
}

/// Where bytes of what was erased may be left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Left {
    /// In the files of a server: it uses the space of what it deletes again in its own time.
    FilesOfServer,
    /// In the write-ahead log, because somebody is reading it.
    Log,
    /// Nowhere.
    #[default]
    Nowhere,
}
