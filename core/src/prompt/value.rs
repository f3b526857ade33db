//! What stands in the place of a content: mostly a text or a list of parts, and now and then
//! something else, which lenient servers read and which must not be lost.

use std::borrow::Cow;

use crate::json::{Broken, FromJson, FromObject, Items, Json, Members};
use crate::prompt::Fields;

/// A content of any type.
#[derive(Debug, Default)]
pub enum Content<'a> {
    /// None, or null.
    #[default]
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// Parts.
    List(Vec<Json<'a>>),
    /// One part that is in no list, or another object.
    Object(Fields<'a>),
    /// A number, `true` or `false`.
    Scalar(String),
}

impl<'de> FromJson<'de> for Content<'de> {
    fn empty() -> Self {
        Self::Absent
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        *self = Self::Text(text);
        true
    }
    fn boolean(&mut self, value: bool) {
        *self = Self::Scalar(value.to_string());
    }
    fn whole(&mut self, number: u64) {
        *self = Self::Scalar(number.to_string());
    }
    fn float(&mut self, number: f64) {
        *self = Self::Scalar(number.to_string());
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let (mut list, mut item) = (Vec::new(), Json::empty());
        while items.read_into(&mut item)? {
            list.push(item);
        }
        *self = Self::List(list);
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let mut fields = Fields::default();
        while let Some(name) = members.next_name()? {
            fields.member(&name, members)?;
        }
        *self = Self::Object(fields);
        Ok(())
    }
}
