//! The parameters of `GET /v1/audit/history`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::query::dialect::Dialect;
use crate::query::format::Format;
use crate::query::parameters::{self, Edge, ParameterError, check_range, instant, number_up_to};
use crate::store::{Action, RecordFilter, RecordPlace};

/// What is asked for, and how it is to be written.
pub(crate) struct Asked {
    pub(crate) filter: RecordFilter,
    pub(crate) format: Format,
    pub(crate) dialect: Dialect,
}

impl Asked {
    /// Reads `start_date=…&limit=…` as it stands after the question mark. The format is as `accepted`
    /// unless the parameter `format` says otherwise.
    pub(crate) fn read(query: &str, accepted: Format) -> Result<Self, ParameterError> {
        let parameters = parameters::read(query, &KNOWN)?;
        let named = parameters.iter().find(|(name, _)| *name == "format");
        let format = named.map_or(Ok(accepted), |(_, value)| Format::named(value))?;
        let parameters = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let dialect = Dialect::of(parameters.clone())?;
        let mut filter = RecordFilter {
            limit: format.events_default(),
            ..RecordFilter::default()
        };
        for (name, value) in parameters {
            match name {
                "action" => filter.actions.push(action(value)?),
                "cursor" => filter.after = Some(place(value)?),
                "end_date" => filter.until = Some(instant(value, Edge::End)?),
                "key_id" => filter.key_id = Some(value.to_owned()),
                "limit" => filter.limit = number_up_to(format.events_max(), value)?,
                "start_date" => filter.from = Some(instant(value, Edge::Start)?),
                _ => {}
            }
        }
        check_range(filter.from, filter.until)?;
        Ok(Self {
            filter,
            format,
            dialect,
        })
    }
}

const KNOWN: [&str; 9] = [
    "start_date",
    "end_date",
    "key_id",
    "action",
    "limit",
    "cursor",
    "format",
    "csv_bom",
    "csv_delimiter",
];

fn action(value: &str) -> Result<Action, ParameterError> {
    Action::named(value).ok_or_else(|| ParameterError::Choice {
        name: "action",
        known: Action::ALL.iter().copied().map(Action::name).collect(),
    })
}

/// The cursor that goes on after a record. Clients pass it back and do not look inside.
pub(crate) fn cursor(place: &RecordPlace) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", place.at, place.id))
}

fn place(cursor: &str) -> Result<RecordPlace, ParameterError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.as_deref().and_then(|text| {
        let (at, id) = text.split_once(' ')?;
        // What no id has, no database could compare.
        let is_id = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (at, id) = (at.parse().ok()?, is_id.then(|| id.to_owned())?);
        Some(RecordPlace { at, id })
    });
    place.ok_or(ParameterError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_fault(query: &str) -> Option<String> {
        let read = Asked::read(query, Format::Page);
        read.err().map(|error| error.parameter().to_owned())
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for (query, name) in [
            ("action=read", "action"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("cursor=x", "cursor"),
            ("start_date=2025-02-02&end_date=2025-02-01", "end_date"),
            ("user_id=ann", "user_id"),
        ] {
            assert_eq!(at_fault(query).as_deref(), Some(name), "{query}");
        }
        assert_eq!(at_fault("action=event_read&key_id=key_1&limit=500"), None);
        assert_eq!(at_fault("format=csv&limit=501"), None);
    }

    #[test]
    fn a_cursor_gives_its_place_back() {
        let here = RecordPlace {
            at: -7,
            id: "access_1".to_owned(),
        };
        assert_eq!(place(&cursor(&here)).unwrap(), here);
        for wrong in ["7", "7 a b", "x access_1", "7 a\0"] {
            assert!(place(&URL_SAFE_NO_PAD.encode(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_openapi_document_describes_each_parameter() {
        let documented = crate::api::query_parameters("/v1/audit/history");
        let mut known = KNOWN.map(str::to_owned);
        known.sort_unstable();
        let actions = &documented["action"]["schema"]["enum"];
        let names: Vec<&str> = Action::ALL.iter().copied().map(Action::name).collect();
        assert_eq!(*actions, serde_json::json!(names));
        assert_eq!(documented.into_keys().collect::<Vec<_>>(), known);
    }
}
