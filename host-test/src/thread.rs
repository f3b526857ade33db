//! Which VM it is, and on which thread of the proxy.

/// The number of a VM within its host.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct VmNumber(pub(crate) u32);

/// The thread on which a VM runs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Thread {
    /// The throw-away VM in which a configuration is tried.
    Canary,
    /// The main thread: its VM has ticks, queues and callouts but gets no streams.
    Main,
    /// A worker.
    Worker(u32),
}
