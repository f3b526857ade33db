//! One value of a document, by the way to it.

use super::lenient::List;
use super::parse::{FromJson, Members, parse, read};
use super::scan::Broken;
use super::value::Json;

/// The value at the end of a way of members' names and of items' numbers from 0; `None` if there is none.
/// Of a member given twice the last one counts.
///
/// Source: RFC 6901, section 4, whose reference tokens these are.
pub fn lookup<'a, 'name>(
    value: Json<'a>,
    mut way: impl Iterator<Item = &'name str>,
) -> Option<Json<'a>> {
    way.try_fold(value, |value, name| match value.get().as_bytes().first() {
        Some(b'{') => member(value, name),
        Some(b'[') => item(value, name),
        _ => None,
    })
}

fn member<'a>(value: Json<'a>, name: &str) -> Option<Json<'a>> {
    let mut member = Member { name, value: None };
    parse(value, &mut member).ok()?;
    member.value
}

/// An item's number has no zeros before it.
fn item<'a>(value: Json<'a>, number: &str) -> Option<Json<'a>> {
    let is_number = number == "0" || !number.starts_with(['0', '+']);
    let number: usize = number.parse().ok().filter(|_| is_number)?;
    let List(items) = read::<List<Json<'a>>>(value)?;
    items.get(number).copied()
}

/// The member of one name.
struct Member<'name, 'a> {
    name: &'name str,
    value: Option<Json<'a>>,
}

impl<'a> FromJson<'a> for Member<'_, 'a> {
    fn empty() -> Self {
        Self {
            name: "",
            value: None,
        }
    }

    fn object(&mut self, members: &mut Members<'_, 'a>) -> Result<(), Broken> {
        while let Some(name) = members.next_name()? {
            if name == self.name {
                self.value = Some(members.next_value()?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_at_any_depth() {
        let text = r#" {"a":{"b":[1,{"c":"x"}],"":2,"b/c":3},"a\u0062":4,"t":5,"t":6}"#;
        for (way, found) in [
            (&[][..], Some(text.trim())),
            (&["a", "b", "1", "c"], Some(r#""x""#)),
            (&["a", ""], Some("2")),
            (&["a", "b/c"], Some("3")),
            (&["ab"], Some("4")),
            (&["t"], Some("6")),
            (&["a", "b", "0"], Some("1")),
            (&["a", "b", "00"], None),
            (&["a", "b", "+1"], None),
            (&["a", "b", "2"], None),
            (&["a", "b", "c"], None),
            (&["t", "x"], None),
            (&["nobody"], None),
        ] {
            let value = read::<Json<'_>>(text).unwrap();
            let value = lookup(value, way.iter().copied());
            assert_eq!(value.map(Json::get), found, "{way:?}");
        }
    }
}
