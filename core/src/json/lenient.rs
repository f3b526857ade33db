//! Types that read any JSON value and keep it only if it has the type they are for.
//!
//! Providers and clients disagree about types (a code is a string, a number or null), and one odd
//! member must not cost the rest of the body. Everything is read in one pass and borrowed.

use std::borrow::Cow;
use std::mem;

use super::names::{FromObject, read_members};
use super::parse::{FromJson, Items, Members, Mode};
use super::scan::Broken;
use super::value::Json;
use crate::limits::LIST_BYTES_MAX;

/// A string; absent if the value is anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    /// The string, if there is more in it than blanks.
    pub fn filled(self) -> Option<Cow<'a, str>> {
        self.0.filter(|text| !text.trim().is_empty())
    }
}

/// A string, or a number or boolean written out; absent if the value is anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scalar(pub Option<String>);

/// A whole number from 0, also one in a string; absent if the value is anything else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count(pub Option<u64>);

/// `true`; anything else is false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

/// A list; empty if the value is anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// An object; absent if the value is anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub Option<T>);

/// An object that is seldom there, or large: what holds it is small, and cheap to move, where it is
/// absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside<T>(pub Option<Box<T>>);

/// An object or the objects of a list, however lists are nested; empty if the value is anything
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

/// A string or a list of any values; absent if the value is anything else.
#[derive(Debug, Clone, Default)]
pub enum TextOrList<'a> {
    /// Neither.
    #[default]
    Absent,
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
}

/// How deep any value is nested: 0 for one that holds no other. The most if it holds a number that
/// is beyond a double.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth(pub usize);

/// Keeps the value of a member that is one of `names`, and skips others.
///
/// # Errors
/// When the object is broken.
pub fn keep<'de>(
    names: &[&'static str],
    kept: &mut Vec<(&'static str, Json<'de>)>,
    name: &str,
    value: &mut Members<'_, 'de>,
) -> Result<(), Broken> {
    let Some(&name) = names.iter().find(|known| **known == name) else {
        return value.skip();
    };
    kept.retain(|(known, _)| *known != name);
    kept.push((name, value.next_value()?));
    Ok(())
}

impl<'de> FromJson<'de> for Text<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.0 = Some(text);
        true
    }
}

impl<'de> FromJson<'de> for Scalar {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.0 = Some(text.into_owned());
        true
    }
    fn boolean(&mut self, value: bool) {
        self.0 = Some(value.to_string());
    }
    fn whole(&mut self, number: u64) {
        self.0 = Some(number.to_string());
    }
    fn float(&mut self, number: f64) {
        self.0 = number.is_finite().then(|| number.to_string());
    }
}

impl FromJson<'_> for Count {
    fn empty() -> Self {
        Self::default()
    }
    /// Some write numbers as strings, as protobuf's JSON does with those of 64 bits.
    fn string(&mut self, text: Cow<'_, str>) -> bool {
        self.0 = text.parse().ok();
        true
    }
    fn whole(&mut self, number: u64) {
        self.0 = Some(number);
    }
    fn float(&mut self, number: f64) {
        // Vendors whose language has one kind of number write 12.0.
        let whole = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above to be a whole number within u32"
        )]
        let number = whole.then_some(number as u64);
        self.0 = number;
    }
}

impl FromJson<'_> for Flag {
    fn empty() -> Self {
        Self::default()
    }
    fn boolean(&mut self, value: bool) {
        self.0 = value;
    }
}

impl<'de> FromJson<'de> for Json<'de> {
    fn empty() -> Self {
        Self::NULL
    }
    fn mode(&self) -> Mode {
        Mode::Raw
    }
    fn raw(&mut self, value: Json<'de>) {
        *self = value;
    }
}

/// Absent for null, and whatever `T` makes of any other value.
impl<'de, T: FromJson<'de>> FromJson<'de> for Option<T> {
    fn empty() -> Self {
        None
    }
    fn mode(&self) -> Mode {
        T::empty().mode()
    }
    fn raw(&mut self, value: Json<'de>) {
        if value.get() != "null" {
            self.insert(T::empty()).raw(value);
        }
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.insert(T::empty()).string(text)
    }
    fn boolean(&mut self, value: bool) {
        self.insert(T::empty()).boolean(value);
    }
    fn whole(&mut self, number: u64) {
        self.insert(T::empty()).whole(number);
    }
    fn float(&mut self, number: f64) {
        self.insert(T::empty()).float(number);
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        self.insert(T::empty()).list(items)
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        self.insert(T::empty()).object(members)
    }
}

impl FromJson<'_> for Depth {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, _: Cow<'_, str>) -> bool {
        true
    }
    fn float(&mut self, number: f64) {
        if !number.is_finite() {
            self.0 = usize::MAX;
        }
    }
    fn list(&mut self, items: &mut Items<'_, '_>) -> Result<(), Broken> {
        let mut item = Self(0);
        while items.read_into(&mut item)? {
            self.enclose(item);
            item = Self(0);
        }
        self.enclose(Self(0));
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, '_>) -> Result<(), Broken> {
        while members.next_name()?.is_some() {
            self.enclose(members.next_value()?);
        }
        self.enclose(Self(0));
        Ok(())
    }
}

impl Depth {
    fn enclose(&mut self, Self(depth): Self) {
        self.0 = self.0.max(depth.saturating_add(1));
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for List<T> {
    fn empty() -> Self {
        Self::default()
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        read_all(items, &mut self.0)
    }
}

impl<'de> FromJson<'de> for TextOrList<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        *self = Self::Text(text);
        true
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut list = Vec::new();
        read_all(items, &mut list)?;
        *self = Self::List(list);
        Ok(())
    }
}

fn read_all<'de, T: FromJson<'de>>(
    items: &mut Items<'_, 'de>,
    list: &mut Vec<T>,
) -> Result<(), Broken> {
    let items_max = LIST_BYTES_MAX.checked_div(size_of::<T>());
    let mut item = T::empty();
    while items.read_into(&mut item)? {
        if Some(list.len()) == items_max {
            return Err(Broken);
        }
        list.push(mem::replace(&mut item, T::empty()));
    }
    Ok(())
}

impl<'de, T: FromObject<'de> + Default> FromJson<'de> for Object<T> {
    fn empty() -> Self {
        Self::default()
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        read_members(members, self.0.insert(T::default()))
    }
}

impl<'de, T: FromObject<'de> + Default> FromJson<'de> for Aside<T> {
    fn empty() -> Self {
        Self::default()
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        read_members(members, &mut **self.0.insert(Box::default()))
    }
}

impl<T> Aside<T> {
    /// The object, at its place.
    pub fn object(self) -> Object<T> {
        Object(self.0.map(|object| *object))
    }
}

impl<'de, T: FromObject<'de> + Default> FromJson<'de> for OneOrMany<T> {
    fn empty() -> Self {
        Self::default()
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut item = Self::default();
        while items.read_into(&mut item)? {
            self.0.append(&mut item.0);
        }
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let mut item = T::default();
        read_members(members, &mut item)?;
        self.0.push(item);
        Ok(())
    }
}

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    crate::json::wire! {
        struct Sample<'a> {
            name: Text<'a> = "name",
            code: Scalar = "code",
            size: Count = "size",
            on: Flag = "on",
            tags: List<Text<'a>> = "tags",
        }
    }

    fn sample(text: &str) -> Option<Sample<'_>> {
        read::<Object<Sample<'_>>>(text)?.0
    }

    #[test]
    fn members_of_the_expected_type_are_read_and_others_skipped() {
        let sample =
            sample(r#"{"x":[1,{"y":2}],"name":"a","code":429,"size":7,"on":true,"tags":["t"]}"#)
                .unwrap();
        assert_eq!(sample.name.0.as_deref(), Some("a"));
        assert_eq!(sample.code.0.as_deref(), Some("429"));
        assert_eq!(sample.size.0, Some(7));
        assert!(sample.on.0);
        assert_eq!(sample.tags.0.len(), 1);
    }

    #[test]
    fn a_member_of_another_type_is_absent_and_costs_nothing_else() {
        for odd in ["null", "1.5", "-3", "[]", "{\"a\":[1]}", "true"] {
            let text = format!(r#"{{"name":{odd},"size":{odd},"tags":{odd},"code":"c"}}"#);
            let sample = sample(&text).unwrap();
            assert_eq!(
                (sample.name.0, sample.size.0, sample.tags.0.len()),
                (None, None, 0)
            );
            assert_eq!(sample.code.0.as_deref(), Some("c"));
        }
    }

    #[test]
    fn of_a_member_given_twice_the_last_counts() {
        assert_eq!(sample(r#"{"size":1,"size":2}"#).unwrap().size.0, Some(2));
    }

    #[test]
    fn one_object_stands_for_a_list_of_one() {
        for (text, sizes) in [
            (r#"{"size":1}"#, vec![1]),
            (r#"[{"size":1},7,[{"size":2}]]"#, vec![1, 2]),
            ("7", vec![]),
        ] {
            let OneOrMany(samples): OneOrMany<Sample<'_>> = read(text).unwrap();
            let read: Vec<_> = samples.iter().filter_map(|it| it.size.0).collect();
            assert_eq!(read, sizes, "{text}");
        }
    }

    #[test]
    fn a_whole_number_written_as_a_float_counts() {
        assert_eq!(sample(r#"{"size":12.0}"#).unwrap().size.0, Some(12));
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let sample = sample(r#"{"name":"plain"}"#).unwrap();
        assert!(matches!(sample.name.0, Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn what_is_not_an_object_is_absent() {
        for other in ["[1,2]", "nonsense", ""] {
            assert!(sample(other).is_none());
        }
    }
}
