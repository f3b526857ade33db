//! Every log line of the library: one function for each fact. None has a way to pass content.

use tracing::{debug, error, info, warn};

use crate::query::ExportError;
use crate::store::StoreError;

pub(crate) fn group_committed(requests: usize, events: usize) {
    debug!(requests, events, "committed a group of requests");
}

/// The clients are told to send the events again, so that nothing is lost yet.
pub(crate) fn group_failed(requests: usize, events: usize, cause: &StoreError) {
    error!(requests, events, %cause, "nothing of a group was stored: check the database's disk");
}

pub(crate) fn no_good_key() {
    warn!("every key was revoked: make one with `audit-layer keys create`");
}

/// The client sees that its answer is not whole.
pub(crate) fn export_broke_off(cause: &ExportError) {
    error!(%cause, "an export broke off");
}

pub(crate) fn read_failed(cause: &StoreError) {
    error!(%cause, "the database did not answer a query");
}

/// A gateway does not send a rejected event again: somebody has to look.
pub(crate) fn events_rejected(events: usize) {
    warn!(events, "rejected events: the answer to the client says why");
}

pub(crate) fn requests_cut_off() {
    error!("requests were still in progress when the time to stop was over");
}

pub(crate) fn stopping() {
    info!("stopping: finishing the requests in progress");
}

pub(crate) fn stopped() {
    info!("stopped: the database is closed");
}
