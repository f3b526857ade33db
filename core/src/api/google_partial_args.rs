//! Google's streamed arguments of a tool call: values by their paths, as
//! `{"jsonPath": "$.place.city", "stringValue": "Bo"}`, which are written out as one JSON object.
//!
//! Source: <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling>,
//! "Streaming function call arguments". Paths come in the order of the object.

use crate::json::{self, Flag, Json, Object, Text};
use crate::limits::RAW_DEPTH_MAX;

json::wire! {
    /// A value, or a piece of one that is text.
    pub(super) struct PartialArg<'a> {
        path: Text<'a> = "jsonPath" | "json_path",
        text: Text<'a> = "stringValue" | "string_value",
        plain: Option<Json<'a>> = "numberValue" | "number_value" | "boolValue" | "bool_value",
        goes_on: Flag = "willContinue" | "will_continue",
    }
}

/// Where the object that is being written stands.
#[derive(Debug, Default)]
pub(super) struct PartialArgs {
    /// The way to the last value; empty before the first.
    path: Vec<Step>,
    is_in_text: bool,
}

#[derive(Debug, PartialEq)]
enum Step {
    Member(String),
    Item(String),
}

impl PartialArgs {
    /// The next piece of the object.
    pub(super) fn push(&mut self, args: Vec<Object<PartialArg<'_>>>) -> String {
        let mut json = String::new();
        for arg in args.into_iter().filter_map(|arg| arg.0) {
            self.take(&arg, &mut json);
        }
        json
    }

    /// The end of the object.
    pub(super) fn end(mut self) -> String {
        let mut json = String::new();
        self.leave_text(&mut json);
        if self.path.is_empty() {
            json.push('{');
        }
        self.close(1, &mut json);
        json.push('}');
        json
    }

    fn take(&mut self, arg: &PartialArg<'_>, json: &mut String) {
        let path = steps(arg.path.0.as_deref().unwrap_or_default());
        if !self.is_in_text || path != self.path {
            self.leave_text(json);
            self.go_to(path, json);
        }
        let Some(text) = &arg.text.0 else {
            json.push_str(arg.plain.map_or("null", |plain| plain.get()));
            return;
        };
        if !self.is_in_text {
            json.push('"');
        }
        json.push_str(&escaped(text));
        self.is_in_text = true;
        if !arg.goes_on.0 {
            self.leave_text(json);
        }
    }

    fn leave_text(&mut self, json: &mut String) {
        if std::mem::take(&mut self.is_in_text) {
            json.push('"');
        }
    }

    /// Leaves objects and lists that the next value is not in, and enters those that it is in.
    fn go_to(&mut self, path: Vec<Step>, json: &mut String) {
        let pairs = path.iter().zip(&self.path);
        let shared = pairs.take_while(|(next, last)| next == last).count();
        let shared = shared.min(path.len().saturating_sub(1));
        self.close(shared.saturating_add(1), json);
        json.push(if self.path.is_empty() { '{' } else { ',' });
        for (depth, step) in path.iter().enumerate().skip(shared) {
            if depth > shared {
                json.push(step.brackets().0);
            }
            if let Step::Member(name) = step {
                json.push_str(&format!("\"{}\":", escaped(name)));
            }
        }
        self.path = path;
    }

    /// Closes every object and list that is `depth` or more deep.
    fn close(&self, depth: usize, json: &mut String) {
        let left = self.path.iter().skip(depth).rev();
        json.extend(left.map(|step| step.brackets().1));
    }
}

impl Step {
    /// Of what the step goes into.
    fn brackets(&self) -> (char, char) {
        match self {
            Self::Member(_) => ('{', '}'),
            Self::Item(_) => ('[', ']'),
        }
    }
}

/// The steps of a path such as `$.places[0].city` or `$['odd name']`.
fn steps(path: &str) -> Vec<Step> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() && steps.len() < RAW_DEPTH_MAX {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (inner, after) = inner.split_once(']').unwrap_or((inner, ""));
                let name = inner.trim_matches(['\'', '"']);
                let is_item = name.len() == inner.len();
                let of_name = if is_item { Step::Item } else { Step::Member };
                (of_name(name.to_owned()), after)
            }
            None => {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                let (name, after) = name.split_at(end);
                (Step::Member(name.to_owned()), after)
            }
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// As it stands between the quotes of JSON.
fn escaped(text: &str) -> String {
    let quoted = json::quoted(text);
    let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The object that pieces give, one a line.
    fn written(pieces: &str) -> String {
        let mut args = PartialArgs::default();
        let mut json = String::new();
        for piece in pieces.lines() {
            json.push_str(&args.push(vec![json::read(piece).unwrap()]));
        }
        json + &args.end()
    }

    #[test]
    fn values_by_their_paths_give_one_object() {
        for (pieces, object) in [
            ("", "{}"),
            (
                r#"{"jsonPath":"$.city","stringValue":"Bo\"","willContinue":true}
{"jsonPath":"$.city","stringValue":"nn","willContinue":true}
{"jsonPath":"$.city","stringValue":""}
{"jsonPath":"$.days","numberValue":2}
{"jsonPath":"$.now","boolValue":false}
{"jsonPath":"$['odd name']","nullValue":"NULL_VALUE"}"#,
                r#"{"city":"Bo\"nn","days":2,"now":false,"odd name":null}"#,
            ),
            (
                r#"{"jsonPath":"$.a.items[0].name","stringValue":"x"}
{"jsonPath":"$.a.items[0].price","numberValue":0.5}
{"jsonPath":"$.a.items[1].name","stringValue":"y"}
{"jsonPath":"$.a.tags[0]","stringValue":"t"}
{"jsonPath":"$.a.tags[1]","stringValue":"u"}
{"jsonPath":"$.b","stringValue":"z","willContinue":true}"#,
                r#"{"a":{"items":[{"name":"x","price":0.5},{"name":"y"}],"tags":["t","u"]},"b":"z"}"#,
            ),
            (
                r#"{"jsonPath":"$.a[0][1]","numberValue":7}"#,
                r#"{"a":[[7]]}"#,
            ),
        ] {
            assert_eq!(written(pieces), object);
        }
    }

    #[test]
    fn paths_that_make_no_sense_end_as_well() {
        let deep = "[".repeat(5_000);
        for path in ["", "$", "$..", "$[", "$.a[", "]", &deep] {
            let piece = serde_json::json!({"jsonPath": path, "numberValue": 1}).to_string();
            assert!(
                written(&format!("{piece}\n{piece}")).ends_with('}'),
                "{path}"
            );
        }
    }
}
