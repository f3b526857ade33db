//! The JSON Schema of the configuration, made from its types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};

use super::raw::{Bounded, RawFormat, RawPolicy, RawString};
use crate::api::FORMATS;

/// The schema of the plugin's configuration.
pub fn schema() -> Schema {
    schema_for!(RawPolicy)
}

impl<const DEFAULT: u64, const MIN: u64, const MAX: u64> JsonSchema for Bounded<DEFAULT, MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Number_{DEFAULT}_{MIN}_{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "default": DEFAULT, "minimum": MIN, "maximum": MAX})
    }
}

impl JsonSchema for RawFormat {
    fn schema_name() -> Cow<'static, str> {
        "Format".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A wire format, by its name in events.",
            "enum": FORMATS.iter().map(|format| format.name).collect::<Vec<_>>(),
        })
    }
}

impl JsonSchema for RawString {
    fn schema_name() -> Cow<'static, str> {
        "String".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A string, or the name of the environment variable that holds it.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"env": {"type": "string"}},
                    "required": ["env"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
