//! The audit API fails, in every way in which it can.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::ledger::{Ledger, Row, account};
use crate::load::Call;
use crate::scale::Scale;
use crate::scene::{Scene, Setting};
use crate::unruly::Mood;

pub(crate) async fn down(scale: Scale) -> Result<Row> {
    let mut scene = Scene::start(Setting::default()).await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.collector.kill().await?;
    sleep(scale.outage()).await;
    scene.collector.restart().await?;
    sleep(scale.calm()).await;
    let calls = load.stop().await;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn answers_500(scale: Scale) -> Result<Row> {
    let mood = Mood::Answering {
        status: 500,
        retry_after: None,
    };
    let (scene, calls) = in_mood(scale, mood).await?;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn answers_429(scale: Scale) -> Result<Row> {
    let mood = Mood::Answering {
        status: 429,
        retry_after: Some(1),
    };
    let (scene, calls) = in_mood(scale, mood).await?;
    account(&scene, &calls).await?.undisturbed()
}

/// The key is a wrong one for a while.
pub(crate) async fn denies(scale: Scale) -> Result<Row> {
    let mood = Mood::Answering {
        status: 401,
        retry_after: None,
    };
    let (scene, calls) = in_mood(scale, mood).await?;
    account(&scene, &calls).await?.undisturbed()
}

/// The address is that of something else for a while.
pub(crate) async fn is_a_page(scale: Scale) -> Result<Row> {
    let (scene, calls) = in_mood(scale, Mood::Page).await?;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn hangs(scale: Scale) -> Result<Row> {
    let (scene, calls) = in_mood(scale, Mood::Silent).await?;
    account(&scene, &calls).await?.undisturbed()
}

/// Each batch is stored, and comes again.
pub(crate) async fn breaks_answers(scale: Scale) -> Result<Row> {
    let (scene, calls) = in_mood(scale, Mood::BreakingAnswers).await?;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn breaks_deliveries(scale: Scale) -> Result<Row> {
    let (scene, calls) = in_mood(scale, Mood::BreakingDeliveries).await?;
    account(&scene, &calls).await?.undisturbed()
}

pub(crate) async fn rejects_one(scale: Scale) -> Result<Row> {
    let (scene, calls) = in_mood(scale, Mood::SpoilingOne).await?;
    only_the_bad_are_dead(&scene, &calls, |reason| !reason.starts_with("http_")).await
}

pub(crate) async fn refuses_one(scale: Scale) -> Result<Row> {
    // The third call of each client, and every tenth after it.
    let (scene, calls) = in_mood(scale, Mood::Refusing("3; how many")).await?;
    scene.delivered().await?;
    let ledger = Ledger::read(&scene, &calls).await?;
    for name in ledger.dead.keys() {
        ensure!(name.ends_with('3'), "{name} is dead for another's sake");
    }
    only_the_bad_are_dead(&scene, &calls, |reason| reason == "http_400").await
}

/// Load through a mood of the audit API, with calm before and after it.
async fn in_mood(scale: Scale, mood: Mood) -> Result<(Scene, Vec<Call>)> {
    let scene = Scene::start(Setting {
        unruly: true,
        change: Box::new(|configuration| {
            // So that what hangs is noticed within the time of the situation.
            configuration.plugin(|plugin| plugin["audit_api"]["timeout_ms"] = 1_000.into())?;
            Ok(())
        }),
        ..Setting::default()
    })
    .await?;
    let load = scene.load();
    sleep(scale.calm()).await;
    scene.unruly()?.set(mood);
    let before = scene.unruly()?.deliveries();
    sleep(scale.outage().min(MOOD_MAX)).await;
    let met = scene.unruly()?.deliveries() - before;
    ensure!(met > 1, "the mood met {met} deliveries");
    scene.unruly()?.set(Mood::Obliging);
    sleep(scale.calm()).await;
    Ok((scene, load.stop().await))
}

async fn only_the_bad_are_dead(
    scene: &Scene,
    calls: &[Call],
    is_expected: fn(&str) -> bool,
) -> Result<Row> {
    scene.delivered().await?;
    let ledger = Ledger::read(scene, calls).await?;
    for (name, (reason, _)) in &ledger.dead {
        ensure!(is_expected(reason), "{name} is dead because of {reason}");
    }
    let row = account(scene, calls).await?.unnoticed()?;
    let dead = row.dead_lettered;
    ensure!(dead > 0, "no event was refused");
    ensure!(row.stored > dead, "{dead} events are dead for a few");
    Ok(row.remarked("the refused ones alone; an import brings them"))
}

const MOOD_MAX: Duration = Duration::from_secs(10);
