//! A part of an event, as it was written: numbers stay as they are, and what is missing stays missing.

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

    /// The members of an object, in their order.
    pub(crate) fn members(self) -> Vec<(String, Self)> {
        let entries = self.0.and_then(|text| Entries::read(text).ok());
        let entries = entries.iter().flat_map(Entries::iter);
        entries
            .map(|(name, text)| (name.to_owned(), Self(Some(text))))
            .collect()
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
        }
    }
}
