//! Members that come twice in one object. Of such two, one reader takes the first and another the last:
//! what the collector checked would not be what somebody else reads.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::event::EventError;
use crate::event::json::{Entries, Name};

/// Checks that what the collector reads beside the documented members, which are checked when they are
/// read, is there once, and has no member twice however deep inside. Gives the text of
/// `metadata.audit_layer`, if there is one: what a gateway says of the call.
///
/// The rest of the metadata and the parameters of a model are as callers wrote them, from whom a gateway
/// has them: nothing is read of those, and they are kept as they are.
pub(super) fn check<'a>(
    entries: &Entries<'_>,
    metadata: Option<&'a str>,
) -> Result<Option<&'a str>, EventError> {
    check_member(entries, "erasure", ERASURE)?;
    match metadata {
        Some(metadata) => check_member(&Entries::read(metadata)?, "audit_layer", AUDIT_LAYER),
        None => Ok(None),
    }
}

fn check_member<'a>(
    entries: &Entries<'a>,
    sought: &str,
    field: &'static str,
) -> Result<Option<&'a str>, EventError> {
    let mut found = entries.iter().filter(|(name, _)| *name == sought);
    let Some((_, value)) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(EventError::MemberTwice { field });
    }
    // It is JSON: all else was checked before.
    Once.deserialize(&mut serde_json::Deserializer::from_str(value))
        .map_err(|_| EventError::TwinsInside { field })?;
    Ok(Some(value))
}

const ERASURE: &str = "erasure";

const AUDIT_LAYER: &str = "metadata.audit_layer";

/// Any JSON value in which no object has a member twice.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
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
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            names.push(name);
            map.next_value_seed(self)?;
        }
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        match names.len() == count {
            true => Ok(()),
            false => Err(A::Error::custom("a member twice")),
        }
    }
}
