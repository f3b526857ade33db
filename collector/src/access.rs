//! What a key may do, and whose events it reaches.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use crate::limits;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Read events, and who looked at them, and record nothing: for those who watch the readers.
    Auditor,
    /// Record events, and read nothing: for gateways and applications.
    Ingest,
    /// Read events, and record nothing.
    Read,
}

impl Role {
    /// Whether this role is `needed` or more.
    pub(crate) fn includes(self, needed: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Auditor => needed != Self::Admin && needed != Self::Ingest,
            Self::Ingest | Self::Read => self == needed,
        }
    }

    /// The name in commands, in the database and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Ingest => "ingest",
            Self::Read => "read",
        }
    }
}

impl FromStr for Role {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let roles = [Self::Admin, Self::Auditor, Self::Ingest, Self::Read];
        let role = roles.into_iter().find(|role| role.name() == text);
        role.ok_or(AccessError::Role)
    }
}

/// Who records with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What observes calls: its numbers tell what is missing, and what it records of a call counts
    /// before what others say of it.
    Gateway,
    /// What makes calls, and says of them what it likes.
    Application,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Gateway, Self::Application];

    /// The name in commands, in the database and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Application => "application",
        }
    }
}

impl FromStr for Kind {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or(AccessError::Kind)
    }
}

/// Whose events a key reaches. Others do not exist for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of every organization.
    All,
    /// Those of the organization with this id.
    Organization(String),
}

impl Scope {
    /// The scope of one organization.
    ///
    /// # Errors
    /// An empty id, or one that no event can carry.
    pub fn organization(id: &str) -> Result<Self, AccessError> {
        match id.len() {
            1..=limits::ID_BYTES_MAX => Ok(Self::Organization(id.to_owned())),
            _ => Err(AccessError::Organization),
        }
    }

    /// The one organization, if it is one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Organization(id) => Some(id),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all organizations"),
            Self::Organization(id) => write!(f, "organization {id:?}"),
        }
    }
}

/// What a key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// What it may do.
    pub role: Role,
    /// With whose events.
    pub scope: Scope,
}

impl Access {
    /// Everything, with everybody's events.
    pub const FULL: Self = Self {
        role: Role::Admin,
        scope: Scope::All,
    };
}

/// What a key is called, for what was done with it. A key of the configuration has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyId(pub(crate) Option<String>);

/// What people call a key. A key of the configuration has no name, and others need none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName(pub(crate) Option<Arc<str>>);

/// With which key events are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorder {
    /// The key's id, or [`CONFIGURED`](Self::CONFIGURED).
    pub(crate) key_id: String,
    pub(crate) kind: Kind,
    /// What keys have in common that take the place of each other: the id of the first of them.
    pub(crate) family: String,
    /// Whether it may end and go on with what others began, as who imports dead letters has to.
    pub(crate) is_trusted: bool,
}

impl Recorder {
    /// What stands for the id and the family of every key of the configuration.
    pub(crate) const CONFIGURED: &str = "configured";

    /// The same key, where what it records is an application's.
    pub(crate) fn for_application(&self) -> Self {
        Self {
            kind: Kind::Application,
            is_trusted: false,
            ..self.clone()
        }
    }

    /// A key of the configuration, all of which may do everything.
    pub(crate) fn configured() -> Self {
        Self {
            key_id: Self::CONFIGURED.to_owned(),
            kind: Kind::Gateway,
            family: Self::CONFIGURED.to_owned(),
            is_trusted: true,
        }
    }
}

/// What a browser's session is called in access records. It opens nothing, and does not tell the id that
/// does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionName(pub(crate) String);

/// Why there is no such access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccessError {
    /// An id that no event can carry.
    #[error("must be from 1 to {} bytes long", limits::ID_BYTES_MAX)]
    Organization,
    /// A word that is no kind.
    #[error("must be gateway or application")]
    Kind,
    /// A word that is no role.
    #[error("must be admin, auditor, ingest or read")]
    Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_all_roles_auditor_reading_and_others_themselves() {
        let roles = [Role::Admin, Role::Auditor, Role::Ingest, Role::Read];
        for (role, needed) in roles
            .iter()
            .flat_map(|role| roles.map(|needed| (*role, needed)))
        {
            let reads = (role, needed) == (Role::Auditor, Role::Read);
            let expected = role == needed || role == Role::Admin || reads;
            assert_eq!(role.includes(needed), expected, "{role:?} {needed:?}");
        }
    }

    #[test]
    fn a_role_is_read_as_it_is_named() {
        for role in [Role::Admin, Role::Auditor, Role::Ingest, Role::Read] {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("owner".parse::<Role>(), Err(AccessError::Role));
    }

    #[test]
    fn a_kind_is_read_as_it_is_named() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("proxy".parse::<Kind>(), Err(AccessError::Kind));
    }

    #[test]
    fn an_organization_is_named_by_what_an_event_can_carry() {
        let id = |bytes: usize| Scope::organization(&"x".repeat(bytes)).is_ok();
        assert!(!id(0));
        assert!(id(1));
        assert!(id(limits::ID_BYTES_MAX));
        assert!(!id(limits::ID_BYTES_MAX + 1));
    }
}
