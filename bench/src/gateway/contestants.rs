//! What is compared: Envoys that differ in nothing but their filters, and gateways of other kinds.

use clap::ValueEnum;
use serde::Serialize;

/// One of those that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Contestant {
    /// No filter but the router.
    Alone,
    /// A filter of which every callback is called and does nothing.
    Callbacks,
    /// A filter that copies both bodies out of the host.
    Floor,
    /// The plugin, with up to 100 events in a request to the audit API.
    Batched,
    /// The same, whose events carry hashes and no content.
    HashOnly,
    /// The same, whose events have tokens in the place of sensitive data.
    Redacted,
    /// The plugin, with a request to the audit API for each event.
    Single,
    /// The plugin, which holds each call back until its record is acknowledged.
    Acknowledged,
    /// The same as batched with its callbacks timed; only at a fixed rate.
    Timed,
    /// A script that posts both bodies of each call.
    Lua,
    /// A service of its own that records what Envoy shows it, with the plugin's core.
    ExtProc,
    /// LiteLLM's proxy, with a callback that posts each call; only at saturation.
    #[value(name = "litellm")]
    #[serde(rename = "litellm")]
    LiteLlm,
    /// Portkey's gateway, which audits nothing; only at saturation.
    Portkey,
}

impl Contestant {
    /// All, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::Alone,
        Self::Callbacks,
        Self::Floor,
        Self::Batched,
        Self::HashOnly,
        Self::Redacted,
        Self::Single,
        Self::Acknowledged,
        Self::Timed,
        Self::Lua,
        Self::ExtProc,
        Self::LiteLlm,
        Self::Portkey,
    ];

    /// Those that need nothing but Envoy.
    pub fn of_envoy() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|contestant| contestant.is_envoy()).collect()
    }

    /// What it is called in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "Envoy alone",
            Self::Callbacks => "empty wasm filter",
            Self::Floor => "wasm filter that copies both bodies",
            Self::Batched => "plugin, batched",
            Self::HashOnly => "plugin, batched, hashes only",
            Self::Redacted => "plugin, batched, redacted",
            Self::Single => "plugin, single events",
            Self::Acknowledged => "plugin, acknowledged",
            Self::Timed => "plugin, batched, timed",
            Self::Lua => "Lua that posts both bodies",
            Self::ExtProc => "ext_proc service, same core",
            Self::LiteLlm => "LiteLLM with a callback that posts",
            Self::Portkey => "Portkey, no audit",
        }
    }

    /// What is measured of it.
    pub fn measured(self) -> Measured {
        match self {
            Self::LiteLlm | Self::Portkey => Measured::Saturation,
            Self::Timed => Measured::Rate,
            _ => Measured::All,
        }
    }

    /// Whether it is an Envoy.
    pub fn is_envoy(self) -> bool {
        !matches!(self, Self::LiteLlm | Self::Portkey)
    }

    /// Whether it is an Envoy with the plugin.
    pub fn is_plugin(self) -> bool {
        match self {
            Self::Batched
            | Self::HashOnly
            | Self::Redacted
            | Self::Single
            | Self::Acknowledged
            | Self::Timed => true,
            Self::Alone
            | Self::Callbacks
            | Self::Floor
            | Self::Lua
            | Self::ExtProc
            | Self::LiteLlm
            | Self::Portkey => false,
        }
    }

    /// Whether each call gives an event.
    pub fn audits(self) -> bool {
        match self {
            Self::Alone | Self::Callbacks | Self::Floor | Self::Portkey => false,
            Self::Batched
            | Self::HashOnly
            | Self::Redacted
            | Self::Single
            | Self::Acknowledged
            | Self::Timed
            | Self::Lua
            | Self::ExtProc
            | Self::LiteLlm => true,
        }
    }
}

/// What is measured of a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Everything.
    All,
    /// CPU and throughput at saturation: it knows no rate that the others keep up with.
    Saturation,
    /// Latencies and durations at a fixed rate.
    Rate,
}
