//! Types that read any JSON value and keep it only if it has the type they are for.
//!
//! Providers and clients disagree about types (a code is a string, a number or null), and one odd
//! member must not cost the rest of the body. Everything is read in one pass and borrowed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A string; absent if the value is anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

/// A string, or a number or boolean written out; absent if the value is anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scalar(pub Option<String>);

/// A whole number from 0; absent if the value is anything else.
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

/// How deep any value is nested: 0 for one that holds no other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth(pub usize);

/// Any value, as the text it was written with.
pub type Json<'a> = &'a RawValue;

/// A wire object of which only some members are read.
///
/// Of a member given twice the last one counts, as in the parsers that providers use.
pub trait FromObject<'de>: Default {
    /// Takes the value of the member `name`, or hands it to [`skip`].
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error>;
}

/// Passes over the value of a member that is not read.
pub fn skip<'de, A: MapAccess<'de>>(value: &mut A) -> Result<(), A::Error> {
    value.next_value::<IgnoredAny>().map(|_| ())
}

/// Keeps the value of a member that is one of `names`, and hands others to [`skip`].
pub fn keep<'de, A: MapAccess<'de>>(
    names: &[&'static str],
    kept: &mut Vec<(&'static str, Json<'de>)>,
    name: &str,
    value: &mut A,
) -> Result<(), A::Error> {
    let Some(&name) = names.iter().find(|known| **known == name) else {
        return skip(value);
    };
    kept.retain(|(known, _)| *known != name);
    kept.push((name, value.next_value()?));
    Ok(())
}

/// What a type makes of each kind of JSON value; by default, nothing.
trait Lenient<'de>: Default {
    fn string(_: Cow<'de, str>) -> Self {
        Self::default()
    }
    fn boolean(_: bool) -> Self {
        Self::default()
    }
    fn whole(_: u64) -> Self {
        Self::default()
    }
    fn float(_: f64) -> Self {
        Self::default()
    }
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<'de> Lenient<'de> for Text<'de> {
    fn string(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }
}

impl<'de> Lenient<'de> for Scalar {
    fn string(text: Cow<'de, str>) -> Self {
        Self(Some(text.into_owned()))
    }
    fn boolean(value: bool) -> Self {
        Self(Some(value.to_string()))
    }
    fn whole(number: u64) -> Self {
        Self(Some(number.to_string()))
    }
    fn float(number: f64) -> Self {
        Self(Some(number.to_string()))
    }
}

impl<'de> Lenient<'de> for Count {
    fn whole(number: u64) -> Self {
        Self(Some(number))
    }
    fn float(number: f64) -> Self {
        // Vendors whose language has one kind of number write 12.0.
        let whole = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above to be a whole number within u32"
        )]
        Self(whole.then_some(number as u64))
    }
}

impl<'de> Lenient<'de> for Flag {
    fn boolean(value: bool) -> Self {
        Self(value)
    }
}

impl<'de> Lenient<'de> for Depth {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut deepest = 0;
        while let Some(Self(depth)) = list.next_element()? {
            deepest = deepest.max(depth);
        }
        Ok(Self(deepest.saturating_add(1)))
    }
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut deepest = 0;
        while let Some((_, Self(depth))) = object.next_entry::<IgnoredAny, _>()? {
            deepest = deepest.max(depth);
        }
        Ok(Self(deepest.saturating_add(1)))
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for List<T> {
    fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        items(list).map(Self)
    }
}

impl<'de> Lenient<'de> for TextOrList<'de> {
    fn string(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }
    fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        items(list).map(Self::List)
    }
}

fn items<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(mut list: A) -> Result<Vec<T>, A::Error> {
    let mut items = Vec::new();
    while let Some(item) = list.next_element()? {
        items.push(item);
    }
    Ok(items)
}

impl<'de, T: FromObject<'de>> Lenient<'de> for Object<T> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut members = T::default();
        while let Some(Text(name)) = object.next_key()? {
            members.member(name.as_deref().unwrap_or_default(), &mut object)?;
        }
        Ok(Self(Some(members)))
    }
}

impl<'de, T: FromObject<'de>> Lenient<'de> for OneOrMany<T> {
    fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        let items = items(list)?.into_iter().flat_map(|Self(item)| item);
        Ok(Self(items.collect()))
    }
    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        let Object(item) = Lenient::object(object)?;
        Ok(Self(item.into_iter().collect()))
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

macro_rules! deserialize_leniently {
    ($($type:ty, [$($bound:tt)*];)+) => {$(
        impl<'de, $($bound)*> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(AnyValue(PhantomData))
            }
        }
    )+};
}

deserialize_leniently! {
    Text<'de>, [];
    TextOrList<'de>, [];
    Depth, [];
    Scalar, [];
    Count, [];
    Flag, [];
    List<T>, [T: Deserialize<'de>];
    Object<T>, [T: FromObject<'de>];
    OneOrMany<T>, [T: FromObject<'de>];
}

struct AnyValue<L>(PhantomData<L>);

impl<'de, L: Lenient<'de>> Visitor<'de> for AnyValue<L> {
    type Value = L;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<L, E> {
        Ok(L::boolean(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<L, E> {
        Ok(u64::try_from(number).map_or_else(|_| L::default(), L::whole))
    }
    fn visit_u64<E>(self, number: u64) -> Result<L, E> {
        Ok(L::whole(number))
    }
    fn visit_f64<E>(self, number: f64) -> Result<L, E> {
        Ok(L::float(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<L, E> {
        Ok(L::string(Cow::Owned(text.to_owned())))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<L, E> {
        Ok(L::string(Cow::Borrowed(text)))
    }
    fn visit_unit<E>(self) -> Result<L, E> {
        Ok(L::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<L, A::Error> {
        L::list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<L, A::Error> {
        L::object(object)
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
