//! `GET /v1/openapi.json`: the API for programs that read OpenAPI.
//!
//! The document is written by hand and served as it is written. The tests below compare it with the
//! router and with the event; others ask a running collector all that it allows and forbids.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

/// The document needs no key: it is part of a program that anyone can read.
pub(crate) fn routes() -> Router {
    Router::new().route("/v1/openapi.json", get(serve))
}

async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

const DOCUMENT: &str = include_str!("../../openapi.json");

/// The document, for tests of what it describes.
#[cfg(test)]
pub(crate) fn document() -> serde_json::Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The parameters of the query of `GET path`, by their names.
#[cfg(test)]
pub(crate) fn query_parameters(
    path: &str,
) -> std::collections::BTreeMap<String, serde_json::Value> {
    let document = document();
    let parameters = document["paths"][path]["get"]["parameters"]
        .as_array()
        .unwrap();
    let resolved = parameters
        .iter()
        .map(|parameter| match parameter["$ref"].as_str() {
            Some(place) => document.pointer(place.trim_start_matches('#')).unwrap(),
            None => parameter,
        });
    resolved
        .map(|parameter| {
            (
                parameter["name"].as_str().unwrap().to_owned(),
                parameter.clone(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use audit_layer_core::event::{CompletionState, Member, Need, RiskLevel, Shape};
    use serde_json::{Value, json};

    use super::*;
    use crate::store::Action;

    #[test]
    fn the_document_is_of_this_version() {
        assert_eq!(document()["info"]["version"], env!("CARGO_PKG_VERSION"));
    }

    fn schema(member: Member) -> Value {
        let component = |name| json!({"$ref": format!("#/components/schemas/{name}")});
        let or_null = |shape: &str| match member.need() {
            Need::Required => json!({"type": shape}),
            Need::Nullable | Need::Optional => json!({"type": [shape, "null"]}),
        };
        match member.shape() {
            Shape::Count => component("Count"),
            Shape::Id => component("RequestId"),
            Shape::Level => json!({"anyOf": [component("RiskLevel"), {"type": "null"}]}),
            Shape::Number => component("Score"),
            Shape::Object => or_null("object"),
            Shape::Organization => component("SentOrganizationId"),
            Shape::Text => or_null("string"),
            Shape::Texts => json!({"type": ["array", "null"], "items": {"type": "string"}}),
            Shape::Time => component("Timestamp"),
        }
    }

    /// With its meaning, before what the component says: readers are shown one description.
    fn described(member: Member, components: &Value) -> Value {
        let mut schema = schema(member);
        let component = schema["$ref"]
            .as_str()
            .and_then(|place| place.rsplit('/').next());
        let own = component.and_then(|name| components[name]["description"].as_str());
        let sentences: Vec<_> = [member.meaning()].into_iter().chain(own).collect();
        schema["description"] = sentences.join(" ").into();
        schema
    }

    #[test]
    fn an_event_has_the_members_that_gateways_and_collector_share() {
        let schemas = &document()["components"]["schemas"];
        let all = Member::ALL.iter();
        let properties: Value = all
            .map(|member| (member.name(), described(*member, schemas)))
            .collect();
        assert_eq!(schemas["Event"]["properties"], properties, "{properties}");
        let all = Member::ALL.iter();
        let properties: Value = all
            .map(|member| (member.camel(), schema(*member)))
            .collect();
        assert_eq!(
            schemas["CamelEvent"]["properties"], properties,
            "{properties}"
        );
        let needed = Member::ALL
            .iter()
            .filter(|member| member.need() != Need::Optional);
        let names: Vec<_> = needed.clone().map(|member| member.name()).collect();
        assert_eq!(schemas["Event"]["required"], json!(names));
        let names: Vec<_> = needed.map(|member| member.camel()).collect();
        assert_eq!(schemas["CamelEvent"]["required"], json!(names));
    }

    #[test]
    fn the_documentation_has_every_action_of_the_access_history() {
        let documentation = include_str!("../../API.md");
        for action in Action::ALL {
            let name = format!("`{}`", action.name());
            assert!(documentation.contains(&name), "{name}");
        }
    }

    /// Every list of words in it.
    fn enums<'a>(value: &'a Value, found: &mut Vec<BTreeSet<&'a str>>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| enums(item, found)),
            Value::Object(members) => {
                if let Some(Value::Array(words)) = members.get("enum") {
                    found.push(words.iter().filter_map(Value::as_str).collect());
                }
                members.values().for_each(|member| enums(member, found));
            }
            _ => {}
        }
    }

    #[test]
    fn where_one_word_of_a_set_is_allowed_all_are() {
        let document = document();
        let mut found = Vec::new();
        enums(&document, &mut found);
        let actions: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
        for set in [CompletionState::NAMES, RiskLevel::NAMES, &actions] {
            let all: BTreeSet<_> = set.iter().copied().collect();
            let those = found.iter().filter(|words| !words.is_disjoint(&all));
            assert!(those.clone().count() > 0, "{all:?}");
            for words in those {
                assert_eq!(*words, all);
            }
        }
    }
}
