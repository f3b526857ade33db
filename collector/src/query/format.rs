//! How events are written: pages for programs that go on, or one stream of all of them.

use crate::limits;
use crate::query::parameters::ParameterError;

/// How the events of a query are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page of JSON with a cursor.
    Page,
    /// All events, each a line of JSON.
    Lines,
    /// All events, each a row of a table.
    Csv,
}

impl Format {
    /// The value of the parameter `format`.
    pub(crate) fn named(name: &str) -> Result<Self, ParameterError> {
        match name {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Page),
            "ndjson" => Ok(Self::Lines),
            _ => Err(ParameterError::Choice {
                name: "format",
                known: vec!["json", "ndjson", "csv"],
            }),
        }
    }

    /// The first format that the client accepts, by the values of its headers `accept`, and that there
    /// is; otherwise a page.
    pub(crate) fn accepted<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut types = values.flat_map(|value| value.split(','));
        types.find_map(Self::of_media_type).unwrap_or(Self::Page)
    }

    fn of_media_type(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next()?;
        if parts.any(is_not_acceptable) {
            return None;
        }
        match name.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Page),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
                Some(Self::Lines)
            }
            "text/csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The end of a file's name. A page is no file: as one it has lines.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Lines | Self::Page => "ndjson",
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Page => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// Events, unless the query says otherwise.
    pub(crate) fn events_default(self) -> usize {
        match self {
            Self::Page => limits::PAGE_EVENTS_DEFAULT,
            Self::Lines | Self::Csv => usize::MAX,
        }
    }

    /// Events, at most.
    pub(crate) fn events_max(self) -> usize {
        match self {
            Self::Page => limits::PAGE_EVENTS_MAX,
            Self::Lines | Self::Csv => usize::MAX,
        }
    }
}

/// Whether a parameter is the weight of what the client does not want: `q=0`, `q=0.000`.
fn is_not_acceptable(parameter: &str) -> bool {
    let weight = parameter.strip_prefix(['q', 'Q']).map(str::trim_start);
    let weight = weight.and_then(|weight| weight.strip_prefix('='));
    weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &str) -> Format {
        Format::accepted([value].into_iter())
    }

    #[test]
    fn the_first_accepted_format_that_there_is_counts() {
        assert_eq!(accepted("text/csv"), Format::Csv);
        assert_eq!(accepted("text/html, Text/CSV;q=0.9, */*"), Format::Csv);
        assert_eq!(accepted("application/x-ndjson"), Format::Lines);
        assert_eq!(accepted("application/json, text/csv"), Format::Page);
        assert_eq!(accepted("text/csv;q=0, application/json"), Format::Page);
        assert_eq!(
            accepted("text/csv; header=present; Q = 0.000"),
            Format::Page
        );
        assert_eq!(accepted("*/*"), Format::Page);
        assert_eq!(Format::accepted([].into_iter()), Format::Page);
    }
}
