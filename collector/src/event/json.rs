//! What every event must be before its members are looked at: one whole JSON object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::event::EventError;

/// Checks that `text` is one JSON object and that every string in it is text.
///
/// Skipping over a value, as serde does for members nobody asks for, accepts any depth, and
/// escapes that are half of a surrogate pair. Such an event could be stored, and then be read by
/// no one.
pub(crate) fn check(text: &str) -> Result<(), EventError> {
    if !text.starts_with('{') && serde_json::from_str::<Checked>(text).is_ok() {
        return Err(EventError::NotAnObject);
    }
    serde_json::from_str::<Checked>(text)?;
    Ok(())
}

/// The members of an object in the order they came, each value as it was written.
pub(crate) struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Entries<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, EventError> {
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The object's text without the members that have one of the names `removed`, and with the
    /// text `added`; `None` if nothing changes.
    pub(crate) fn rewritten(
        &self,
        removed: &[&str],
        added: Option<(&str, &str)>,
    ) -> Result<Option<String>, EventError> {
        let (added_name, added_text) = added.unzip();
        let added_text = added_text.map(to_raw_value).transpose()?;
        let stays = |name: &str| !removed.contains(&name) && added_name != Some(name);
        let kept = self.0.iter().filter(|(name, _)| stays(name));
        let kept = kept.map(|(name, value)| (name.as_str(), *value));
        let members: Vec<_> = added_name
            .zip(added_text.as_deref())
            .into_iter()
            .chain(kept)
            .collect();
        if added.is_none() && members.len() == self.0.len() {
            return Ok(None);
        }
        Ok(Some(serde_json::to_string(&Object(&members))?))
    }
}

/// Members to be written as an object, in their order.
struct Object<'a>(&'a [(&'a str, &'a RawValue)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// Any JSON value that was read to its last part and then forgotten.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CheckedVisitor)
    }
}

struct CheckedVisitor;

impl<'de> Visitor<'de> for CheckedVisitor {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        while items.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
        while map.next_entry::<Checked, Checked>()?.is_some() {}
        Ok(Checked)
    }
}
