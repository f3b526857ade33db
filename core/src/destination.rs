//! Where the events of a configuration go, told apart from where those of others go.

use crate::digest::HashForm;

/// Where events go.
#[derive(Debug, Clone)]
pub struct AuditApi {
    /// The host's name of the upstream, such as a proxy's cluster; empty where it has none.
    pub cluster: String,
    /// `:scheme` of the callouts.
    pub scheme: String,
    /// `:authority` of the callouts.
    pub authority: String,
    /// Path of the API's root, without a slash at its end; may be empty.
    pub base_path: String,
    /// The Bearer key; absent where the upstream is authenticated in another way.
    pub api_key: Option<Secret>,
    /// Where the key was looked for.
    pub key_source: KeySource,
    /// How long one callout may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Where the audit API's key was looked for, for those who search why it is the wrong one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the configuration itself.
    Configuration,
    /// In the environment variable of this name.
    Environment(String),
}

/// A credential: never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The credential itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// An audit API, with the key that it knows us by, and an organization.
///
/// Several configurations may run in one host. Events of one destination wait, fail and are sent
/// beside those of another, and never with the other's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    id: String,
    label: String,
}

impl Destination {
    /// That of a configuration.
    pub fn new(audit_api: &AuditApi, organization_id: &str) -> Self {
        let place: [&str; 5] = [
            &audit_api.cluster,
            &audit_api.scheme,
            &audit_api.authority,
            &audit_api.base_path,
            organization_id,
        ];
        let key = audit_api.api_key.as_ref().map(|key| key.expose());
        let mut label = hash(place.into_iter());
        label.truncate(LABEL_CHARS);
        Self {
            id: hash(place.into_iter().chain(key)),
            label,
        }
    }

    /// A hash of all of it, in hexadecimal: the same in every host, and the key cannot be told from it.
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// A short name of it for statistics, in which the key has no part.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// Lengths keep one part from passing for the beginning of the next.
fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: String = parts.map(|part| format!("{}:{part}", part.len())).collect();
    HashForm::Bare.hash(parts.as_bytes())
}

/// Enough to tell the destinations of one proxy apart.
const LABEL_CHARS: usize = 8;
