//! Objects as servers in Go read them: of members whose names they take for the same, the last one.

use std::borrow::Cow;

use super::lenient::{List, Object};
use super::names::FromObject;
use super::names::is_same_name;
use super::parse::{Members, read};
use super::scan::Broken;
use super::value::Json;

/// How deep objects are looked into: messages, their parts and what tools are called with. Deeper
/// ones stay, for each level costs another reading.
const DEPTH_MAX: usize = 8;

/// The text with only the last of members whose names differ in case at most; `None` if it is no
/// JSON.
pub fn last_of_each(text: &str) -> Option<String> {
    let value: Json<'_> = read(text)?;
    let mut out = String::new();
    write(value, 0, &mut out);
    Some(out)
}

fn write(value: Json<'_>, depth: usize, out: &mut String) {
    let read_object = || read::<Object<Last<'_>>>(value)?.0;
    let read_list = || read::<List<Json<'_>>>(value);
    match value.get().as_bytes().first() {
        Some(b'{') if depth < DEPTH_MAX => {
            let Last(members) = read_object().unwrap_or_default();
            let members = members.into_iter().map(|(name, value)| (Some(name), value));
            write_all(members, ['{', '}'], depth, out);
        }
        Some(b'[') if depth < DEPTH_MAX => {
            let List(items) = read_list().unwrap_or_default();
            let items = items.into_iter().map(|item| (None, item));
            write_all(items, ['[', ']'], depth, out);
        }
        _ => out.push_str(value.get()),
    }
}

fn write_all<'a>(
    parts: impl Iterator<Item = (Option<Cow<'a, str>>, Json<'a>)>,
    [open, close]: [char; 2],
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    for (number, (name, value)) in parts.enumerate() {
        if number > 0 {
            out.push(',');
        }
        if let Some(name) = name {
            out.push_str(&serde_json::Value::from(&*name).to_string());
            out.push(':');
        }
        write(value, depth.saturating_add(1), out);
    }
    out.push(close);
}

/// The last members of an object.
#[derive(Default)]
struct Last<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Members of one object among which others of the same name are looked for.
const MEMBERS_MAX: usize = 256;

impl<'de> FromObject<'de> for Last<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        if self.0.len() < MEMBERS_MAX {
            self.0.retain(|(known, _)| !is_same_name(known, name));
        }
        self.0
            .push((Cow::Owned(name.to_owned()), value.next_value()?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_members_of_one_name_stays() {
        for (text, last) in [
            (
                r#"{"a":1,"A":2,"b":[{"k":1,"\u212a":2}]}"#,
                "{\"A\":2,\"b\":[{\"\u{212a}\":2}]}",
            ),
            (r#" {"A":1, "a":{"x":[NaN]} } {"#, r#"{"a":{"x":[NaN]}}"#),
            ("[1,\"a\"]", "[1,\"a\"]"),
            ("{}", "{}"),
        ] {
            assert_eq!(last_of_each(text).as_deref(), Some(last), "{text}");
        }
        assert_eq!(last_of_each("{"), None);
    }
}
