//! From the recipients of sealed content as written to what seals it.

use std::sync::Arc;

use super::error::ConfigError;
use super::raw::{RawRecipient, RawSeal};
use crate::limits::{KEY_ID_BYTES_MAX, RECIPIENTS_MAX};
use crate::sealing::{Entropy, NoSealer, PublicKey, Recipient, Sealer};

const AT: &str = "seal.recipients";

/// `is_used` where some content is sealed.
pub(super) fn sealer(
    RawSeal { recipients: raw }: RawSeal,
    is_used: bool,
    entropy: Entropy,
) -> Result<Option<Arc<Sealer>>, ConfigError> {
    let reason = match (is_used, raw.len()) {
        (false, 0) => return Ok(None),
        (false, _) => "is used only by the content level \"sealed\"".to_owned(),
        (true, 0) => "required by the content level \"sealed\"".to_owned(),
        (true, count) if count > RECIPIENTS_MAX => {
            format!("must have at most {RECIPIENTS_MAX} recipients")
        }
        (true, _) => {
            let recipients = recipients(raw)?;
            return Sealer::new(recipients, entropy)
                .map(|sealer| Some(Arc::new(sealer)))
                .map_err(refused);
        }
    };
    Err(ConfigError::new(AT, reason))
}

fn recipients(raw: Vec<RawRecipient>) -> Result<Vec<Recipient>, ConfigError> {
    let mut recipients: Vec<Recipient> = Vec::with_capacity(raw.len());
    for (number, RawRecipient { key_id, public_key }) in raw.into_iter().enumerate() {
        let at = format!("{AT}[{number}]");
        let public_key = PublicKey::parse(&public_key)
            .map_err(|error| ConfigError::new(&format!("{at}.public_key"), error))?;
        let key_id = key_id.unwrap_or_else(|| public_key.id());
        let is_right = (1..=KEY_ID_BYTES_MAX).contains(&key_id.len());
        let is_known = recipients.iter().any(|known| known.key_id == key_id);
        let is_known_key = recipients
            .iter()
            .any(|known| known.public_key == public_key);
        let (member, reason) = if !is_right {
            let reason = format!("must have from 1 to {KEY_ID_BYTES_MAX} bytes");
            ("key_id", reason)
        } else if is_known_key {
            ("public_key", "is that of another recipient".to_owned())
        } else if is_known {
            ("key_id", "is that of another recipient".to_owned())
        } else {
            recipients.push(Recipient { key_id, public_key });
            continue;
        };
        return Err(ConfigError::new(&format!("{at}.{member}"), reason));
    }
    Ok(recipients)
}

fn refused(reason: NoSealer) -> ConfigError {
    match reason {
        NoSealer::Entropy => ConfigError::new(
            "capture.content",
            "cannot be \"sealed\": the host has no random bytes",
        ),
        NoSealer::Recipient(number) => {
            let at = format!("{AT}[{number}].public_key");
            ConfigError::new(&at, "is no key that content can be sealed for")
        }
    }
}
