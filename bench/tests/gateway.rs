//! The comparison of gateways, for a moment: that it measures what it says.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_bench::gateway::contestants::Contestant;
use audit_layer_bench::gateway::measure::names;
use audit_layer_bench::gateway::plot;
use audit_layer_bench::gateway::programs::Programs;
use audit_layer_bench::gateway::report::Results;
use audit_layer_bench::gateway::summary;
use audit_layer_bench::gateway::surroundings::Surroundings;
use audit_layer_bench::gateway::workload::{CHATS, Chat, STREAMS, Stream};
use audit_layer_tests::workspace;

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
        assert!(value(CHAT.name, names::HALF_P50)? > 0.0);
        if contestant.is_plugin() {
            // Whatever did not come at saturation is a dead letter, or counted as lost.
            let lost = value(CHAT.name, names::LOST)?;
            let undelivered = value(CHAT.name, names::UNDELIVERED)?;
            assert!(
                lost <= undelivered,
                "{}: {lost}, {undelivered}",
                contestant.name()
            );
        }
        let at_rate = value(CHAT.name, names::LOST_AT_RATE)?;
        let at_half = value(CHAT.name, names::LOST_AT_HALF)?;
        let of_streams = value(STREAM.name, names::LOST)?;
        let lost = [at_rate, at_half, of_streams];
        assert_eq!(lost, [0.0; 3], "{}", contestant.name());
    }
    let longest = results.spread(Contestant::Timed, CHAT.name, names::LONGEST_CALLBACK);
    assert!(longest.context("no callback was timed")?.max > 0.0);
    let tables = results.markdown();
    for contestant in Contestant::of_envoy() {
        assert!(tables.contains(contestant.name()), "{tables}");
    }
    let plot = plot(&results)?;
    assert!(plot.contains("plugin, batched"), "{plot}");
    let summary = summary::table(&results);
    assert!(summary.contains("| plugin, batched | "), "{summary}");
    Ok(())
}

#[test]
fn a_summary_takes_the_place_of_the_one_before_and_nothing_else_changes() -> Result<()> {
    let folder = workspace::scratch()?;
    let file = folder.path().join("README.md");
    fs::copy(workspace::root().join("README.md"), &file)?;
    let before = fs::read_to_string(&file)?;
    summary::put_into(&file, "| one |\n")?;
    let first = fs::read_to_string(&file)?;
    summary::put_into(&file, "| another |\n")?;
    let second = fs::read_to_string(&file)?;
    assert!(first.replace("| one |", "| another |") == second);
    let (head, rest) = first.split_once("| one |").context("no summary")?;
    let (head, tail) = (head.trim_end(), rest.trim_start());
    assert!(before.starts_with(head) && before.ends_with(tail));
    fs::write(&file, "no marks")?;
    let error = summary::put_into(&file, "third").unwrap_err();
    assert!(error.to_string().contains("needs the lines"), "{error}");
    Ok(())
}

async fn measure_all() -> Result<Results> {
    let programs = Programs::prepare(false, &Contestant::of_envoy()).await?;
    let surroundings = Surroundings::prepare(None, Duration::from_secs(1)).await?;
    let mut results = Results::default();
    for contestant in Contestant::of_envoy() {
        let mut running = surroundings.start(&programs, contestant).await?;
        let mut run = surroundings.run(0, contestant, &mut running);
        results.extend(run.memory(&CHAT, 10, 3).await?);
        results.extend(run.saturation(&CHAT).await?);
        results.extend(run.rate(&CHAT).await?);
        results.extend(run.half(&CHAT, CHAT.rate / 2).await?);
        results.extend(run.streams(&STREAM).await?);
        running.terminate().await?;
    }
    Ok(results)
}

fn plot(results: &Results) -> Result<String> {
    let folder = workspace::scratch()?;
    let file = folder.path().join("cpu.svg");
    plot::added(&file, "CPU", results, names::CPU_A_CALL, &[CHAT.name])?;
    Ok(fs::read_to_string(&file)?)
}
