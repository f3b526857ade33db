//! The id in which coding agents put an account and a session together.
//!
//! Anthropic's `metadata.user_id` is one string. Claude Code writes `user_<64 hex digits>_account_<UUID or
//! nothing>_session_<UUID>` into it, and in later versions a JSON object as text, with `device_id`,
//! `account_uuid` and `session_id`.

use super::known::Ids;
use crate::json::{self, Text};

/// The account, or else the device, as the user; and the session. Any other id is the user's as it is.
pub(crate) fn split(user_id: &str) -> Ids {
    joined(user_id)
        .or_else(|| object(user_id))
        .unwrap_or_else(|| Ids {
            user_id: filled(user_id),
            session_id: None,
        })
}

fn joined(text: &str) -> Option<Ids> {
    let rest = text.strip_prefix("user_")?;
    let (device, rest) = rest.split_once("_account_")?;
    let (account, session) = rest.split_once("_session_")?;
    let is_device = device.len() == 64 && device.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_device.then(|| Ids {
        user_id: filled(account).or_else(|| filled(device)),
        session_id: filled(session),
    })
}

fn object(text: &str) -> Option<Ids> {
    let wire: CompoundWire<'_> = text.starts_with('{').then(|| json::object(text))??;
    let id = |text: Text<'_>| text.0.as_deref().and_then(filled);
    let (account, device) = (id(wire.account_uuid), id(wire.device_id));
    let ids = Ids {
        user_id: account.or(device),
        session_id: id(wire.session_id),
    };
    (ids != Ids::default()).then_some(ids)
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

json::wire! {
    struct CompoundWire<'a> {
        account_uuid: Text<'a> = "account_uuid",
        device_id: Text<'a> = "device_id",
        session_id: Text<'a> = "session_id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_session_are_told_apart() {
        let device = "0123456789abcdef".repeat(4);
        let account = "5f3e1b8c-0000-4000-8000-000000000001";
        let joined = |account: &str| format!("user_{device}_account_{account}_session_s-1");
        let object = |account: &str| {
            format!(r#"{{"device_id":"{device}","account_uuid":"{account}","session_id":"s-1"}}"#)
        };
        for (text, user, session) in [
            (joined(account), account, Some("s-1")),
            (joined(""), &device, Some("s-1")),
            (object(account), account, Some("s-1")),
            (object(""), &device, Some("s-1")),
            ("alice".to_owned(), "alice", None),
            (
                "user_alice_account_x_session_y".to_owned(),
                "user_alice_account_x_session_y",
                None,
            ),
            (
                "{\"name\":\"alice\"}".to_owned(),
                "{\"name\":\"alice\"}",
                None,
            ),
            ("{alice".to_owned(), "{alice", None),
        ] {
            let ids = split(&text);
            assert_eq!(ids.user_id.as_deref(), Some(user), "{text}");
            assert_eq!(ids.session_id.as_deref(), session, "{text}");
        }
        assert_eq!(split(""), Ids::default());
    }
}
