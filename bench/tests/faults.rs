//! Every situation of the table, for a short time.

use std::sync::LazyLock;

use anyhow::Result;
use audit_layer_bench::kills::{self, Engine, Plan};
use audit_layer_bench::scale::Scale;
use audit_layer_bench::situation::SITUATIONS;
use audit_layer_bench::soak::Soak;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

fn main() {
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(TOGETHER);
    let situations = SITUATIONS.iter().map(|situation| {
        Trial::test(situation.name, || {
            let row = RUNTIME.block_on(situation.run(Scale::Brief));
            row.map(|_| ()).map_err(|error| format!("{error:#}").into())
        })
    });
    let soak = Trial::test("a run of some thousand calls", || {
        let soak = RUNTIME.block_on(soak());
        soak.map_err(|error| format!("{error:#}").into())
    });
    let kills = Engine::ALL.map(|engine| {
        let name = format!("a collector on {} that is killed", engine.name());
        Trial::test(name, move || {
            let account = RUNTIME.block_on(kills::run(engine, KILLS, |_| ()));
            let checked = account.and_then(|account| account.check());
            checked.map_err(|error| format!("{error:#}").into())
        })
    });
    let trials = situations.chain([soak]).chain(kills).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

async fn soak() -> Result<()> {
    Soak::run(CALLS, |_| ()).await?.check(GROWTH_BYTES_MAX)
}

/// One for all, as what is built once in a process belongs to it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a runtime for the tests"));

const KILLS: Plan = Plan {
    kills: 3,
    crashes: 1,
};

const CALLS: u64 = 4_000;

/// So early the VMs still grow into their work; only what grows with each call is much more.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

const TOGETHER: usize = 3;
