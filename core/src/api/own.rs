//! Servers that the configuration names.

use super::Format;
use crate::opening::Destination;
use crate::provider::is_within;

/// Servers that the configuration names, by all of what it says of them.
#[derive(Debug, Clone)]
pub struct Own {
    /// The host, in lower case; it counts with everything before it, at a dot.
    pub host: Option<String>,
    /// The gateway's name of the group of servers.
    pub cluster: Option<String>,
    /// The gateway's name of the rule that chose it.
    pub route: Option<String>,
    /// Who serves the models there.
    pub name: String,
    /// How calls to paths are read by which no format is known.
    pub format: Option<&'static Format>,
}

impl Own {
    /// Whether a request goes there, for a `host` and by the gateway's names.
    pub fn is_it(&self, host: &str, destination: Destination<'_>) -> bool {
        let is = |own: &Option<String>, given: Option<&str>| {
            own.as_deref().is_none_or(|own| Some(own) == given)
        };
        self.host.as_deref().is_none_or(|own| is_within(host, own))
            && is(&self.cluster, destination.cluster)
            && is(&self.route, destination.route)
    }
}
