//! The names of the tools that a request offers to the model, however its format writes them.

use std::borrow::Cow;

use crate::json::{
    self, Broken, FromJson, FromObject, Items, Json, List, Members, Mode, Object, Text,
};

/// The names in a list of tools. A provider's own tool without a name goes by its type or its one
/// member, as in `{"type": "web_search"}` and `{"googleSearch": {}}`.
#[derive(Debug, Default)]
pub(super) struct ToolNames<'a>(pub(super) Vec<Cow<'a, str>>);

/// Tools as the request defines them, and their names.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    pub(super) names: Vec<Cow<'a, str>>,
    /// The list as it was written.
    pub(super) definitions: Option<Json<'a>>,
}

impl<'de> FromJson<'de> for Tools<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn mode(&self) -> Mode {
        Mode::Raw
    }
    fn raw(&mut self, value: Json<'de>) {
        let ToolNames(names) = json::read(value).unwrap_or_default();
        self.names = names;
        self.definitions = (!matches!(value.get(), "null" | "[]")).then_some(value);
    }
}

impl<'a> Tools<'a> {
    /// The definitions under the name of their member.
    pub(super) fn defined(
        &self,
        name: &'static str,
    ) -> impl Iterator<Item = (&'static str, Json<'a>)> + use<'a> {
        self.definitions.map(|value| (name, value)).into_iter()
    }
}

impl<'de> FromJson<'de> for ToolNames<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut tool = Object::<Tool<'_>>::default();
        while items.read_into(&mut tool)? {
            self.0
                .extend(tool.0.take().into_iter().flat_map(Tool::names));
        }
        Ok(())
    }
}

/// One tool, or Google's object that holds several.
#[derive(Default)]
struct Tool<'a> {
    name: Text<'a>,
    nested: Object<Named<'a>>,
    declared: List<Object<Named<'a>>>,
    kind: Text<'a>,
    member: Option<String>,
}

impl<'de> FromObject<'de> for Tool<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "name" => self.name = value.next_value()?,
            "function" | "custom" | "toolSpec" | "tool_spec" | "systemTool" => {
                self.nested = value.next_value()?;
            }
            "functionDeclarations" | "function_declarations" => {
                self.declared = value.next_value()?;
            }
            "type" => self.kind = value.next_value()?,
            // Bedrock's mark of how far a list is to be cached.
            "cachePoint" => value.skip()?,
            _ => {
                let value: Json<'_> = value.next_value()?;
                let is_object = value.get().starts_with('{');
                self.member = self.member.take().or(is_object.then(|| name.to_owned()));
            }
        }
        Ok(())
    }

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &[
            "name",
            "function",
            "custom",
            "toolSpec",
            "systemTool",
            "functionDeclarations",
            "function_declarations",
            "type",
        ];
        [NAMES, &[]]
    }
}

impl<'a> Tool<'a> {
    fn names(self) -> Vec<Cow<'a, str>> {
        let declared = self
            .declared
            .0
            .into_iter()
            .filter_map(|tool| tool.0?.name.0);
        let mut names: Vec<_> = declared.collect();
        let nested = self.nested.0.and_then(|tool| tool.name.0);
        let own = self.name.0.or(nested).or(self.kind.0);
        let is_empty = names.is_empty();
        let member = self.member.filter(|_| is_empty).map(Cow::Owned);
        names.extend(own.or(member));
        names
    }
}

json::wire! {
    struct Named<'a> {
        name: Text<'a> = "name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_named_however_they_are_written() {
        for (tools, names) in [
            (
                r#"[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]"#,
                vec!["f", "c"],
            ),
            (
                r#"[{"type":"function","name":"f","parameters":{"type":"object"}},{"type":"web_search"}]"#,
                vec!["f", "web_search"],
            ),
            (
                r#"[{"name":"f","input_schema":{"type":"object"}},{"type":"bash_20250124","name":"bash"}]"#,
                vec!["f", "bash"],
            ),
            (
                r#"[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}]"#,
                vec!["f", "g", "googleSearch"],
            ),
            (
                r#"[{"toolSpec":{"name":"f","inputSchema":{"json":{}}}},{"cachePoint":{"type":"default"}}]"#,
                vec!["f"],
            ),
            ("[7, {}]", vec![]),
            ("null", vec![]),
            (r#""auto""#, vec![]),
        ] {
            let ToolNames(read) = json::read(tools).unwrap();
            assert_eq!(read, names, "{tools}");
        }
    }
}
