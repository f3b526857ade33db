//! Strings of a configuration that may stand in the environment.

use super::error::ConfigError;
use super::raw::RawString;
use crate::host::Host;

/// Where `{"env": …}` and absent members are looked up.
pub(super) struct Resolver<'a> {
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) host: &'a Host,
}

impl Resolver<'_> {
    /// The string itself, or what its environment variable has; `None` where the member is absent.
    pub(super) fn resolve(
        &self,
        path: &str,
        raw: Option<RawString>,
    ) -> Result<Option<String>, ConfigError> {
        match raw {
            None => Ok(None),
            Some(RawString::Literal(text)) => Ok(Some(text)),
            Some(RawString::Env(name)) => match (self.env)(&name) {
                Some(value) => Ok(Some(value)),
                None => Err(ConfigError::new(
                    path,
                    format!(
                        "the environment variable {name} is not set{}",
                        self.host.variable_hint
                    ),
                )),
            },
        }
    }

    /// The same, or else what an environment variable has.
    pub(super) fn or_env(
        &self,
        path: &str,
        raw: Option<RawString>,
        name: &str,
    ) -> Result<Option<String>, ConfigError> {
        let written = self.resolve(path, raw)?;
        Ok(written.or_else(|| (self.env)(name).filter(|value| !value.is_empty())))
    }
}
