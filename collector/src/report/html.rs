//! A report as one file of HTML: no script, nothing from elsewhere, for screens and for paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::Report;
use crate::report::document::{Bar, Block, Chart, Fact, Shape, Table, Turn, Value, number};
use crate::report::spelling::{Run, Unseen, runs};

/// The whole file.
pub(crate) fn write(report: &Report) -> String {
    let document = &report.document;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (plain(&format!("{}, {}", document.title, report.head.id))) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (text(&document.title)) }
                        p { (text(&document.summary)) }
                        (facts(&report.head.facts()))
                    }
                    @for section in &document.sections {
                        section {
                            h2 { (text(&section.heading)) }
                            @for one in &section.blocks { (block(one)) }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// A text, in which what cannot be seen is spelled out.
fn text(text: &str) -> Markup {
    let mut unseen = Unseen::default();
    html! {
        @for run in runs(text, |one| unseen.has(one)) {
            @match run {
                Run::Plain(text) => (text),
                Run::Spelt(name) => span class="unseen" { (name) },
            }
        }
    }
}

/// The same where there can be no markup.
fn plain(text: &str) -> String {
    let mut unseen = Unseen::default();
    let runs = runs(text, |one| unseen.has(one));
    runs.into_iter()
        .map(|run| match run {
            Run::Plain(text) => text.to_owned(),
            Run::Spelt(name) => name.to_string(),
        })
        .collect()
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Chart(one) => chart(one),
        Block::Facts { facts: all } => facts(all),
        Block::Paragraph { text: words } => html! { p { (text(words)) } },
        Block::Table(one) => table(one),
        Block::Turn(one) => turn(one),
        Block::Text { name, text: words } => html! {
            @if let Some(name) = name { h3 { (text(name)) } }
            (long_text(words))
        },
        Block::Warning { text: words } => html! {
            p class="warning" { strong { "Note:" } " " (text(words)) }
        },
    }
}

fn long_text(words: &str) -> Markup {
    // A browser drops the first line end.
    html! { pre dir="auto" { "\n" (text(words)) } }
}

fn turn(turn: &Turn) -> Markup {
    html! {
        div class="turn" {
            h3 { (text(&turn.name)) }
            @for part in &turn.parts {
                @if let Some(name) = &part.name { h4 { (text(name)) } }
                (facts(&part.facts))
                @if let Some(words) = &part.text { (long_text(words)) }
            }
        }
    }
}

fn facts(facts: &[Fact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            table class="facts" {
                tbody {
                    @for Fact { name, value: known } in facts {
                        tr { th scope="row" { (text(name)) } td { (value(known)) } }
                    }
                }
            }
        }
    }
}

fn value(value: &Value) -> Markup {
    match value {
        Value::Code(words) => html! { code { (text(words)) } },
        Value::Number(one) => text(&number(*one)),
        Value::Text(words) => html! { bdi { (text(words)) } },
        Value::Unknown(why) => html! { span class="unknown" { "unknown: " (text(why)) } },
    }
}

fn table(table: &Table) -> Markup {
    html! {
        div class="wide" tabindex="0" role="region" aria-label=(plain(&table.caption)) {
            table {
                caption { (text(&table.caption)) }
                thead {
                    tr {
                        @for column in &table.columns {
                            th scope="col" class=[column.is_number.then_some("number")] {
                                (text(column.name))
                            }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (place, (column, cell)) in table.columns.iter().zip(row).enumerate() {
                                @let shown = text(&cell.shown());
                                @match (place, column.is_number) {
                                    (_, true) => td class="number" { (shown) },
                                    (0, false) => th scope="row" { bdi { (shown) } },
                                    (_, false) => td { bdi { (shown) } },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn chart(chart: &Chart) -> Markup {
    html! {
        figure {
            figcaption { (text(&chart.caption)) }
            @match chart.shape {
                Shape::Columns => (columns(chart)),
                Shape::Rows => (rows(chart)),
            }
        }
    }
}

fn columns(chart: &Chart) -> Markup {
    let count = u64::try_from(chart.bars.len()).unwrap_or(u64::MAX);
    let width = COLUMN_WIDTH.saturating_mul(count.max(COLUMNS_MIN));
    let size = format!("0 0 {width} {}", HEIGHT.saturating_add(2));
    let drawn = COLUMN_WIDTH.saturating_sub(2);
    html! {
        p class="highest" { "highest: " (number(chart.max)) }
        svg class="columns" viewBox=(size) preserveAspectRatio="none" role="img"
            aria-label=(plain(&chart.alternative)) {
            @for (place, bar) in (0_u64..).zip(&chart.bars) {
                @let height = scaled(bar.number, chart.max, HEIGHT);
                @let x = place.saturating_mul(COLUMN_WIDTH).saturating_add(1);
                @let y = HEIGHT.saturating_sub(height);
                rect x=(x) y=(y) width=(drawn) height=(height) { (name(bar)) }
            }
            path d=(format!("M0 {HEIGHT}.5H{width}")) {}
        }
        (ends(&chart.bars))
    }
}

/// The names of the first and the last column, under them.
fn ends(bars: &[Bar]) -> Markup {
    let count = u64::try_from(bars.len()).unwrap_or(u64::MAX);
    let width = scaled(count.min(COLUMNS_MIN), COLUMNS_MIN, 100);
    let (first, rest) = bars.split_at(bars.len().min(1));
    html! {
        p class="ends" style=(format!("width: {width}%")) {
            @for bar in first.iter().chain(rest.last()) { span { (text(&bar.name)) } }
        }
    }
}

/// The names stand beside the bars as text, so that they are as large as all other text.
fn rows(chart: &Chart) -> Markup {
    let size = format!("0 0 {BAR_WIDTH} 10");
    html! {
        div class="bars" role="img" aria-label=(plain(&chart.alternative)) {
            @for bar in &chart.bars {
                bdi { (text(&bar.name)) }
                svg viewBox=(size) preserveAspectRatio="none" {
                    rect width=(scaled(bar.number, chart.max, BAR_WIDTH)) height="10" { (name(bar)) }
                }
                span class="number" { (number(bar.number)) }
            }
        }
    }
}

/// What a bar says when it is pointed at.
fn name(bar: &Bar) -> Markup {
    html! { title { (plain(&bar.name)) ": " (number(bar.number)) } }
}

/// How long a bar is. One that stands for something is never invisible.
fn scaled(number: u64, max: u64, length: u64) -> u64 {
    let scaled = u128::from(number)
        .saturating_mul(length.into())
        .checked_div(max.into());
    let scaled = scaled
        .and_then(|scaled| u64::try_from(scaled).ok())
        .unwrap_or_default();
    scaled.max(u64::from(number > 0))
}

const COLUMN_WIDTH: u64 = 12;
/// Fewer columns leave room, because a single one as wide as the page says nothing.
const COLUMNS_MIN: u64 = 20;
const HEIGHT: u64 = 120;
const BAR_WIDTH: u64 = 400;

const STYLE: &str = include_str!("html/style.css");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(
            text("<script>a && 'b' \"c\"</script>").into_string(),
            "&lt;script&gt;a &amp;&amp; 'b' &quot;c&quot;&lt;/script&gt;"
        );
        assert_eq!(
            text("a\u{202e}b").into_string(),
            "a<span class=\"unseen\">U+202E</span>b"
        );
        let row = table(&Table::new("\" onfocus=\"x", &[]));
        assert!(
            row.into_string()
                .contains("aria-label=\"&quot; onfocus=&quot;x\"")
        );
    }

    #[test]
    fn the_last_name_stands_under_the_last_column() {
        let written = |count: usize| {
            let name = |day| Bar {
                name: format!("day {day}"),
                number: 1,
            };
            ends(&(1..=count).map(name).collect::<Vec<_>>()).into_string()
        };
        assert!(written(1).contains("width: 5%\"><span>day 1</span></p>"));
        let ends = "<span>day 1</span><span>day 5</span>";
        assert!(written(5).contains(&format!("width: 25%\">{ends}")));
        assert!(written(40).contains("width: 100%"));
    }

    #[test]
    fn a_bar_that_stands_for_something_is_seen() {
        assert_eq!(scaled(0, 1000, 100), 0);
        assert_eq!(scaled(1, 1_000_000, 100), 1);
        assert_eq!(scaled(500, 1000, 100), 50);
        assert_eq!(scaled(u64::MAX, u64::MAX, 100), 100);
    }
}
