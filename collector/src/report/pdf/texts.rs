//! A report as the template reads it: shortened to what paper can hold, and with every text taken
//! apart into what is printed as it is and what is spelt.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use crate::limits;
use crate::report::Report;
use crate::report::document::{Block, Chart, Fact, Part, Section, Table, Turn, Value, number};
use crate::report::pdf::fonts::Fonts;
use crate::report::pdf::letters::{self, Letters, Look};
use crate::report::spelling::{Run, beginning, runs};

/// The data of the template.
pub(crate) fn prepare(report: &Report, fonts: &Fonts) -> Json {
    let mut texts = Texts {
        fonts,
        bytes_left: limits::PDF_TEXTS_BYTES_MAX,
        lines_left: limits::PDF_TEXTS_LINES_MAX,
        turns: Room {
            bytes_left: limits::PDF_TEXT_BYTES_MAX,
            lines_left: limits::PDF_TURNS_LINES_MAX,
        },
        has_missing_forms: false,
    };
    let (head, document) = (&report.head, &report.document);
    let organization = head
        .organization_id
        .as_deref()
        .unwrap_or("all organizations");
    let facts = texts.facts(&head.facts());
    let sections = document.sections.iter();
    let sections: Vec<Json> = sections.map(|section| texts.section(section)).collect();
    let title = texts.spelt(&document.title, WORD);
    let summary = texts.value(&document.summary, WORD);
    let organization = texts.spelt(&shortened(organization, HEADER_BYTES), WORD);
    json!({
        "title": title,
        "title_plain": document.title,
        "description": format!("Report {} of {}", head.id, head.generated_by.program),
        "summary": summary,
        "organization": organization,
        "id": head.id,
        "head": facts,
        "remarks": texts.remarks(),
        "sections": sections,
    })
}

struct Texts<'f> {
    fonts: &'f Fonts,
    /// Of long texts, over the whole report.
    bytes_left: usize,
    lines_left: usize,
    /// Of all turns of a conversation together, so that there is room for the answer.
    turns: Room,
    /// Whether a character had to be spelt because no font has a form for it.
    has_missing_forms: bool,
}

/// How much more may be shown.
struct Room {
    bytes_left: usize,
    lines_left: usize,
}

impl Room {
    fn is_full(&self) -> bool {
        self.bytes_left == 0 || self.lines_left == 0
    }
}

impl Texts<'_> {
    fn remarks(&self) -> Vec<&'static str> {
        let always = "Invisible characters and those that change the text direction are shown as their \
            code points in frames, such as U+202E.";
        let sometimes = "Characters missing from the fonts of this report are shown the same way; the \
            HTML and JSON reports contain them unchanged.";
        match self.has_missing_forms {
            true => vec![always, sometimes],
            false => vec![always],
        }
    }

    /// The turns for which there is no room are one sentence.
    fn section(&mut self, section: &Section) -> Json {
        let heading = self.spelt(&section.heading, WORD);
        let mut blocks = Vec::new();
        let mut left_out: usize = 0;
        for block in &section.blocks {
            match block {
                Block::Turn(turn) if self.turns.is_full() => {
                    left_out = left_out.saturating_add(turn.parts.len());
                }
                block => blocks.push(self.block(block)),
            }
        }
        blocks.extend(left_out_parts(left_out).map(|left_out| {
            let text = self.value(&left_out, WORD);
            json!({"kind": "paragraph", "value": text})
        }));
        json!({"heading": heading, "blocks": blocks})
    }

    fn block(&mut self, block: &Block) -> Json {
        match block {
            Block::Chart(chart) => self.chart(chart),
            Block::Facts { facts } => json!({"kind": "facts", "facts": self.facts(facts)}),
            Block::Paragraph { text } => {
                json!({"kind": "paragraph", "value": self.value(text, WORD)})
            }
            Block::Table(table) => self.table(table),
            Block::Text { name, text } => self.text(name.as_deref(), text),
            Block::Turn(turn) => self.turn(turn),
            Block::Warning { text } => json!({"kind": "warning", "value": self.value(text, WORD)}),
        }
    }

    fn facts(&mut self, facts: &[Fact]) -> Vec<Json> {
        let facts = facts.iter().map(|fact| {
            let (look, value) = match &fact.value {
                Value::Code(text) => ("code", self.value(text, CODE)),
                Value::Number(one) => ("text", self.value(&number(*one), WORD)),
                Value::Text(text) => ("text", self.value(text, WORD)),
                Value::Unknown(why) => ("unknown", self.value(why, WORD)),
            };
            json!({"name": self.value(&fact.name, NAME), "look": look, "value": value})
        });
        facts.collect()
    }

    fn text(&mut self, name: Option<&str>, text: &str) -> Json {
        let (bytes_max, lines_max) = (limits::PDF_TEXT_BYTES_MAX, self.lines_left);
        self.text_up_to(bytes_max, lines_max, name, text)
    }

    /// As far as there is room for turns, and then how many parts there are beyond.
    fn turn(&mut self, turn: &Turn) -> Json {
        let mut parts = Vec::new();
        for part in &turn.parts {
            if self.turns.is_full() {
                break;
            }
            parts.push(self.part(part));
        }
        let left_out = left_out_parts(turn.parts.len().saturating_sub(parts.len()));
        let name = self.value(&turn.name, WORD);
        json!({"kind": "turn", "name": name, "parts": parts, "left_out": left_out})
    }

    fn part(&mut self, part: &Part) -> Json {
        let head = part.facts.len().saturating_add(1);
        self.turns.lines_left = self.turns.lines_left.saturating_sub(head);
        let name = part.name.as_ref().map(|name| self.value(name, WORD));
        let facts = self.facts(&part.facts);
        let text = part.text.as_ref().map(|text| {
            let Room {
                bytes_left,
                lines_left,
            } = self.turns;
            let before = (self.bytes_left, self.lines_left);
            let lines_max = self.lines_left.min(lines_left);
            let text = self.text_up_to(bytes_left, lines_max, None, text);
            self.turns = Room {
                bytes_left: bytes_left.saturating_sub(before.0.saturating_sub(self.bytes_left)),
                lines_left: lines_left.saturating_sub(before.1.saturating_sub(self.lines_left)),
            };
            text
        });
        json!({"name": name, "facts": facts, "text": text})
    }

    fn text_up_to(
        &mut self,
        bytes_max: usize,
        lines_max: usize,
        name: Option<&str>,
        text: &str,
    ) -> Json {
        let bytes_max = self.bytes_left.min(bytes_max);
        let shown = letters::beginning(text, self.fonts, bytes_max, lines_max);
        self.bytes_left = self.bytes_left.saturating_sub(shown.len());
        let lines = shown.matches('\n').count().saturating_add(1);
        self.lines_left = self.lines_left.saturating_sub(lines);
        let left_out = text.len().saturating_sub(shown.len());
        let left_out = (left_out > 0).then(|| {
            let (left_out, all) = (count(left_out), count(text.len()));
            format!(
                "{left_out} of {all} bytes are left out here. The JSON report has the full text."
            )
        });
        let name = name.map(|name| self.value(name, WORD));
        json!({"kind": "text", "name": name, "value": self.spelt(shown, LINE), "left_out": left_out})
    }

    fn table(&mut self, table: &Table) -> Json {
        let shown = table.rows.iter().take(limits::PDF_ROWS_MAX);
        let rows: Vec<Vec<Json>> = shown
            .map(|row| {
                row.iter()
                    .map(|cell| self.value(&cell.shown(), CELL))
                    .collect()
            })
            .collect();
        let left_out = table.rows.len().saturating_sub(rows.len());
        let caption = match left_out {
            0 => table.caption.clone(),
            more => format!(
                "{} (the first {}; {} more are in the CSV, HTML and JSON reports)",
                table.caption,
                count(rows.len()),
                count(more)
            ),
        };
        json!({"kind": "table", "caption": self.spelt(&caption, WORD), "columns": table.columns, "rows": rows})
    }

    fn chart(&mut self, chart: &Chart) -> Json {
        let bars: Vec<Json> = chart.bars.iter().map(|bar| {
            let name = self.spelt(&shortened(&bar.name, limits::REPORT_NAME_BYTES_MAX), CELL);
            json!({"name": name, "number": bar.number, "shown": self.spelt(&number(bar.number), WORD)})
        }).collect();
        json!({
            "kind": "chart",
            "caption": self.spelt(&chart.caption, WORD),
            "alternative": self.plain(&chart.alternative),
            "shape": chart.shape,
            "bars": bars,
            // The template divides by it.
            "max": chart.max.max(1),
            "highest": self.spelt(&number(chart.max), WORD),
        })
    }

    /// A value that is short, or shown as far as it is.
    fn value(&mut self, text: &str, word: usize) -> Json {
        let shown = beginning(text, limits::PDF_VALUE_BYTES_MAX);
        match shown.len() == text.len() {
            true => self.spelt(text, word),
            false => {
                let rest = count(text.len().saturating_sub(shown.len()));
                self.spelt(
                    &format!("{shown}… ({rest} more bytes in the JSON report)"),
                    word,
                )
            }
        }
    }

    /// What a chart says to those who do not see it: a text without frames.
    fn plain(&self, text: &str) -> String {
        let mut letters = Letters::new(self.fonts);
        let runs = runs(text, |one| letters.look(one) == Look::Unseen).into_iter();
        runs.map(|run| match run {
            Run::Plain(text) => text.to_owned(),
            Run::Spelt(name) => name,
        })
        .collect()
    }

    /// Strings as they are, `0` for the end of a line, `1` for where a word that is broader than `word`
    /// may be broken, and a list of one for characters that are spelt.
    fn spelt(&mut self, text: &str, word: usize) -> Json {
        let text = text.replace("\r\n", "\n").replace('\t', "    ");
        let mut parts = Vec::new();
        let mut letters = Letters::new(self.fonts);
        let runs = runs(&text, |one| {
            let look = letters.look(one);
            self.has_missing_forms |= look == Look::Missing;
            look != Look::Printed
        });
        let mut names: Vec<String> = Vec::new();
        for run in runs {
            match run {
                Run::Spelt(name) => names.push(name),
                Run::Plain(text) => {
                    push_names(&mut parts, &mut names, word);
                    push_lines(&mut parts, text, word);
                }
            }
        }
        push_names(&mut parts, &mut names, word);
        Json::Array(parts)
    }
}

/// Characters that are spelt, in frames that fit into a line: one for each would take long to lay out.
fn push_names(parts: &mut Vec<Json>, names: &mut Vec<String>, word: usize) {
    let in_frame = word.checked_div(NAME_LENGTH).unwrap_or_default().max(1);
    for names in names.chunks(in_frame) {
        parts.push(json!([names.join(" ")]));
        // Many in a row are one long word otherwise.
        parts.push(json!(1));
    }
    names.clear();
}

fn push_lines(parts: &mut Vec<Json>, text: &str, word: usize) {
    for (place, line) in text.split('\n').enumerate() {
        if place > 0 {
            parts.push(json!(0));
        }
        let mut words = String::new();
        for piece in line.split_inclusive(char::is_whitespace) {
            if is_broad(piece, word) {
                push_word(parts, std::mem::take(&mut words), piece, word);
            } else {
                words.push_str(piece);
            }
        }
        if !words.is_empty() {
            parts.push(json!(words));
        }
    }
}

fn is_broad(piece: &str, word: usize) -> bool {
    let letters = piece.trim_end().chars().map(breadth);
    letters.fold(0, usize::saturating_add) > word
}

/// A word that the typesetter may break after each half of a line, and does where it has to. After
/// each letter would take minutes to lay out.
fn push_word(parts: &mut Vec<Json>, before: String, text: &str, word: usize) {
    let piece_max = word.div_euclid(2);
    let mut piece = before;
    let mut width: usize = 0;
    for character in text.chars() {
        let wider = width.saturating_add(breadth(character));
        let is_joined = letters::is_joined(character) || piece.ends_with(letters::JOINER);
        if wider <= piece_max || is_joined || character.is_whitespace() {
            width = wider;
        } else {
            parts.push(json!(std::mem::take(&mut piece)));
            parts.push(json!(1));
            width = breadth(character);
        }
        piece.push(character);
    }
    parts.push(json!(piece));
}

/// About how broad a character is, in halves of an em and rounded up: fonts differ.
fn breadth(character: char) -> usize {
    match character {
        '@' | '%' | '&' | 'm' | 'w' | 'A'..='Z' => 2,
        ' '..='~' => 1,
        _ => 2,
    }
}

/// How many parts of a conversation are not shown, if any are not.
fn left_out_parts(parts: usize) -> Option<String> {
    let are = match parts {
        0 => return None,
        1 => "1 part of the prompt is".to_owned(),
        parts => format!("{} parts of the prompt are", count(parts)),
    };
    Some(format!(
        "{are} left out here; see the HTML, CSV or JSON report."
    ))
}

/// The beginning of a text, with a mark where there is more.
fn shortened(text: &str, bytes_max: usize) -> Cow<'_, str> {
    match beginning(text, bytes_max) {
        shown if shown.len() == text.len() => Cow::Borrowed(text),
        shown => Cow::Owned(format!("{shown}…")),
    }
}

fn count(count: usize) -> String {
    number(u64::try_from(count).unwrap_or(u64::MAX))
}

/// How broad a word may be to stay whole, so that it fits into a line: of a paragraph, of a long text,
/// of a code, of the name of a fact, and of a cell. Of the fixed width of codes and long texts
/// everything has one half of an em and a little.
const WORD: usize = 40;
const LINE: usize = 96;
const CODE: usize = 72;
const NAME: usize = 24;
const CELL: usize = 14;

/// Such as `U+4E2D`, with room for longer ones and for the frame.
const NAME_LENGTH: usize = 10;

/// Bytes of the organization's name at the top of a page.
const HEADER_BYTES: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(fonts: &Fonts) -> Texts<'_> {
        Texts {
            fonts,
            bytes_left: 10,
            lines_left: 3,
            turns: Room {
                bytes_left: 5,
                lines_left: 4,
            },
            has_missing_forms: false,
        }
    }

    #[test]
    fn a_text_is_taken_apart_into_what_can_be_printed() {
        let fonts = Fonts::default();
        let mut texts = texts(&fonts);
        let parts = texts.spelt("a\u{202e}b\nc\u{e000}", 10);
        assert_eq!(
            parts,
            json!(["a", ["U+202E"], 1, "b", 0, "c", ["U+E000"], 1])
        );
        assert!(!texts.has_missing_forms);
        assert_eq!(texts.spelt("中", 10), json!([["U+4E2D"], 1]));
        let framed = texts.spelt("中中中", 20);
        assert_eq!(framed, json!([["U+4E2D U+4E2D"], 1, ["U+4E2D"], 1]));
        assert!(texts.has_missing_forms);
    }

    #[test]
    fn long_words_may_be_broken_and_short_ones_not() {
        let fonts = Fonts::default();
        for (text, expected) in [
            ("abcd efgh", json!(["abcd efgh"])),
            ("abcd efghi j", json!(["abcd ef", 1, "gh", 1, "i ", "j"])),
            ("WWW", json!(["W", 1, "W", 1, "W"])),
            ("abcde\u{301}", json!(["ab", 1, "cd", 1, "e\u{301}"])),
        ] {
            assert_eq!(texts(&fonts).spelt(text, 4), expected, "{text}");
        }
    }

    #[test]
    fn a_name_that_is_cut_says_so() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "abc…");
    }

    #[test]
    fn what_is_left_out_of_long_texts_is_said() {
        let fonts = Fonts::default();
        let mut texts = texts(&fonts);
        let first = texts.text(None, "12345678");
        assert_eq!(first["left_out"], Json::Null);
        let second = texts.text(None, "12345");
        assert_eq!(second["value"], json!(["12"]));
        let said = second["left_out"].as_str().unwrap();
        assert!(
            said.starts_with("3 of 5 bytes are left out here."),
            "{said}"
        );
    }
}
