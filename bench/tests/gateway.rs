//! The comparison of gateways, for a moment: that it measures what it says.

use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_bench::gateway::calls::Wrk;
use audit_layer_bench::gateway::contestants::Contestant;
use audit_layer_bench::gateway::measure::{Run, names};
use audit_layer_bench::gateway::plot;
use audit_layer_bench::gateway::programs::Programs;
use audit_layer_bench::gateway::provider::Provider;
use audit_layer_bench::gateway::report::Results;
use audit_layer_bench::gateway::running::Place;
use audit_layer_bench::gateway::sink::Sink;
use audit_layer_bench::gateway::workload::{CHATS, Chat, STREAMS, Stream};
use audit_layer_tests::workspace;
use tokio::task::spawn_blocking;

/// As one that is measured, but slow enough for a machine that has more to do.
const CHAT: Chat = Chat {
    rate: 100,
    ..CHATS[0]
};

/// As some that are measured, but few.
const STREAM: Stream = Stream {
    concurrent: 5,
    rounds: 2,
    ..STREAMS[0]
};

#[tokio::test(flavor = "multi_thread")]
async fn every_contestant_passes_every_call_and_those_that_audit_deliver_its_event() -> Result<()> {
    let results = measure_all().await?;
    for contestant in Contestant::of_envoy() {
        let value = |workload: &str, name: &str| {
            let spread = results.spread(contestant, workload, name);
            let what = || format!("{}: {workload}, {name}", contestant.name());
            Ok::<_, anyhow::Error>(spread.with_context(what)?.median)
        };
        for name in [names::CPU_A_CALL, names::THROUGHPUT, names::LATENCY_P50] {
            let value = value(CHAT.name, name)?;
            assert!(value > 0.0, "{}: {name} {value}", contestant.name());
        }
        assert!(value(STREAM.name, names::FIRST_P50)? > 0.0);
        assert!(value("memory", names::MEMORY_AFTER)? > 0.0);
        let at_rate = value(CHAT.name, names::LOST_AT_RATE)?;
        let of_streams = value(STREAM.name, names::LOST)?;
        assert_eq!((at_rate, of_streams), (0.0, 0.0), "{}", contestant.name());
    }
    let longest = results.spread(Contestant::Timed, CHAT.name, names::LONGEST_CALLBACK);
    assert!(longest.context("no callback was timed")?.max > 0.0);
    let tables = results.markdown();
    for contestant in Contestant::of_envoy() {
        assert!(tables.contains(contestant.name()), "{tables}");
    }
    let plot = plot(&results)?;
    assert!(plot.contains("plugin, batched"), "{plot}");
    Ok(())
}

async fn measure_all() -> Result<Results> {
    let programs = Programs::prepare(false, &Contestant::of_envoy()).await?;
    let wrk = spawn_blocking(Wrk::find).await??;
    let (provider, sink) = (Provider::start().await?, Sink::start().await?);
    let place = Place {
        provider: provider.address(),
        audit_api: sink.address(),
        processor: None,
    };
    let mut results = Results::default();
    for contestant in Contestant::of_envoy() {
        let mut running = programs.start(contestant, place).await?;
        let mut run = Run {
            round: 0,
            contestant,
            running: &mut running,
            provider: &provider,
            sink: &sink,
            wrk: &wrk,
            duration: Duration::from_secs(1),
        };
        results.extend(run.memory(&CHAT, 10, 3).await?);
        results.extend(run.saturation(&CHAT).await?);
        results.extend(run.rate(&CHAT).await?);
        results.extend(run.streams(&STREAM).await?);
        running.terminate().await?;
    }
    Ok(results)
}

fn plot(results: &Results) -> Result<String> {
    let folder = workspace::scratch()?;
    let file = folder.path().join("cpu.svg");
    plot::added(&file, "CPU", results, names::CPU_A_CALL, &[CHAT.name])?;
    Ok(std::fs::read_to_string(&file)?)
}
