//! Where the events of a configuration go, told apart from where those of others go.

use crate::digest::HashForm;
use crate::policy::AuditApi;

/// An audit API, with the key that it knows us by, and an organization.
///
/// Several configurations may run in one VM. Events of one destination wait, fail and are sent
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

    /// A hash of all of it, in hexadecimal: the same in every VM, and the key cannot be told from it.
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
