//! The one stack that most tests share, as starting one takes longer than a test.

use std::future::Future;
use std::sync::LazyLock;

use anyhow::Result;
use audit_layer_tests::stack::{Options, Stack};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// Runs a test on the runtime that outlives all tests, as the shared stack must.
pub(crate) fn run(test: impl Future<Output = Result<()>>) -> Result<()> {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(test)
}

/// The shared stack, started by the first test that asks.
pub(crate) async fn stack() -> Result<&'static Stack> {
    static STACK: OnceCell<Stack> = OnceCell::const_new();
    STACK
        .get_or_try_init(|| async { Stack::start(&Options::default()).await })
        .await
}

/// A name that no other test uses, for users and cases.
pub(crate) fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
