//! The figures that matter most as bars, in SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::{
    ChartBuilder, Color, IntoDrawingArea, Palette, Palette99, Rectangle, SVGBackend, WHITE,
};

use crate::gateway::contestants::Contestant;
use crate::gateway::report::Results;

/// Draws a figure of each contestant, less that of an Envoy without filters, grouped by workload.
pub fn added(
    file: &Path,
    title: &str,
    results: &Results,
    name: &str,
    workloads: &[&str],
) -> Result<()> {
    let contestants = Contestant::ALL
        .iter()
        .filter(|contestant| **contestant != Contestant::Alone);
    let contestants: Vec<Contestant> = contestants.copied().collect();
    let value = |workload: &str, contestant| results.added(contestant, workload, name);
    let values = workloads.iter().flat_map(|workload| {
        contestants
            .iter()
            .filter_map(|contestant| value(workload, *contestant))
    });
    let most = values.fold(1.0, f64::max) * 1.1;
    let width = (contestants.len() + 1) as f64;
    let area = SVGBackend::new(file, (900, 420)).into_drawing_area();
    area.fill(&WHITE).map_err(plot_error)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..width * workloads.len() as f64, 0.0..most)
        .map_err(plot_error)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_desc("µs")
        .x_desc(workloads.join("      ·      "))
        .draw()
        .map_err(plot_error)?;
    for (number, contestant) in contestants.iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let bars = workloads
            .iter()
            .enumerate()
            .filter_map(|(group, workload)| {
                let left = group as f64 * width + number as f64 + 0.5;
                let height = value(workload, *contestant)?.max(0.0);
                Some(Rectangle::new(
                    [(left, 0.0), (left + 0.9, height)],
                    color.filled(),
                ))
            });
        chart
            .draw_series(bars)
            .map_err(plot_error)?
            .label(contestant.name())
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], color.filled()));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.filled())
        .position(plotters::prelude::SeriesLabelPosition::UpperLeft)
        .draw()
        .map_err(plot_error)?;
    area.present().map_err(plot_error)
}

/// The errors of plotters borrow what they are about, which anyhow cannot keep.
fn plot_error(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("the plot: {error}")
}
