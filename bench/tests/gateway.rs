//! The comparison of gateways, for a moment: that it measures what it says.

use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_bench::gateway::calls::Wrk;
use audit_layer_bench::gateway::contestants::{Contestant, Place, Programs};
use audit_layer_bench::gateway::measure::{Run, names};
use audit_layer_bench::gateway::plot;
use audit_layer_bench::gateway::provider::Provider;
use audit_layer_bench::gateway::report::Results;
use audit_layer_bench::gateway::sink::Sink;
use audit_layer_bench::gateway::workload::{CHATS, Stream};
use audit_layer_tests::workspace;
use tokio::task::spawn_blocking;

/// As those that are measured, but few.
const STREAM: Stream = Stream {
    name: "a few streams",
    concurrent: 5,
    rounds: 2,
    ..audit_layer_bench::gateway::workload::STREAMS[0]
};

#[tokio::test(flavor = "multi_thread")]
async fn every_contestant_passes_every_call_and_those_that_audit_deliver_its_event() -> Result<()> {
    let programs = Programs::prepare(false).await?;
    let wrk = spawn_blocking(Wrk::find).await??;
    let (provider, sink) = (Provider::start().await?, Sink::start().await?);
    let mut results = Results::default();
    for contestant in Contestant::ALL {
        let place = Place {
            provider: provider.address(),
            audit_api: sink.address(),
            processor: None,
        };
        let mut running = programs.start(contestant, place).await?;
        let mut run = Run {
            round: 0,
            contestant,
            running: &mut running,
            sink: &sink,
            wrk: &wrk,
            duration: Duration::from_secs(1),
        };
        results.extend(run.memory(&CHATS[0], 10, 3).await?);
        for chat in &CHATS {
            results.extend(run.saturation(chat).await?);
            results.extend(run.rate(chat).await?);
        }
        results.extend(run.streams(&STREAM).await?);
        running.terminate().await?;
    }
    for contestant in Contestant::ALL {
        let value = |workload: &str, name: &str| {
            let spread = results.spread(contestant, workload, name);
            let what = || format!("{}: {workload}, {name}", contestant.name());
            Ok::<_, anyhow::Error>(spread.with_context(what)?.median)
        };
        for chat in &CHATS {
            for name in [names::CPU_A_CALL, names::THROUGHPUT, names::LATENCY_P50] {
                assert!(value(chat.name, name)? > 0.0, "{}: {name}", chat.name);
            }
            let lost = value(chat.name, names::LOST_AT_RATE)?;
            assert_eq!(lost, 0.0, "{}: {}", contestant.name(), chat.name);
        }
        assert_eq!(
            value(STREAM.name, names::LOST)?,
            0.0,
            "{}",
            contestant.name()
        );
        assert!(value(STREAM.name, names::FIRST_P50)? > 0.0);
        assert!(value("memory", names::MEMORY_AFTER)? > 0.0);
    }
    let tables = results.markdown();
    for contestant in Contestant::ALL {
        assert!(tables.contains(contestant.name()), "{tables}");
    }
    let folder = workspace::scratch()?;
    let file = folder.path().join("cpu.svg");
    let chats = CHATS.map(|chat| chat.name);
    plot::added(&file, "CPU", &results, names::CPU_A_CALL, &chats)?;
    assert!(std::fs::read_to_string(&file)?.contains("plugin, batched"));
    Ok(())
}
