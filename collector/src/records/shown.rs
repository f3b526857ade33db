//! An access record as answers and commands show it.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::access::Scope;
use crate::store::{AccessRecord, Who};
use crate::time;

/// One access record. What is not known, or does not apply, is `null`.
#[derive(Debug, Serialize)]
pub struct Shown {
    id: String,
    timestamp: String,
    until: Option<String>,
    action: String,
    result: String,
    status: Option<u16>,
    organization_id: Option<String>,
    key_id: Option<String>,
    key_name: Option<String>,
    session: Option<String>,
    os_user: Option<String>,
    address: Option<String>,
    forwarded_for: Option<String>,
    query: Option<Box<RawValue>>,
    ids: Vec<String>,
    items: Option<i64>,
    times: i64,
    is_withheld: bool,
}

impl Shown {
    /// The members, in their order.
    pub(crate) const NAMES: [&'static str; 18] = [
        "id",
        "timestamp",
        "until",
        "action",
        "result",
        "status",
        "organization_id",
        "key_id",
        "key_name",
        "session",
        "os_user",
        "address",
        "forwarded_for",
        "query",
        "ids",
        "items",
        "times",
        "is_withheld",
    ];

    /// What a key of this scope gets to see: of what may be of any organization, that it was, and not
    /// what was asked for, which may name others.
    pub(crate) fn to(record: AccessRecord, scope: &Scope) -> Self {
        let is_withheld = *scope != Scope::All && record.organization_id.is_none();
        let mut shown = Self::of(record);
        if is_withheld {
            shown.is_withheld = true;
            shown.query = None;
            shown.ids = Vec::new();
        }
        shown
    }

    /// All of it.
    pub(crate) fn of(record: AccessRecord) -> Self {
        let Who {
            key_id,
            key_name,
            session,
            os_user,
            address,
            forwarded_for,
        } = record.who;
        Self {
            id: record.id,
            timestamp: time::text(record.at),
            until: record.until.map(time::text),
            action: record.action.into_owned(),
            result: record.result.into_owned(),
            status: record.status,
            organization_id: record.organization_id,
            key_id,
            key_name,
            session,
            os_user,
            address,
            forwarded_for,
            query: record
                .query
                .and_then(|query| RawValue::from_string(query).ok()),
            ids: record.ids,
            items: record.items,
            times: record.times,
            is_withheld: false,
        }
    }

    /// When, as RFC 3339 in UTC.
    pub fn timestamp(&self) -> &str {
        &self.timestamp
    }

    /// What was done.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// `ok`, or the code of the error.
    pub fn result(&self) -> &str {
        &self.result
    }

    /// How many things were given out or changed, if that is known.
    pub fn items(&self) -> Option<i64> {
        self.items
    }

    /// How often the same was given to the same.
    pub fn times(&self) -> i64 {
        self.times
    }

    /// What was asked for, as a JSON object that a terminal shows and does not obey.
    pub fn query(&self) -> Option<String> {
        let query = self.query.as_deref().map(RawValue::get)?;
        let shown = query.chars().flat_map(|c| {
            let is_json = matches!(c, '"' | '\\' | '\'');
            let escaped = (!is_json).then(|| c.escape_debug());
            escaped.into_iter().flatten().chain(is_json.then_some(c))
        });
        Some(shown.collect())
    }

    /// Who, and from where, in words.
    pub fn who(&self) -> String {
        let key = match (&self.key_id, &self.key_name) {
            (Some(id), Some(name)) => Some(format!("{id} {name:?}")),
            (id, _) => id.clone(),
        };
        let session = self.session.as_ref().map(|session| format!("({session})"));
        let address = self
            .address
            .as_ref()
            .map(|address| format!("from {address}"));
        let claimed = self.forwarded_for.as_ref();
        let claimed = claimed.map(|claimed| format!("(claims to be for {claimed:?})"));
        let who = key.or_else(|| self.os_user.clone());
        let who = who.or_else(|| Some("unknown".to_owned()));
        let words = [who, session, address, claimed].into_iter().flatten();
        words.collect::<Vec<_>>().join(" ")
    }

    /// All of it, as JSON.
    pub fn json(&self) -> String {
        // Texts and numbers always can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The members as cells of a table, empty where they are `null`.
    pub(crate) fn cells(self) -> [String; 18] {
        let number =
            |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
        [
            self.id,
            self.timestamp,
            self.until.unwrap_or_default(),
            self.action,
            self.result,
            number(self.status.map(i64::from)),
            self.organization_id.unwrap_or_default(),
            self.key_id.unwrap_or_default(),
            self.key_name.unwrap_or_default(),
            self.session.unwrap_or_default(),
            self.os_user.unwrap_or_default(),
            self.address.unwrap_or_default(),
            self.forwarded_for.unwrap_or_default(),
            self.query
                .map_or(String::new(), |query| query.get().to_owned()),
            serde_json::json!(self.ids).to_string(),
            number(self.items),
            self.times.to_string(),
            self.is_withheld.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Action;

    #[test]
    fn every_member_has_its_column() {
        let shown = Shown::of(AccessRecord::new(Action::EventRead, Who::default()));
        let text = serde_json::to_string(&shown).unwrap();
        let places = Shown::NAMES.map(|name| text.find(&format!("\"{name}\":")).unwrap());
        assert!(places.is_sorted());
        let members: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(members.as_object().unwrap().len(), Shown::NAMES.len());
    }
}
