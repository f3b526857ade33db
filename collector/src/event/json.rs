//! What every event must be before its members are looked at: one whole JSON object.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::event::EventError;
use crate::limits;

/// Checks that `text` is one JSON object, that it is neither too deep nor has too many members, and
/// that every string in it is text.
///
/// Skipping over a value, as serde does for members nobody asks for, accepts any depth, and
/// escapes that are half of a surrogate pair. Such an event could be stored, and then be read by
/// no one.
pub(crate) fn check(text: &str) -> Result<(), EventError> {
    let refused = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Checked {
        level: 0,
        refused: &refused,
    };
    let checked = value.deserialize(&mut deserializer);
    match checked.and_then(|()| deserializer.end()) {
        Err(error) => Err(refused.take().unwrap_or_else(|| error.into())),
        Ok(()) if text.starts_with('{') => Ok(()),
        Ok(()) => Err(EventError::NotAnObject),
    }
}

/// The members of an object in the order they came, each value as it was written.
pub(crate) struct Entries<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// Borrowed from the text where nothing in it is escaped, as in every documented name.
#[derive(serde::Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> Entries<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, EventError> {
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.entries().map(|(name, value)| (name, value.get()))
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0
            .iter()
            .map(|(Name(name), value)| (name.as_ref(), *value))
    }

    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut entries = self.0.iter();
        entries.find_map(|(Name(known), value)| (known == name).then_some(*value))
    }

    /// The object's text with the members that `kept_name` has a name for, and with the text
    /// `added`; `None` if nothing changes.
    pub(crate) fn rewritten<'n>(
        &'n self,
        kept_name: impl Fn(&'n str) -> Option<&'n str>,
        added: Option<(&'n str, &str)>,
    ) -> Result<Option<String>, EventError> {
        let (added_name, added_text) = added.unzip();
        let added_text = added_text.map(to_raw_value).transpose()?;
        let mut members: Vec<_> = added_name.zip(added_text.as_deref()).into_iter().collect();
        let mut is_changed = added.is_some();
        for (name, value) in self.entries() {
            let kept = kept_name(name).filter(|kept| added_name != Some(*kept));
            is_changed |= kept != Some(name);
            members.extend(kept.map(|kept| (kept, value)));
        }
        match is_changed {
            true => Ok(Some(serde_json::to_string(&Object(&members))?)),
            false => Ok(None),
        }
    }
}

/// Members to be written as an object, in their order.
pub(crate) struct Object<'a>(pub(crate) &'a [(&'a str, &'a RawValue)]);

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

/// Any JSON value, to be read to its last part and then forgotten.
#[derive(Clone, Copy)]
struct Checked<'a> {
    /// Objects and arrays that it is inside of.
    level: usize,
    /// Why it is no event, if that is not for its JSON.
    refused: &'a Cell<Option<EventError>>,
}

impl Checked<'_> {
    /// What may be inside an object or array.
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.level < limits::EVENT_DEPTH_MAX {
            true => Ok(Self {
                level: self.level.saturating_add(1),
                ..self
            }),
            false => Err(self.refuse(EventError::TooDeep)),
        }
    }

    /// Objects inside the event may have any number of members: nobody makes a list of those.
    fn check_members<E: Error>(self, members: usize) -> Result<(), E> {
        match self.level == 0 && members > limits::EVENT_MEMBERS_MAX {
            true => Err(self.refuse(EventError::TooManyMembers)),
            false => Ok(()),
        }
    }

    fn refuse<E: Error>(self, error: EventError) -> E {
        let text = E::custom(&error);
        self.refused.set(Some(error));
        text
    }
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut members = 0_usize;
        while map.next_entry_seed(inside, inside)?.is_some() {
            members = members.saturating_add(1);
            self.check_members(members)?;
        }
        Ok(())
    }
}
