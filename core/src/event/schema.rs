//! The JSON Schema of the event, made from its types.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use serde_json::Value;

use super::{AuditEvent, AuditLayer, Members, Metadata, SCHEMA};

/// The schema of the events that gateways and client libraries send. An event that is imported from a log
/// without content has fewer members.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(in_one_line));
    settings
        .into_generator()
        .into_root_schema_for::<AuditEvent>()
}

/// Documentation of more than one line is one line of a schema.
fn in_one_line(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

impl JsonSchema for Members {
    fn schema_name() -> Cow<'static, str> {
        "Members".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}

impl JsonSchema for Metadata {
    fn schema_name() -> Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {"audit_layer": generator.subschema_for::<AuditLayer>()},
            "required": ["audit_layer"],
        })
    }
}

/// The schema's version, which every event names.
pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"const": SCHEMA})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_descriptions_are_for_people_who_read_no_rust() {
        let schema = serde_json::to_string(&schema()).unwrap();
        for word in ["crate::", "`None`", "`Some", "[`", "\\n"] {
            assert!(!schema.contains(word), "{word}");
        }
    }
}
