//! What an erasure is, and what it comes to.

use crate::access::Scope;

/// Whose content is to be erased, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The organisations in which the user is known by this id.
    pub scope: Scope,
    /// The user.
    pub user_id: String,
    /// Such as the reference of the request. It is kept.
    pub reason: String,
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
