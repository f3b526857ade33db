//! A figure as bars, in SVG: a row for each contestant, and for each workload a column with its own scale.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::{
    BLACK, Color, IntoDrawingArea, IntoFont, RGBColor, Rectangle, SVGBackend, Text, WHITE,
};

use crate::gateway::contestants::Contestant;
use crate::gateway::report::{Results, number};

/// Draws by how much a figure of each contestant is more than that of an Envoy without filters, by their
/// medians. What is less has no bar, but its number. Gateways of other kinds are left out: beside their
/// bars there would be no others to see.
pub fn added(
    file: &Path,
    title: &str,
    results: &Results,
    name: &str,
    workloads: &[&str],
) -> Result<()> {
    let added = |contestant: Contestant, workload: &str| results.added(contestant, workload, name);
    let rows = Contestant::ALL.into_iter().filter(|contestant| {
        let is_measured = |workload: &&str| added(*contestant, workload).is_some();
        let is_compared = contestant.is_envoy() && *contestant != Contestant::Alone;
        is_compared && workloads.iter().any(is_measured)
    });
    let rows: Vec<Contestant> = rows.collect();
    let size = (
        NAMES + COLUMN * pixels(workloads.len()),
        HEAD + ROW * pixels(rows.len()) + MARGIN,
    );
    let unsigned = |length: i32| length.unsigned_abs();
    let area = SVGBackend::new(file, (unsigned(size.0), unsigned(size.1))).into_drawing_area();
    let text = |text: &str, at: (i32, i32), size: i32| {
        let font = ("sans-serif", size).into_font().color(&BLACK);
        area.draw(&Text::new(text.to_owned(), at, font))
            .map_err(plot_error)
    };
    area.fill(&WHITE).map_err(plot_error)?;
    text(title, (MARGIN, MARGIN), 18)?;
    for (row, contestant) in rows.iter().enumerate() {
        text(contestant.name(), (MARGIN, HEAD + ROW * pixels(row)), 13)?;
    }
    for (column, workload) in workloads.iter().enumerate() {
        let left = NAMES + COLUMN * pixels(column);
        text(workload, (left, HEAD - ROW), 14)?;
        let values = rows.iter().map(|contestant| added(*contestant, workload));
        let most = values.clone().flatten().fold(1.0, f64::max);
        for (row, (contestant, value)) in rows.iter().zip(values).enumerate() {
            let Some(value) = value else {
                continue;
            };
            let top = HEAD + ROW * pixels(row);
            let right = left + length(value.max(0.0) / most);
            let color = if contestant.is_plugin() { OURS } else { OTHERS };
            let bar = Rectangle::new([(left, top), (right, top + ROW - 6)], color.filled());
            area.draw(&bar).map_err(plot_error)?;
            text(&format!("{} µs", number(value)), (right + 4, top + 1), 12)?;
        }
    }
    area.present().map_err(plot_error)
}

/// Pixels around everything.
const MARGIN: i32 = 12;
/// Pixels above the first row.
const HEAD: i32 = 70;
/// Pixels from one row to the next.
const ROW: i32 = 22;
/// Pixels that the contestants' names take.
const NAMES: i32 = 270;
/// Pixels of a column, with the number behind the longest bar.
const COLUMN: i32 = 240;
/// Pixels of the longest bar.
const LONGEST: f64 = 150.0;

const OURS: RGBColor = RGBColor(31, 111, 235);
const OTHERS: RGBColor = RGBColor(160, 168, 178);

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Pixels of a bar that is this share of the longest.
#[expect(clippy::cast_possible_truncation, reason = "at most the longest")]
fn length(share: f64) -> i32 {
    (share * LONGEST) as i32
}

/// The errors of plotters borrow what they are about, which anyhow cannot keep.
fn plot_error(error: impl Display) -> anyhow::Error {
    anyhow!("the plot: {error}")
}
