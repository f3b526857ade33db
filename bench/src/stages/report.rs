//! What a run shows: a table for each call, with a row for each stage.

use std::collections::BTreeMap;
use std::fmt::Write;

use audit_layer_bench_stages::{Measured, Stage, Workload};
use serde::Serialize;

use super::engines::Engine;

/// A stage of a call on an engine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// Where it ran.
    pub engine: Engine,
    /// What it did.
    #[serde(flatten)]
    pub measured: Measured,
}

/// The figures of a run.
#[derive(Debug, Default, Serialize)]
pub struct Results {
    figures: Vec<Figure>,
    fuel: Vec<Fuel>,
}

/// What wasmtime counts for a stage of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Fuel {
    workload: Workload,
    stage: Stage,
    fuel: u64,
}

impl Results {
    /// A run of which the fuel is known.
    pub fn new(fuel: &BTreeMap<(Workload, Stage), u64>) -> Self {
        let fuel = fuel.iter().map(|(&(workload, stage), &fuel)| Fuel {
            workload,
            stage,
            fuel,
        });
        Self {
            figures: Vec::new(),
            fuel: fuel.collect(),
        }
    }

    /// Adds what an engine has measured.
    pub fn extend(&mut self, engine: Engine, measured: Vec<Measured>) {
        let figures = measured
            .into_iter()
            .map(|measured| Figure { engine, measured });
        self.figures.extend(figures);
    }

    /// Bytes that a stage of a call works on; `None` if the call has nothing of it.
    pub fn bytes(&self, workload: Workload, stage: Stage) -> Option<usize> {
        let mut all = self.of(workload, stage);
        Some(all.next()?.measured.bytes)
    }

    /// Nanoseconds of a stage of a call on an engine: of all rounds the least.
    pub fn ns(&self, engine: Engine, workload: Workload, stage: Stage) -> Option<f64> {
        let own = self.of(workload, stage);
        let own = own.filter(|figure| figure.engine == engine);
        own.map(|figure| figure.measured.ns).min_by(f64::total_cmp)
    }

    /// The fuel of a stage of a call.
    pub fn fuel(&self, workload: Workload, stage: Stage) -> Option<u64> {
        let mut all = self.fuel.iter();
        let own = all.find(|own| own.workload == workload && own.stage == stage);
        own.map(|own| own.fuel)
    }

    fn of(&self, workload: Workload, stage: Stage) -> impl Iterator<Item = &Figure> {
        let is_it = move |figure: &&Figure| {
            figure.measured.workload == workload && figure.measured.stage == stage
        };
        self.figures.iter().filter(is_it)
    }

    /// All tables, in Markdown.
    pub fn markdown(&self) -> String {
        let tables = Workload::ALL.map(|workload| self.table(workload));
        tables.join("\n")
    }

    fn table(&self, workload: Workload) -> String {
        let mut text = format!("| {} | bytes |", workload.name());
        for engine in Engine::ALL {
            let _ = write!(text, " {}, ns/byte |", engine.name());
        }
        text += " V8 : native | V8 : native, no SHA | fuel/byte |\n";
        let _ = writeln!(text, "|---|{}", "---:|".repeat(Engine::ALL.len() + 4));
        for stage in Stage::ALL {
            let ns = Engine::ALL.map(|engine| self.ns(engine, workload, stage));
            text += &self
                .row(stage.name(), workload, stage, ns)
                .unwrap_or_default();
            if stage == Stage::Whole {
                let rest = Engine::ALL.map(|engine| self.without_hash(engine, workload));
                let row = self.row("whole call without hash", workload, stage, rest);
                text += &row.unwrap_or_default();
            }
        }
        text
    }

    /// Nanoseconds of a whole call but for its hashes.
    pub fn without_hash(&self, engine: Engine, workload: Workload) -> Option<f64> {
        let whole = self.ns(engine, workload, Stage::Whole)?;
        Some(whole - self.ns(engine, workload, Stage::Hash)?)
    }

    fn row(
        &self,
        name: &str,
        workload: Workload,
        stage: Stage,
        [native, soft, v8]: [Option<f64>; 3],
    ) -> Option<String> {
        let bytes = self.bytes(workload, stage)?;
        let each = |value: Option<f64>| cell(value.map(|value| value / bytes as f64));
        let ratio = |by: Option<f64>| cell(v8.zip(by).map(|(v8, by)| v8 / by));
        let fuel = self.fuel(workload, stage).map(|fuel| fuel as f64);
        let is_part = name == stage.name();
        Some(format!(
            "| {name} | {bytes} | {} | {} | {} | {} | {} | {} |\n",
            each(native),
            each(soft),
            each(v8),
            ratio(native),
            ratio(soft),
            each(fuel.filter(|_| is_part)),
        ))
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.2}"))
}
