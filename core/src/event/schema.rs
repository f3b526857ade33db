//! The JSON Schema of the event, made from its types.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{AuditEvent, AuditLayer, ContentPolicy, Members, Metadata, SCHEMA};
use crate::dead_letter::NOT_LOGGED;

/// The schema of the events that gateways send, and of those imported from their logs.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<AuditEvent>()
}

/// The policies, and what an event says that a log has without content.
pub(super) fn content(generator: &mut SchemaGenerator) -> Schema {
    let policy = generator.subschema_for::<ContentPolicy>();
    json_schema!({"anyOf": [
        policy,
        {
            "description": "The event was imported from a log that is to contain no content.",
            "const": NOT_LOGGED,
        },
    ]})
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
