//! The documented members of an event, and what each may hold.

use audit_layer_core::event::{Member, Need, RiskLevel, Shape};
use chrono::{DateTime, Datelike};
use serde_json::value::RawValue;

use crate::event::EventError;
use crate::event::json::Entries;
use crate::limits;

/// How an event writes the names of its members. Both are kept as snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `requestId`, as the TypeScript wrapper does.
    Camel,
    /// `request_id`, as the documentation and all others do.
    Snake,
}

impl Spelling {
    /// The spelling of the one member that no event can be without.
    pub(crate) fn of(entries: &Entries<'_>) -> Self {
        let has = |sought| entries.iter().any(|(name, _)| name == sought);
        match has(Member::RequestId.camel()) && !has(Member::RequestId.name()) {
            true => Self::Camel,
            false => Self::Snake,
        }
    }

    /// The name that a member is kept by. What is not documented keeps its own.
    pub(crate) fn kept_name(self, name: &str) -> &str {
        match self {
            Self::Snake => name,
            Self::Camel => {
                let member = Member::ALL.iter().find(|member| member.camel() == name);
                member.map_or(name, |member| member.name())
            }
        }
    }
}

/// The documented members that an event has, each of the documented type, as JSON text.
///
/// A member that is `null` is absent. Members that are not documented are not here.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    spelling: Spelling,
    values: [Option<&'a str>; Member::ALL.len()],
}

impl<'a> Members<'a> {
    /// Finds the documented members among `entries` and checks them.
    pub(crate) fn read(entries: &Entries<'a>, spelling: Spelling) -> Result<Self, EventError> {
        let mut members = Self {
            spelling,
            values: [None; Member::ALL.len()],
        };
        for (name, value) in entries.iter() {
            members.add(spelling.kept_name(name), value)?;
        }
        for (member, slot) in Member::ALL.iter().zip(&mut members.values) {
            *slot = checked(*member, *slot, spelling)?;
        }
        Ok(members)
    }

    fn add(&mut self, name: &str, value: &'a str) -> Result<(), EventError> {
        let mut slots = Member::ALL.iter().zip(&mut self.values);
        let Some((member, slot)) = slots.find(|(member, _)| member.name() == name) else {
            return Ok(());
        };
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(EventError::MemberTwice {
                field: name_in(*member, self.spelling),
            }),
        }
    }

    /// The name of a member as this event writes it.
    pub(crate) fn spelt(&self, member: Member) -> &'static str {
        name_in(member, self.spelling)
    }

    /// The JSON text of a member.
    pub(crate) fn raw(&self, member: Member) -> Option<&'a str> {
        let mut slots = Member::ALL.iter().zip(self.values);
        slots.find_map(|(one, slot)| (*one == member).then_some(slot)?)
    }

    pub(crate) fn optional_text(&self, member: Member) -> Result<Option<String>, EventError> {
        Ok(self.raw(member).map(serde_json::from_str).transpose()?)
    }

    pub(crate) fn text(&self, member: Member) -> Result<String, EventError> {
        self.optional_text(member)?
            .ok_or(EventError::MemberMissing {
                field: self.spelt(member),
                expected: expected(Shape::Text),
            })
    }

    /// Text that is short enough for an index.
    pub(crate) fn id(&self, member: Member) -> Result<String, EventError> {
        let id = self.text(member)?;
        if id.len() > limits::ID_BYTES_MAX {
            return Err(EventError::Member {
                field: self.spelt(member),
                expected: "a string of at most 1024 bytes",
            });
        }
        Ok(id)
    }

    /// A time in microseconds since 1970, UTC.
    pub(crate) fn time(&self, member: Member) -> Result<i64, EventError> {
        let text = self.text(member)?;
        match DateTime::parse_from_rfc3339(&text) {
            // It also takes Unicode's minus for the sign of a zone.
            Ok(time) if text.is_ascii() && limits::EVENT_YEARS.contains(&time.year()) => {
                Ok(time.timestamp_micros())
            }
            Ok(_) | Err(_) => Err(EventError::Member {
                field: self.spelt(member),
                expected: expected(Shape::Time),
            }),
        }
    }
}

/// The name of a member, as events of this spelling write it.
fn name_in(member: Member, spelling: Spelling) -> &'static str {
    match spelling {
        Spelling::Camel => member.camel(),
        Spelling::Snake => member.name(),
    }
}

/// The value of a member, if it has one, and is what the documentation asks for.
fn checked(
    member: Member,
    raw: Option<&str>,
    spelling: Spelling,
) -> Result<Option<&str>, EventError> {
    let (field, expected) = (name_in(member, spelling), expected(member.shape()));
    match (raw, member.need()) {
        (None, Need::Required | Need::Nullable) => {
            Err(EventError::MemberMissing { field, expected })
        }
        (None, Need::Optional) | (Some("null"), Need::Optional | Need::Nullable) => Ok(None),
        (Some(raw), _) if fits(member.shape(), raw) => Ok(Some(raw)),
        (Some(_), _) => Err(EventError::Member { field, expected }),
    }
}

/// What is said to those who send something else.
fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Count => "an integer from 0 to 2^64-1",
        Shape::Id => "a non-empty string",
        Shape::Level => "one of \"low\", \"medium\", \"high\", \"critical\"",
        Shape::Number => "a number",
        Shape::Object => "an object",
        Shape::Organization | Shape::Text => "a string",
        Shape::Texts => "an array of strings",
        Shape::Time => "an RFC 3339 time such as \"2025-02-01T10:30:00Z\", from 1678 to 2261",
    }
}

/// Whether `raw`, which is valid JSON, has this shape. The value itself is not decoded where
/// its first byte tells: prompts are long.
fn fits(shape: Shape, raw: &str) -> bool {
    match shape {
        Shape::Count => raw.parse::<u64>().is_ok(),
        Shape::Id => raw.starts_with('"') && raw != "\"\"",
        Shape::Level => serde_json::from_str::<String>(raw)
            .is_ok_and(|level| RiskLevel::named(&level).is_some()),
        Shape::Number => raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()),
        Shape::Object => raw.starts_with('{'),
        Shape::Organization | Shape::Text | Shape::Time => raw.starts_with('"'),
        Shape::Texts => serde_json::from_str::<Vec<&RawValue>>(raw)
            .is_ok_and(|items| items.iter().all(|item| fits(Shape::Text, item.get()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_on_a_risk_level_names_every_one() {
        let names = RiskLevel::NAMES.iter().map(|name| format!("{name:?}"));
        let names = names.collect::<Vec<_>>().join(", ");
        assert_eq!(expected(Shape::Level), format!("one of {names}"));
    }
}
