//! A report as one file of HTML: no script, nothing from elsewhere, for screens and for paper.

use crate::report::Report;
use crate::report::document::{Bar, Block, Chart, Fact, Shape, Table, Turn, Value, number};
use crate::report::spelling::{Run, Unseen, runs};

/// The whole file.
pub(crate) fn write(report: &Report) -> String {
    let document = &report.document;
    let mut page = Page(String::new());
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    page.plain(&format!("{}, {}", document.title, report.head.id));
    page.raw("</title>\n<style>\n")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<main>\n<header>\n");
    page.element("h1", &document.title)
        .element("p", &document.summary);
    page.facts(&report.head.facts());
    page.raw("</header>\n");
    for section in &document.sections {
        page.raw("<section>\n").element("h2", &section.heading);
        for block in &section.blocks {
            page.block(block);
        }
        page.raw("</section>\n");
    }
    page.raw("</main>\n</body>\n</html>\n");
    page.0
}

/// HTML as it grows. What is not ours goes through [`Page::text`] or [`Page::plain`].
struct Page(String);

impl Page {
    /// Markup.
    fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text, in which what cannot be seen is spelt out.
    fn text(&mut self, text: &str) -> &mut Self {
        let mut unseen = Unseen::default();
        for run in runs(text, |one| unseen.has(one)) {
            match run {
                Run::Plain(text) => self.escaped(text),
                Run::Spelt(name) => self
                    .raw("<span class=\"unseen\">")
                    .raw(&name)
                    .raw("</span>"),
            };
        }
        self
    }

    /// The same where there can be no markup.
    fn plain(&mut self, text: &str) -> &mut Self {
        let mut unseen = Unseen::default();
        for run in runs(text, |one| unseen.has(one)) {
            match run {
                Run::Plain(text) => self.escaped(text),
                Run::Spelt(name) => self.raw(&name),
            };
        }
        self
    }

    fn escaped(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">").text(text);
        self.raw("</").raw(name).raw(">\n")
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Chart(chart) => self.chart(chart),
            Block::Facts { facts } => self.facts(facts),
            Block::Paragraph { text } => {
                self.element("p", text);
            }
            Block::Table(table) => self.table(table),
            Block::Turn(turn) => self.turn(turn),
            Block::Text { name, text } => {
                if let Some(name) = name {
                    self.element("h3", name);
                }
                self.long_text(text);
            }
            Block::Warning { text } => {
                self.raw("<p class=\"warning\"><strong>Note:</strong> ");
                self.text(text).raw("</p>\n");
            }
        }
    }

    fn long_text(&mut self, text: &str) {
        // A browser drops the first line end.
        self.raw("<pre dir=\"auto\">\n").text(text).raw("</pre>\n");
    }

    fn turn(&mut self, turn: &Turn) {
        self.raw("<div class=\"turn\">\n").element("h3", &turn.name);
        for part in &turn.parts {
            if let Some(name) = &part.name {
                self.element("h4", name);
            }
            self.facts(&part.facts);
            if let Some(text) = &part.text {
                self.long_text(text);
            }
        }
        self.raw("</div>\n");
    }

    fn facts(&mut self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        self.raw("<table class=\"facts\">\n<tbody>\n");
        for Fact { name, value } in facts {
            self.raw("<tr><th scope=\"row\">")
                .text(name)
                .raw("</th><td>");
            match value {
                Value::Code(text) => self.raw("<code>").text(text).raw("</code>"),
                Value::Number(one) => self.text(&number(*one)),
                Value::Text(text) => self.raw("<bdi>").text(text).raw("</bdi>"),
                Value::Unknown(why) => self
                    .raw("<span class=\"unknown\">unknown: ")
                    .text(why)
                    .raw("</span>"),
            };
            self.raw("</td></tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn table(&mut self, table: &Table) {
        self.raw("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
        self.plain(&table.caption)
            .raw("\">\n<table>\n")
            .element("caption", &table.caption);
        self.raw("<thead>\n<tr>");
        for column in &table.columns {
            self.raw(match column.is_number {
                true => "<th scope=\"col\" class=\"number\">",
                false => "<th scope=\"col\">",
            });
            self.text(column.name).raw("</th>");
        }
        self.raw("</tr>\n</thead>\n<tbody>\n");
        for row in &table.rows {
            self.raw("<tr>");
            for (place, (column, cell)) in table.columns.iter().zip(row).enumerate() {
                let (open, close) = match (place, column.is_number) {
                    (0, false) => ("<th scope=\"row\"><bdi>", "</bdi></th>"),
                    (_, true) => ("<td class=\"number\">", "</td>"),
                    (_, false) => ("<td><bdi>", "</bdi></td>"),
                };
                self.raw(open).text(&cell.shown()).raw(close);
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    fn chart(&mut self, chart: &Chart) {
        self.raw("<figure>\n<figcaption>")
            .text(&chart.caption)
            .raw("</figcaption>\n");
        match chart.shape {
            Shape::Columns => self.columns(chart),
            Shape::Rows => self.bars(chart),
        }
        self.raw("</figure>\n");
    }

    fn columns(&mut self, chart: &Chart) {
        let count = u64::try_from(chart.bars.len()).unwrap_or(u64::MAX);
        let width = COLUMN_WIDTH.saturating_mul(count.max(COLUMNS_MIN));
        let size = format!("0 0 {width} {}", HEIGHT.saturating_add(2));
        self.raw("<p class=\"highest\">highest: ");
        self.text(&number(chart.max)).raw("</p>\n");
        self.open_svg(&size, chart, "columns");
        for (place, bar) in (0_u64..).zip(&chart.bars) {
            let height = scaled(bar.number, chart.max, HEIGHT);
            let x = place.saturating_mul(COLUMN_WIDTH).saturating_add(1);
            let y = HEIGHT.saturating_sub(height);
            let drawn = COLUMN_WIDTH.saturating_sub(2);
            self.bar(
                bar,
                &format!("x=\"{x}\" y=\"{y}\" width=\"{drawn}\" height=\"{height}\""),
            );
        }
        let line = format!("<path d=\"M0 {HEIGHT}.5H{width}\"/>\n</svg>\n");
        self.raw(&line).ends(&chart.bars);
    }

    /// The names of the first and the last column, under them.
    fn ends(&mut self, bars: &[Bar]) {
        let count = u64::try_from(bars.len()).unwrap_or(u64::MAX);
        let width = scaled(count.min(COLUMNS_MIN), COLUMNS_MIN, 100);
        self.raw(&format!("<p class=\"ends\" style=\"width: {width}%\">"));
        let (first, rest) = bars.split_at(bars.len().min(1));
        for bar in first.iter().chain(rest.last()) {
            self.raw("<span>").text(&bar.name).raw("</span>");
        }
        self.raw("</p>\n");
    }

    /// The names stand beside the bars as text, so that they are as large as all other text.
    fn bars(&mut self, chart: &Chart) {
        self.raw("<div class=\"bars\" role=\"img\" aria-label=\"")
            .plain(&chart.alternative);
        self.raw("\">\n");
        for bar in &chart.bars {
            let width = scaled(bar.number, chart.max, BAR_WIDTH);
            self.raw("<bdi>").text(&bar.name).raw("</bdi>");
            let size = format!("0 0 {BAR_WIDTH} 10");
            self.raw("<svg viewBox=\"")
                .raw(&size)
                .raw("\" preserveAspectRatio=\"none\">");
            self.bar(bar, &format!("width=\"{width}\" height=\"10\""));
            self.raw("</svg><span class=\"number\">")
                .text(&number(bar.number))
                .raw("</span>\n");
        }
        self.raw("</div>\n");
    }

    fn open_svg(&mut self, size: &str, chart: &Chart, class: &str) {
        self.raw("<svg class=\"")
            .raw(class)
            .raw("\" viewBox=\"")
            .raw(size);
        self.raw("\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
        self.plain(&chart.alternative).raw("\">\n");
    }

    fn bar(&mut self, bar: &Bar, place: &str) {
        self.raw("<rect ")
            .raw(place)
            .raw("><title>")
            .plain(&bar.name)
            .raw(": ");
        self.plain(&number(bar.number)).raw("</title></rect>");
    }
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

    fn text(text: &str) -> String {
        let mut page = Page(String::new());
        page.text(text);
        page.0
    }

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(
            text("<script>a && 'b' \"c\"</script>"),
            "&lt;script&gt;a &amp;&amp; &#39;b&#39; &quot;c&quot;&lt;/script&gt;"
        );
        assert_eq!(text("a\u{202e}b"), "a<span class=\"unseen\">U+202E</span>b");
    }

    #[test]
    fn the_last_name_stands_under_the_last_column() {
        let written = |count: usize| {
            let name = |day| Bar {
                name: format!("day {day}"),
                number: 1,
            };
            let mut page = Page(String::new());
            page.ends(&(1..=count).map(name).collect::<Vec<_>>());
            page.0
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
