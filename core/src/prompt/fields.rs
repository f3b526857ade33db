//! An object of a prompt, of which nothing may be forgotten: members are taken by name, and what is
//! left in the end is told as well.

use std::borrow::Cow;

use super::data_text;
use super::part::MessagePart;
use crate::event::Kind;
use crate::json::{self, Broken, FromObject, Json, Members, Object, Odd, Text};
use crate::limits::{FIELDS_COMPARED_MAX, MEMBER_BYTES_MAX};

/// The members of an object that have not been taken.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    members: Vec<(Cow<'static, str>, Json<'a>)>,
    /// Whether a name has capitals or is not ASCII, so that it may be another one's.
    has_other_case: bool,
}

/// Members that say nothing to a model: marks for caches, and numbers that providers give.
const IGNORED: [&str; 7] = [
    "cache_control",
    "created_at",
    "id",
    "index",
    "logprobs",
    "object",
    "type",
];

/// What a `status` is where nothing is to be said about it.
const DONE: [&str; 2] = ["\"completed\"", "\"success\""];

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

    /// The same where nothing but an object is read.
    pub fn expected(json: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::expected(json);
        read.and_then(|read| read.0).unwrap_or_default()
    }

    /// Adds a member; of one given twice the last counts.
    pub fn put(&mut self, name: &str, value: Json<'a>) {
        self.has_other_case |= !json::is_plain_name(name);
        if self.members.len() < FIELDS_COMPARED_MAX {
            self.replace(name, value);
        } else {
            // Of so many nobody compares each with each other, and none may be lost.
            value.found(Odd::Duplicate);
        }
        self.members.push((Cow::Owned(name.to_owned()), value));
    }

    /// Makes room for a member, and tells if another value takes the place of one.
    fn replace(&mut self, name: &str, value: Json<'a>) {
        let mut members = self.members.iter();
        let same = members.position(|(known, _)| known == name);
        let before = same.map(|at| self.members.remove(at));
        let differs = |(_, before): &(Cow<'static, str>, Json<'a>)| before.get() != value.get();
        let mut is_odd = before.as_ref().is_some_and(differs);
        if self.has_other_case {
            let members = self.members.iter();
            let mut same = members.filter(|(known, _)| json::is_same_name(known, name));
            is_odd |= same.any(differs);
        }
        if is_odd {
            value.found(Odd::Duplicate);
        }
    }

    /// Where a member stands: one of this name or, if there is none, one whose name is written in
    /// another case.
    fn position(&self, name: &str) -> Option<usize> {
        let own = self.members.iter().rposition(|(known, _)| known == name);
        if own.is_some() || !self.has_other_case && json::is_plain_name(name) {
            return own;
        }
        let mut others = self.members.iter();
        let at = others.rposition(|(known, _)| json::is_same_name(known, name))?;
        let (_, value) = self.members.get(at)?;
        value.found(Odd::OtherCase);
        Some(at)
    }

    /// Whether there is a member of this name that is not null.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get() != "null")
    }

    fn get(&self, name: &str) -> Option<Json<'a>> {
        self.members
            .get(self.position(name)?)
            .map(|(_, value)| *value)
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
        self.members
            .iter()
            .map(|(name, _)| &**name)
            .find(|name| *name != other)
    }

    /// Takes a member.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let (_, value) = self.members.remove(self.position(name)?);
        (value.get() != "null").then_some(value)
    }

    /// Takes the first of several members that there is.
    pub fn take_any(&mut self, names: &[&str]) -> Option<Json<'a>> {
        names.iter().find_map(|name| self.take(name))
    }

    /// Takes each of these members that there is, in the order of the names.
    pub fn take_each(&mut self, names: &[&'static str]) -> Vec<(&'static str, Json<'a>)> {
        let taken = names.iter().map(|name| Some((*name, self.take(name)?)));
        taken.flatten().collect()
    }

    /// Takes a member if it is a string.
    pub fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.position(name)?;
        let (_, value) = self.members.get(at)?;
        let Text(text) = json::read(value)?;
        let text = text?;
        self.members.remove(at);
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
            let (_, value) = self.members.remove(at);
            for (name, value) in Self::of(value).members {
                // One of the same name outside is another member, and comes after it.
                let is_compared = self.members.len() < FIELDS_COMPARED_MAX;
                let mut members = self.members.iter();
                let outer = members.position(|(known, _)| is_compared && *known == name);
                let outer = outer.map(|at| self.members.remove(at));
                self.has_other_case |= !json::is_plain_name(&name);
                self.members.push((name, value));
                self.members.extend(outer);
            }
        }
    }

    /// What has not been taken.
    pub fn into_members(self) -> impl Iterator<Item = (Cow<'static, str>, Json<'a>)> {
        self.members.into_iter()
    }

    /// Tells what has not been taken as members that nobody reads, where it belongs to no message.
    /// Numbers and words of JSON are settings.
    pub fn leave(self) {
        for (name, value) in self.members {
            let may_say = value.get().starts_with(['"', '\'', '{', '[']);
            if may_say && !is_silent(&name, value) {
                value.left(&name);
            }
        }
    }

    /// What has not been taken, as parts beside the canonical text.
    pub fn rest(self, parts: &mut Vec<MessagePart<'a>>) {
        let rest = self
            .members
            .into_iter()
            .filter(|(name, value)| !is_silent(name, *value));
        parts.extend(rest.map(|(name, value)| member(name, value)));
    }
}

/// Whether a member says nothing to a model.
fn is_silent(name: &str, value: Json<'_>) -> bool {
    let is_done = || name == "status" && DONE.contains(&value.get());
    IGNORED.contains(&name) || is_empty(value) || is_done()
}

/// Whether a value is as good as absent.
pub fn is_empty(value: Json<'_>) -> bool {
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::json::Oddities;

    #[test]
    fn none_of_many_members_is_lost() {
        for (count, is_odd) in [(FIELDS_COMPARED_MAX - 1, false), (200_000, true)] {
            let mut text = r#"{"text":"Hidden.""#.to_owned();
            for number in 1..count {
                write!(text, r#","{number}":1"#).unwrap();
            }
            text.push('}');
            let oddities = Oddities::default();
            let mut fields = Fields::of(Json::of(&text, &oddities));
            assert_eq!(oddities.has(Odd::Duplicate), is_odd);
            assert_eq!(fields.members.len(), count);
            assert_eq!(fields.text("text").as_deref(), Some("Hidden."));
        }
    }

    #[test]
    fn the_last_of_many_counts() {
        let many: String = (0..1000)
            .map(|number| format!(r#","{number}":1"#))
            .collect();
        let text = format!(r#"{{"text":"Decoy."{many},"text":"Hidden."}}"#);
        let mut fields = Fields::of(Json::from(text.as_str()));
        assert_eq!(fields.text("text").as_deref(), Some("Hidden."));
        assert_eq!(fields.text("text").as_deref(), Some("Decoy."));
    }
}
