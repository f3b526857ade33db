//! A part of an event, as it was written: numbers stay as they are, and what is missing stays missing.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::event::json::Entries;

/// A value in an event, or that there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a>(Option<&'a str>);

impl<'a> Node<'a> {
    pub(crate) const NONE: Self = Self(None);

    /// The value that this is the text of.
    pub(crate) fn of(text: &'a str) -> Self {
        Self(Some(text))
    }

    /// A member. Of what is no object, none.
    pub(crate) fn get(self, name: &str) -> Self {
        let entries = self.0.and_then(|text| Entries::read(text).ok());
        let found = entries.and_then(|entries| {
            entries
                .iter()
                .find(|(one, _)| *one == name)
                .map(|(_, text)| text)
        });
        Self(found)
    }

    /// Its text, if it is one.
    pub(crate) fn text(self) -> Option<String> {
        serde_json::from_str(self.0?).ok()
    }

    /// For people: a text as it is, all else as JSON, nothing for null.
    pub(crate) fn shown(self) -> Option<String> {
        match self.0? {
            "null" => None,
            text => Some(self.text().unwrap_or_else(|| text.to_owned())),
        }
    }

    /// Its number, if it is one that can be counted with.
    pub(crate) fn count(self) -> Option<u64> {
        self.0?.parse().ok()
    }

    /// Whether there is an object.
    pub(crate) fn is_object(self) -> bool {
        self.0.is_some_and(|text| text.starts_with('{'))
    }

    /// Whether there is nothing, not even null.
    pub(crate) fn is_missing(self) -> bool {
        self.0.is_none()
    }

    /// Whether null was written.
    pub(crate) fn is_null(self) -> bool {
        self.0 == Some("null")
    }

    /// How much JSON it is.
    pub(crate) fn bytes(self) -> usize {
        self.0.map_or(0, str::len)
    }

    /// The members of an object, in their order.
    pub(crate) fn members(self) -> Vec<(String, Self)> {
        let entries = self.0.and_then(|text| Entries::read(text).ok());
        let entries = entries.iter().flat_map(Entries::iter);
        entries
            .map(|(name, text)| (name.to_owned(), Self(Some(text))))
            .collect()
    }

    /// The first items of an array, `max` at most, and how many there are; `None` of what is none.
    pub(crate) fn list(self, max: usize) -> Option<(Vec<Self>, usize)> {
        let mut text = serde_json::Deserializer::from_str(self.0?);
        let list = text.deserialize_seq(ListVisitor { max }).ok()?;
        let first = list.first.into_iter();
        Some((
            first.map(|item| Self(Some(item.get()))).collect(),
            list.count,
        ))
    }

    /// The items of an array.
    pub(crate) fn items(self) -> Vec<Self> {
        let items = self
            .0
            .and_then(|text| serde_json::from_str::<Vec<&RawValue>>(text).ok());
        let items = items.unwrap_or_default().into_iter();
        items.map(|item| Self(Some(item.get()))).collect()
    }
}

/// The members of an object, read once.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(String, Node<'a>)>);

impl<'a> Fields<'a> {
    /// Of what is no object there are none.
    pub(crate) fn of(node: Node<'a>) -> Self {
        Self(node.members())
    }

    /// A member.
    pub(crate) fn get(&self, name: &str) -> Node<'a> {
        let found = self.0.iter().find(|(one, _)| one == name);
        found.map_or(Node::NONE, |(_, node)| *node)
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Node<'a>)> {
        self.0.iter().map(|(name, node)| (name.as_str(), *node))
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = self
            .0
            .and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        raw.serialize(serializer)
    }
}

/// The first items of an array, and how many there are: a stranger's may have millions.
struct List<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

struct ListVisitor {
    max: usize,
}

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<'de>, A::Error> {
        let mut first = Vec::new();
        while first.len() < self.max
            && let Some(item) = items.next_element()?
        {
            first.push(item);
        }
        let mut count = first.len();
        while items.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(List { first, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stays_missing() {
        let node = Node::of(r#"{"a": {"b": [1.0, "x", null]}, "n": null, "c": 7}"#);
        assert_eq!(node.get("a").get("b").items().len(), 3);
        let shown: Vec<_> = node
            .get("a")
            .get("b")
            .items()
            .into_iter()
            .map(Node::shown)
            .collect();
        assert_eq!(shown, [Some("1.0".to_owned()), Some("x".to_owned()), None]);
        assert_eq!(node.get("c").count(), Some(7));
        for missing in [
            node.get("x"),
            node.get("c").get("x"),
            node.get("n").get("x"),
        ] {
            assert_eq!(missing.shown(), None);
            assert!(missing.items().is_empty() && missing.members().is_empty());
            assert!(!missing.is_object());
            assert!(missing.list(1).is_none());
        }
        assert!(node.get("x").is_missing() && !node.get("n").is_missing());
        assert!(node.get("n").is_null() && !node.get("x").is_null());
        let (first, count) = node.get("a").get("b").list(2).unwrap();
        assert_eq!((first.len(), count), (2, 3));
        assert!(Node::of("{}").list(2).is_none());
    }
}
