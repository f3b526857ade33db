//! The stages of the core, each done for a moment: that there is something to measure.

use anyhow::{Context, Result};
use audit_layer_bench::stages::engines::{Engine, Engines};
use audit_layer_bench::stages::report::Results;
use audit_layer_bench_stages::{Job, Stage, Workload};

#[tokio::test(flavor = "multi_thread")]
async fn every_engine_works_on_the_same_bytes_and_every_stage_costs_something() -> Result<()> {
    let engines = Engines::prepare_some().await?;
    let fuel = engines.fuel()?;
    for workload in Workload::ALL {
        for stage in Stage::ALL {
            let is_there = match stage {
                Stage::Sse => matches!(workload, Workload::Stream50 | Workload::Stream1000),
                Stage::Decode => workload == Workload::Chat128,
                _ => true,
            };
            let has_fuel = fuel.contains_key(&(workload, stage));
            assert_eq!(has_fuel, is_there, "{workload:?} {stage:?}");
        }
    }
    let jobs: Vec<_> = fuel
        .keys()
        .map(|&(workload, stage)| Job {
            stage,
            workload,
            times: 1,
            repeats: 1,
        })
        .collect();
    let mut results = Results::new(&fuel);
    for engine in [Engine::Native, Engine::V8] {
        let measured = engines.run(engine, &jobs).await?;
        assert_eq!(measured.len(), jobs.len(), "{engine:?}");
        for one in &measured {
            let bytes = results.bytes(one.workload, one.stage);
            assert_eq!(bytes.unwrap_or(one.bytes), one.bytes, "{engine:?}");
        }
        results.extend(engine, measured);
    }
    for job in &jobs {
        for engine in [Engine::Native, Engine::V8] {
            let ns = results.ns(engine, job.workload, job.stage);
            let ns = ns.context("nothing measured")?;
            // A proxy's clock may not see one copy of a kilobyte.
            let is_seen = job.stage == Stage::Whole;
            assert!(ns > 0.0 || !is_seen, "{engine:?} {job:?}");
        }
    }
    let tables = results.markdown();
    assert!(tables.contains("| whole call without hash |"), "{tables}");
    Ok(())
}
