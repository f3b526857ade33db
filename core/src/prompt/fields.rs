//! An object of a prompt, of which nothing may be forgotten: members are taken by name, and what is
//! left in the end is told as well.

use std::borrow::Cow;

use super::data_text;
use super::part::{Kind, MessagePart};
use crate::json::{self, Broken, FromObject, Json, Members, Object, Odd, Text};
use crate::limits::MEMBER_BYTES_MAX;

/// The members of an object that have not been taken.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'static, str>, Json<'a>)>);

/// Members that say nothing to a model: marks for caches, and numbers that providers give.
const IGNORED: [&str; 10] = [
    "annotations",
    "cache_control",
    "created_at",
    "id",
    "index",
    "logprobs",
    "object",
    "phase",
    "status",
    "type",
];

impl<'de> FromObject<'de> for Fields<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        self.put(name, value.next_value()?);
        Ok(())
    }
}

impl<'a> Fields<'a> {
    /// The members of an object; none if the value is something else.
    pub fn of(json: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(json);
        read.and_then(|read| read.0).unwrap_or_default()
    }

    /// Adds a member; of one given twice the last counts.
    pub fn put(&mut self, name: &str, value: Json<'a>) {
        let is_other = |(known, other): &(Cow<'static, str>, Json<'a>)| {
            json::is_same_name(known, name) && other.get() != value.get()
        };
        if self.0.iter().any(is_other) {
            value.found(Odd::Duplicate);
        }
        self.0.retain(|(known, _)| known != name);
        self.0.push((Cow::Owned(name.to_owned()), value));
    }

    /// Where a member stands: one of this name or, if there is none, one whose name is written in
    /// another case.
    fn position(&self, name: &str) -> Option<usize> {
        let own = self.0.iter().position(|(known, _)| known == name);
        own.or_else(|| {
            let mut others = self.0.iter();
            let at = others.rposition(|(known, _)| json::is_same_name(known, name))?;
            let (_, value) = self.0.get(at)?;
            value.found(Odd::OtherCase);
            Some(at)
        })
    }

    /// Whether there is a member of this name that is not null.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get() != "null")
    }

    fn get(&self, name: &str) -> Option<Json<'a>> {
        self.0.get(self.position(name)?).map(|(_, value)| *value)
    }

    /// Whether there is a string of this name.
    pub fn is_text(&self, name: &str) -> bool {
        self.get(name).is_some_and(Json::is_string)
    }

    /// Whether there is a list of this name.
    pub fn is_list(&self, name: &str) -> bool {
        let value = self.get(name);
        value.is_some_and(|value| value.get().starts_with('['))
    }

    /// The name of the first member but `other`, where one member says what an object is.
    pub fn first_name_but(&self, other: &str) -> Option<&str> {
        self.0
            .iter()
            .map(|(name, _)| &**name)
            .find(|name| *name != other)
    }

    /// Takes a member.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let (_, value) = self.0.remove(self.position(name)?);
        (value.get() != "null").then_some(value)
    }

    /// Takes the first of several members that there is.
    pub fn take_any(&mut self, names: &[&str]) -> Option<Json<'a>> {
        names.iter().find_map(|name| self.take(name))
    }

    /// Takes a member if it is a string.
    pub fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.position(name)?;
        let (_, value) = self.0.get(at)?;
        let Text(text) = json::read(value)?;
        let text = text?;
        self.0.remove(at);
        Some(text)
    }

    /// Takes the first of several members that is a string.
    pub fn any_text(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.text(name))
    }

    /// Puts the members of an object in its place; a member that is no object stays.
    pub fn flatten(&mut self, name: &str) {
        let is_object = |value: &Json<'_>| value.get().starts_with('{');
        if self.get(name).as_ref().is_some_and(is_object)
            && let Some(at) = self.position(name)
        {
            let (_, value) = self.0.remove(at);
            for (name, value) in Self::of(value).0 {
                // One of the same name outside is another member, and comes after it.
                let outer = self.0.iter().position(|(known, _)| *known == name);
                let outer = outer.map(|at| self.0.remove(at));
                self.0.push((name, value));
                self.0.extend(outer);
            }
        }
    }

    /// What has not been taken.
    pub fn into_members(self) -> impl Iterator<Item = (Cow<'static, str>, Json<'a>)> {
        self.0.into_iter()
    }

    /// What has not been taken, as parts beside the canonical text.
    pub fn rest(self, parts: &mut Vec<MessagePart<'a>>) {
        let rest = self
            .0
            .into_iter()
            .filter(|(name, value)| !IGNORED.contains(&&**name) && !is_empty(*value));
        parts.extend(rest.map(|(name, value)| member(name, value)));
    }
}

/// Whether a value is as good as absent.
fn is_empty(value: Json<'_>) -> bool {
    let text = value.get();
    let between = |open, close| {
        let inner = text.strip_prefix(open)?.strip_suffix(close)?;
        Some(inner.trim_ascii().is_empty())
    };
    let brackets = between('[', ']').or_else(|| between('{', '}'));
    brackets.unwrap_or(matches!(text, "null" | "false" | "\"\""))
}

/// A member that no reader knows: itself if it is short, or else its size and hash.
pub(super) fn member<'a>(name: Cow<'static, str>, value: Json<'a>) -> MessagePart<'a> {
    let part = if value.get().len() <= MEMBER_BYTES_MAX {
        MessagePart::beside(Kind::Other, data_text(value))
    } else {
        MessagePart::hashed_json(Kind::Other, value)
    };
    part.typed(name)
}
