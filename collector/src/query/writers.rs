//! The parameters of `GET /v1/audit/completeness`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::limits;
use crate::query::parameters::{
    self, Edge, ParameterError, check_range, instant, number_up_to, switch,
};
use crate::store::{Writer, WriterFilter};

/// Reads `start_date=…&limit=…` as it stands after the question mark.
pub(crate) fn parse(query: &str) -> Result<WriterFilter, ParameterError> {
    let parameters = parameters::read(query, &KNOWN)?;
    of(parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str())))
}

/// The writers that these parameters want: any of [`parse`].
pub(crate) fn of<'q>(
    parameters: impl Iterator<Item = (&'static str, &'q str)>,
) -> Result<WriterFilter, ParameterError> {
    let mut filter = WriterFilter {
        limit: limits::PAGE_EVENTS_DEFAULT,
        ..WriterFilter::default()
    };
    for (name, value) in parameters {
        match name {
            "cursor" => filter.after = Some(place(value)?),
            "end_date" => filter.until = Some(instant(value, Edge::End)?),
            "incomplete" => filter.is_incomplete = switch(name, value)?,
            "limit" => filter.limit = number_up_to(limits::PAGE_EVENTS_MAX, value)?,
            "organization_id" => filter.organization_id = Some(value.to_owned()),
            "start_date" => filter.from = Some(instant(value, Edge::Start)?),
            _ => filter.writer_id = Some(value.to_owned()),
        }
    }
    check_range(filter.from, filter.until)?;
    Ok(filter)
}

const KNOWN: [&str; 7] = [
    "start_date",
    "end_date",
    "organization_id",
    "writer_id",
    "incomplete",
    "limit",
    "cursor",
];

/// The cursor that goes on after `writer`. Clients pass it back and do not look inside.
pub(crate) fn cursor(writer: &Writer) -> String {
    // JSON keeps the two apart whatever they hold.
    let names = [&writer.organization_id, &writer.writer_id];
    URL_SAFE_NO_PAD.encode(serde_json::json!(names).to_string())
}

fn place(cursor: &str) -> Result<(String, String), ParameterError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let names = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    names.ok_or(ParameterError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_openapi_document_describes_each_parameter() {
        let documented = crate::api::query_parameters("/v1/audit/completeness");
        let mut known = KNOWN.map(str::to_owned);
        known.sort_unstable();
        assert_eq!(documented.into_keys().collect::<Vec<_>>(), known);
    }

    #[test]
    fn a_cursor_gives_its_writer_back() {
        let writer = Writer {
            organization_id: "a\"b,".to_owned(),
            writer_id: String::new(),
            events: 0,
            received: 0,
            last_seq: 0,
            first_timestamp: 0,
            last_timestamp: 0,
        };
        let expected = ("a\"b,".to_owned(), String::new());
        assert_eq!(place(&cursor(&writer)).unwrap(), expected);
        for wrong in ["", "x", "W10", "WyJhIl0"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
