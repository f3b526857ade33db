//! The contexts inside one VM.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::callout::Response;
use crate::settings::Settings;
use crate::stream_state::{Side, StreamState};

/// A context by its kind.
pub(crate) enum Context {
    Root(Box<RootContext>),
    Stream(Rc<RefCell<StreamState>>),
}

/// One configuration of a plugin in a VM.
pub(crate) struct RootContext {
    pub(crate) settings: Settings,
    pub(crate) tick_period: Option<Duration>,
    /// Counts the settings of the timer, so that a tick of an older setting is recognized.
    pub(crate) arming: u32,
    /// The response that the callback running now can read.
    pub(crate) callout: Option<Response>,
    pub(crate) life: RootLife,
    /// Streams that are not deleted yet.
    pub(crate) streams: u32,
}

/// How far a root context has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RootLife {
    /// In use.
    Open,
    /// Replaced or removed, but still with streams.
    Retiring,
    /// `proxy_on_done` returned false; ticks and callouts go on until `proxy_done`.
    Pending,
    /// Deleted, or its VM is gone.
    Ended,
}

impl RootContext {
    pub(crate) fn boxed(settings: Settings) -> Box<Self> {
        Box::new(Self {
            settings,
            tick_period: None,
            arming: 0,
            callout: None,
            life: RootLife::Open,
            streams: 0,
        })
    }
}

/// What a host call asked for, done after the guest has returned.
///
/// Source: `addAfterVmCallAction` of proxy-wasm-cpp-host.
pub(crate) enum Deferred {
    Stream(Rc<RefCell<StreamState>>, Asked),
    DeleteRoot(u32),
}

/// What is to be done with a stream.
pub(crate) enum Asked {
    Continue(Side),
    Close,
    Reply(Response),
}
