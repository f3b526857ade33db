//! The situations, in the order of the table.

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use crate::ledger::Row;
use crate::scale::Scale;
use crate::situations::{
    answers, audit_api, changes, ends, forgery, guarantee, hostile, nodes, queue, tenants, traps,
};

/// Something that happens, and what must hold when it has.
#[derive(Debug)]
pub struct Situation {
    /// What happens.
    pub name: &'static str,
    run: fn(Scale) -> LocalBoxFuture<'static, Result<Row>>,
}

impl Situation {
    /// Lets it happen; fails if anything is not accounted for.
    pub async fn run(&self, scale: Scale) -> Result<Row> {
        (self.run)(scale).await
    }
}

macro_rules! situations {
    ($($name:literal => $run:expr,)+) => {
        &[$(Situation { name: $name, run: |scale| Box::pin($run(scale)) }),+]
    };
}

/// All of them.
pub const SITUATIONS: &[Situation] = situations! {
    "collector down, then up" => audit_api::down,
    "collector answers 500" => audit_api::answers_500,
    "collector answers 429 with retry-after" => audit_api::answers_429,
    "wrong key, then right" => audit_api::denies,
    "web page in the collector's place" => audit_api::is_a_page,
    "collector hangs" => audit_api::hangs,
    "collector's answers break off after their headers" => audit_api::breaks_answers,
    "collector closes within a batch" => audit_api::breaks_deliveries,
    "collector rejects one event of each batch" => audit_api::rejects_one,
    "collector answers 400 to a batch for one event" => audit_api::refuses_one,
    "plugin's configuration changed by LDS" => changes::configuration_by_lds,
    "plugin's configuration changed by ECDS" => changes::configuration_by_ecds,
    "module replaced by LDS" => changes::module_by_lds,
    "module replaced by ECDS" => changes::module_by_ecds,
    "two tenants, one changed and removed" => tenants::two,
    "listener removed" => changes::listener_removed,
    "SIGTERM during load" => ends::sigterm,
    "SIGTERM after the drain recipe" => ends::sigterm_after_drain,
    "SIGKILL during load" => ends::sigkill,
    "SIGKILL during load, acknowledged" => ends::sigkill_acknowledged,
    "client leaves within a stream" => answers::client_leaves,
    "upstream resets within a stream" => answers::upstream_resets,
    "upstream takes too long" => answers::upstream_times_out,
    "no healthy upstream" => answers::no_upstream,
    "local reply of another filter" => answers::local_reply,
    "queue full" => queue::full,
    "queue full, log level above error" => queue::full_and_log_silent,
    "dead letters of 100 KB in a node's logs" => nodes::long_letters,
    "hostile compressed requests, open at once" => hostile::requests,
    "hostile compressed answers, open at once" => hostile::answers,
    "forged dead letters, collector down" => forgery::everywhere,
    "acknowledged, collector down" => guarantee::collector_down,
    "acknowledged, client leaves before the record" => guarantee::client_leaves,
    "trap, fail_open" => traps::fail_open,
    "trap, FAIL_OPEN" => traps::policy_fail_open,
    "trap, FAIL_RELOAD" => traps::policy_fail_reload,
    "trap, FAIL_CLOSED" => traps::policy_fail_closed,
};
