//! The one place where JSON is parsed: one parser for all types that values are read into.
//!
//! The types are told what comes by dynamic calls. Derived readers would be compiled anew for each
//! of the formats' objects, and were half of the module that ships.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// Any value, as the text it was written with.
pub type Json<'a> = &'a RawValue;

/// The text is no JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// A type that any JSON value can be read into. It takes what it is for, and passes over the rest.
pub trait FromJson<'de> {
    /// As it is before anything has been read, and stays for null.
    fn empty() -> Self
    where
        Self: Sized;

    /// How a value is to be read.
    fn mode(&self) -> Mode {
        Mode::Parsed
    }

    /// Takes a value as the text it was written with, if [`Self::mode`] asks for it.
    fn raw(&mut self, _: Json<'de>) {}

    /// Takes a string.
    fn string(&mut self, _: Cow<'de, str>) {}

    /// Takes `true` or `false`.
    fn boolean(&mut self, _: bool) {}

    /// Takes a whole number from 0.
    fn whole(&mut self, _: u64) {}

    /// Takes another number that is not negative and whole.
    fn float(&mut self, _: f64) {}

    /// Takes a list.
    ///
    /// # Errors
    /// When the list is broken.
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        while items.read_into(&mut Skipped)? {}
        Ok(())
    }

    /// Takes an object.
    ///
    /// # Errors
    /// When the object is broken.
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        while members.next_name()?.is_some() {
            members.skip()?;
        }
        Ok(())
    }
}

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By its kind.
    Parsed,
    /// As the text it was written with.
    Raw,
    /// Not at all.
    Skipped,
}

/// Reads `T` from the beginning of `text`, or nothing if that is not JSON.
///
/// What follows the value is ignored: servers pad a body, or frame an event with spaces.
pub fn read<'a, T: FromJson<'a>>(text: &'a str) -> Option<T> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value = T::empty();
    parse(text, &mut value).ok()?;
    Some(value)
}

fn parse<'a>(text: &'a str, into: &mut dyn FromJson<'a>) -> serde_json::Result<()> {
    Target(into).deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// The items of a list that are still to come.
pub struct Items<'a, 'de>(&'a mut dyn NextItem<'de>);

impl<'de> Items<'_, 'de> {
    /// Reads the next item; false if there is none.
    ///
    /// # Errors
    /// When the list is broken.
    pub fn read_into(&mut self, item: &mut dyn FromJson<'de>) -> Result<bool, Broken> {
        self.0.next_item(item)
    }
}

/// The members of an object that are still to come.
pub struct Members<'a, 'de>(&'a mut dyn NextMember<'de>);

impl<'de> Members<'_, 'de> {
    /// The name of the next member, whose value must be read or skipped then.
    ///
    /// # Errors
    /// When the object is broken.
    pub fn next_name(&mut self) -> Result<Option<Cow<'de, str>>, Broken> {
        self.0.next_name()
    }

    /// Reads the member's value.
    ///
    /// # Errors
    /// When the object is broken.
    pub fn next_value<T: FromJson<'de>>(&mut self) -> Result<T, Broken> {
        let mut value = T::empty();
        self.0.value(&mut value)?;
        Ok(value)
    }

    /// Passes over the member's value.
    ///
    /// # Errors
    /// When the object is broken.
    pub fn skip(&mut self) -> Result<(), Broken> {
        self.0.value(&mut Skipped)
    }
}

/// Takes nothing.
struct Skipped;

impl<'de> FromJson<'de> for Skipped {
    fn empty() -> Self {
        Self
    }

    fn mode(&self) -> Mode {
        Mode::Skipped
    }
}

trait NextItem<'de> {
    fn next_item(&mut self, into: &mut dyn FromJson<'de>) -> Result<bool, Broken>;
}

impl<'de, A: SeqAccess<'de>> NextItem<'de> for A {
    fn next_item(&mut self, into: &mut dyn FromJson<'de>) -> Result<bool, Broken> {
        let item = self.next_element_seed(Target(into)).map_err(|_| Broken)?;
        Ok(item.is_some())
    }
}

trait NextMember<'de> {
    fn next_name(&mut self) -> Result<Option<Cow<'de, str>>, Broken>;
    fn value(&mut self, into: &mut dyn FromJson<'de>) -> Result<(), Broken>;
}

impl<'de, A: MapAccess<'de>> NextMember<'de> for A {
    fn next_name(&mut self) -> Result<Option<Cow<'de, str>>, Broken> {
        self.next_key_seed(Name).map_err(|_| Broken)
    }

    fn value(&mut self, into: &mut dyn FromJson<'de>) -> Result<(), Broken> {
        self.next_value_seed(Target(into)).map_err(|_| Broken)
    }
}

/// Reads a member's name.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }
}

/// Reads a value into what takes it.
struct Target<'a, 'de>(&'a mut dyn FromJson<'de>);

impl<'de> DeserializeSeed<'de> for Target<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0.mode() {
            Mode::Parsed => deserializer.deserialize_any(self),
            Mode::Raw => Deserialize::deserialize(deserializer).map(|value| self.0.raw(value)),
            Mode::Skipped => IgnoredAny::deserialize(deserializer).map(|_| ()),
        }
    }
}

impl<'de> Visitor<'de> for Target<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.boolean(value);
        Ok(())
    }
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        if let Ok(number) = u64::try_from(number) {
            self.0.whole(number);
        }
        Ok(())
    }
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.whole(number);
        Ok(())
    }
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.float(number);
        Ok(())
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.string(Cow::Owned(text.to_owned()));
        Ok(())
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.0.string(Cow::Borrowed(text));
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let items = &mut Items(&mut list);
        self.0.list(items).map_err(|Broken| A::Error::custom(""))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let members = &mut Members(&mut object);
        self.0
            .object(members)
            .map_err(|Broken| A::Error::custom(""))
    }
}
