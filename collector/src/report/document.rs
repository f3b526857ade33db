//! A report as people read it: sections of facts, tables, texts and charts, without a layout.
//!
//! Every string in it may be a stranger's. Those who write it spell out what cannot be seen.

use std::borrow::Cow;

use serde::Serialize;

/// A report for people.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) title: String,
    /// What the whole is about, in a sentence or two.
    pub(crate) summary: String,
    pub(crate) sections: Vec<Section>,
}

/// A part under its own heading.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    pub(crate) fn new(heading: &str, blocks: Vec<Block>) -> Self {
        Self {
            heading: heading.to_owned(),
            blocks,
        }
    }
}

/// A part of a section.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Chart(Chart),
    Facts {
        facts: Vec<Fact>,
    },
    /// Words of the report itself.
    Paragraph {
        text: String,
    },
    Table(Table),
    Turn(Turn),
    /// Words of a prompt or an answer, under a name if there are several.
    Text {
        name: Option<String>,
        text: String,
    },
    /// What a reader must not overlook.
    Warning {
        text: String,
    },
}

impl Block {
    pub(crate) fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph { text: text.into() }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        let (name, text) = (None, text.into());
        Self::Text { name, text }
    }

    pub(crate) fn named_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (Some(name.into()), text.into());
        Self::Text { name, text }
    }

    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self::Warning { text: text.into() }
    }
}

/// What one side of a conversation said at once.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    /// Who, and which turn it is.
    pub(crate) name: String,
    pub(crate) parts: Vec<Part>,
}

/// A part of a turn.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its number in the whole conversation.
    pub(crate) number: u64,
    /// What it is; a text at the beginning of a turn needs no name.
    pub(crate) name: Option<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) text: Option<String>,
}

/// A name and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: Value,
}

impl Fact {
    pub(crate) fn new(name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        Self { name, value }
    }
}

/// What is known of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// An id, a hash, or JSON.
    Code(String),
    Number(u128),
    Text(String),
    /// Nothing is known, and why.
    Unknown(String),
}

impl Value {
    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    pub(crate) fn number(number: impl Into<u128>) -> Self {
        Self::Number(number.into())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// `why` begins with a small letter: it follows "unknown: ".
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(why.into())
    }

    /// What was said, or that nobody said anything.
    pub(crate) fn said(text: Option<String>) -> Self {
        match text {
            Some(text) if !text.is_empty() => Self::Text(text),
            _ => Self::unknown("not set"),
        }
    }
}

/// Rows under named columns. The first column names the row.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What stands in a row under one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Number(u128),
    Text(String),
}

impl Cell {
    pub(crate) fn number(number: impl Into<u128>) -> Self {
        Self::Number(number.into())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As people read it.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Number(one) => Cow::Owned(number(*one)),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, columns: &[Column]) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) is_number: bool,
}

impl Column {
    pub(crate) const fn number(name: &'static str) -> Self {
        let is_number = true;
        Self { name, is_number }
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        let is_number = false;
        Self { name, is_number }
    }
}

/// Numbers as bars. A table beside it has the same numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) caption: String,
    /// What the chart shows, for those who do not see it.
    pub(crate) alternative: String,
    pub(crate) shape: Shape,
    pub(crate) bars: Vec<Bar>,
    /// The longest bar.
    pub(crate) max: u64,
}

/// Which way the bars go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// Side by side, in the order of time.
    Columns,
    /// Below each other, each beside its name.
    Rows,
}

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) number: u64,
}

impl Chart {
    /// `noun` is what is counted, such as "events".
    pub(crate) fn new(caption: &str, noun: &str, shape: Shape, bars: Vec<Bar>) -> Option<Self> {
        let top = bars.iter().max_by_key(|bar| bar.number)?;
        let alternative = format!(
            "Bar chart of {noun}, {} bars. The highest is {} with {}. The table below has all numbers.",
            bars.len(),
            top.name,
            number(top.number)
        );
        Some(Self {
            caption: caption.to_owned(),
            alternative,
            shape,
            max: top.number,
            bars,
        })
    }
}

/// A number as people read it: 1 234 567, with spaces that do not break.
pub(crate) fn number(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (place, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if place > 0 && place.is_multiple_of(3) {
            text.push('\u{a0}');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let expected = [
            (0_u64, "0"),
            (999, "999"),
            (1000, "1\u{a0}000"),
            (1_234_567, "1\u{a0}234\u{a0}567"),
        ];
        for (value, text) in expected {
            assert_eq!(number(value), text);
        }
    }
}
