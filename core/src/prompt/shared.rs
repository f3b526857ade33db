//! Names that several parts have together: what a tool gave and documents may be of any number of
//! parts, all with one id or title.

use std::borrow::Cow;

use super::MessagePart;
use crate::limits::SHARED_NAME_BYTES_MAX;

/// A name of several parts. The first of them alone has one that is longer than
/// [`SHARED_NAME_BYTES_MAX`]: a body of it and of many small parts would else cost the product of
/// both, in memory and in what is hashed.
#[derive(Debug, Clone, Default)]
pub struct Shared<'a>(Option<Cow<'a, str>>);

impl<'a> From<Option<Cow<'a, str>>> for Shared<'a> {
    fn from(name: Option<Cow<'a, str>>) -> Self {
        Self(name)
    }
}

impl<'a> Shared<'a> {
    /// What the next part has of it.
    pub fn give(&mut self) -> Option<Cow<'a, str>> {
        match &self.0 {
            Some(name) if is_long(name) => self.0.take(),
            name => name.clone(),
        }
    }
}

/// Whether only the first of several parts has a name or a role.
pub(super) fn is_long(name: &str) -> bool {
    name.len() > SHARED_NAME_BYTES_MAX
}

/// Parts as what one call of a tool gave, with the call's id and the tool's name.
pub fn results<'a>(
    parts: impl IntoIterator<Item = MessagePart<'a>>,
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
) -> impl Iterator<Item = MessagePart<'a>> {
    let (mut id, mut name) = (Shared(id), Shared(name));
    parts.into_iter().map(move |part| {
        let id = part.id.is_none().then(|| id.give()).flatten();
        let name = part.name.is_none().then(|| name.give()).flatten();
        part.as_result(id, name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(id: &str) -> Vec<Option<String>> {
        let own = MessagePart {
            id: Some("own".into()),
            ..MessagePart::text("a".into())
        };
        let parts = [
            own,
            MessagePart::text("b".into()),
            MessagePart::text("c".into()),
        ];
        results(parts, Some(id.to_owned().into()), None)
            .map(|part| part.id.map(Cow::into_owned))
            .collect()
    }

    #[test]
    fn a_long_name_is_that_of_the_first_part_that_has_none() {
        let own = || Some("own".to_owned());
        let short = "i".repeat(SHARED_NAME_BYTES_MAX);
        let shared = Some(short.clone());
        assert_eq!(ids(&short), [own(), shared.clone(), shared]);
        let long = format!("{short}i");
        assert_eq!(ids(&long), [own(), Some(long.clone()), None]);
    }
}
