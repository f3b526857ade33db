//! How CSV is written, so that the program of whoever opens it takes it for what it is.

use crate::query::parameters::{ParameterError, switch};

/// What differs from one spreadsheet to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Whether it begins with a byte order mark, without which Excel takes UTF-8 for the code page of
    /// its machine.
    has_mark: bool,
    /// Between two cells. Where a comma is in decimal numbers, Excel looks for semicolons.
    pub(crate) delimiter: u8,
}

impl Dialect {
    /// The parameters that say so.
    pub(crate) const PARAMETERS: [&'static str; 2] = ["csv_bom", "csv_delimiter"];

    /// What these parameters say, of which others may stand among them.
    pub(crate) fn of<'q>(
        parameters: impl Iterator<Item = (&'static str, &'q str)>,
    ) -> Result<Self, ParameterError> {
        let mut dialect = Self::default();
        for (name, value) in parameters {
            match name {
                "csv_bom" => dialect.has_mark = switch(name, value)?,
                "csv_delimiter" => dialect.delimiter = delimiter(name, value)?,
                _ => {}
            }
        }
        Ok(dialect)
    }

    /// What stands before everything else.
    pub(crate) fn mark(self) -> &'static str {
        match self.has_mark {
            true => "\u{feff}",
            false => "",
        }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            has_mark: true,
            delimiter: b',',
        }
    }
}

fn delimiter(name: &'static str, value: &str) -> Result<u8, ParameterError> {
    let one = DELIMITERS.into_iter().find(|(name, _)| *name == value);
    one.map(|(_, delimiter)| delimiter)
        .ok_or(ParameterError::Choice {
            name,
            known: DELIMITERS.map(|(name, _)| name).to_vec(),
        })
}

const DELIMITERS: [(&str, u8); 3] = [("comma", b','), ("semicolon", b';'), ("tab", b'\t')];
