//! Whether the texts of an event have the hashes that were recorded with them.

use audit_layer_core::event::Member;
use audit_layer_core::note::Note;
use serde::Serialize;

use crate::hash::sha256;
use crate::report::decision::conversation;
use crate::report::members::{ERASED, Members};

/// What became of comparing one hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// Which hash: `prompt_hash`, `response_hash` or `conversation_hash`.
    hash: &'static str,
    /// As it was recorded; `None` if there is none.
    recorded: Option<String>,
    /// SHA-256 of the text in the event, where it can be compared.
    computed: Option<String>,
    result: Outcome,
    /// Why it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    CannotBeChecked,
    Differs,
    Matches,
}

/// The hash of the prompt, and of the answer where a gateway made one.
pub(crate) fn all(event: &Members<'_>) -> Vec<Check> {
    let prompt = Check::new(&Side::PROMPT, event, event.get(Member::PromptHash).text());
    let answer = event.gateway("response", "hash").text();
    // Erasing drops the answer's hash.
    let has_answer = answer.is_some() || event.erased().is_some();
    let answer = has_answer.then(|| Check::new(&Side::ANSWER, event, answer));
    let conversation = event.part("prompt").is_object();
    let conversation = conversation.then(|| Check::of_conversation(event));
    [prompt]
        .into_iter()
        .chain(answer)
        .chain(conversation)
        .collect()
}

/// What differs between prompts and answers.
struct Side {
    hash: &'static str,
    /// What the levels of content call it.
    part: &'static str,
    content: Member,
    note_when_cut: Note,
    /// Whether the hash is of the text as it was before a credential was taken out of it.
    is_of_text_as_sent: bool,
    /// Whether erasing an event drops the hash too.
    is_hash_erased: bool,
}

impl Side {
    const PROMPT: Self = Self {
        hash: Member::PromptHash.name(),
        part: "prompt",
        content: Member::PromptContent,
        note_when_cut: Note::PromptContentTruncated,
        is_of_text_as_sent: true,
        is_hash_erased: true,
    };
    const ANSWER: Self = Self {
        hash: "response_hash",
        part: "answer",
        content: Member::ResponseContent,
        note_when_cut: Note::ResponseContentTruncated,
        is_of_text_as_sent: false,
        is_hash_erased: true,
    };
}

impl Check {
    fn new(side: &Side, event: &Members<'_>, recorded: Option<String>) -> Self {
        let recorded = recorded.filter(|hash| !hash.is_empty());
        let reason = side.obstacle(event, recorded.as_deref());
        let content = event.get(side.content).text().unwrap_or_default();
        let computed = match reason {
            Some(reason) => Err(reason),
            None => Ok(sha256(&content)),
        };
        Self::compared(side.hash, recorded, computed)
    }

    /// The hash that pins the parts of the prompt down.
    fn of_conversation(event: &Members<'_>) -> Self {
        let recorded = event.part("prompt").get("hash").text();
        let recorded = recorded.filter(|hash| !hash.is_empty());
        let computed = match readable(recorded.as_deref()) {
            Err(reason) => Err(reason),
            Ok(()) if event.has_only_hashes("prompt") => Err(ONLY_HASHES),
            Ok(()) if event.is_redacted("prompt") => Err(REDACTED),
            Ok(()) if event.is_stub() => Err(NO_CONTENT),
            Ok(()) => conversation::hash(event),
        };
        Self::compared(CONVERSATION, recorded, computed)
    }

    /// `computed` is what the event gives, or why it gives none.
    fn compared(
        hash: &'static str,
        recorded: Option<String>,
        computed: Result<String, &'static str>,
    ) -> Self {
        let reason = computed.as_ref().err().copied();
        let computed = computed.ok();
        let is_same = computed.as_deref().map(hex) == recorded.as_deref().map(hex);
        Self {
            hash,
            result: match (reason, is_same) {
                (Some(_), _) => Outcome::CannotBeChecked,
                (None, true) => Outcome::Matches,
                (None, false) => Outcome::Differs,
            },
            recorded,
            computed,
            reason,
        }
    }

    pub(crate) fn differs(&self) -> bool {
        self.result == Outcome::Differs
    }

    /// The result in a few words.
    pub(crate) fn word(&self) -> String {
        match (self.result, self.reason) {
            (Outcome::Matches, _) => "matches the recorded text".to_owned(),
            (Outcome::Differs, _) => "differs from the recorded text".to_owned(),
            (Outcome::CannotBeChecked, reason) => {
                format!("cannot be checked: {}", reason.unwrap_or_default())
            }
        }
    }

    /// The result as a sentence of a report.
    pub(crate) fn sentence(&self) -> String {
        let (what, of) = match self.hash {
            hash if hash == Side::PROMPT.hash => ("the prompt", "text"),
            CONVERSATION => ("the conversation", "turns"),
            _ => ("the answer", "text"),
        };
        match (&self.result, &self.computed, self.reason) {
            (Outcome::Matches, ..) => {
                format!(
                    "The hash of {what} matches: the SHA-256 of the recorded {of} is the recorded hash."
                )
            }
            (Outcome::Differs, Some(computed), _) => format!(
                "The hash of {what} differs: the SHA-256 of the recorded {of} is {computed}. The recorded content \
                 is not what was hashed, or it was changed."
            ),
            (_, _, reason) => {
                let reason = reason.unwrap_or_default();
                format!("The hash of {what} cannot be checked: {reason}.")
            }
        }
    }
}

impl Side {
    /// Why the text in the event does not tell whether the hash is right.
    fn obstacle(&self, event: &Members<'_>, recorded: Option<&str>) -> Option<&'static str> {
        if recorded.is_none() && self.is_hash_erased && event.erased().is_some() {
            return Some(ERASED);
        }
        if let Err(reason) = readable(recorded) {
            return Some(reason);
        }
        if event.erased().is_some() {
            return Some("the text was erased, if it was recorded");
        }
        if event.has_only_hashes(self.part) {
            return Some(ONLY_HASHES);
        }
        if event.is_redacted(self.part) {
            return Some(REDACTED);
        }
        if event.is_stub() {
            return Some(NO_CONTENT);
        }
        if event.has_note(self.note_when_cut) {
            return Some("the text is truncated in the event, but the hash covers all of it");
        }
        if self.is_of_text_as_sent && has_mark(event, self.content) {
            return Some(
                "a credential was removed from the text, but the hash covers the text as sent",
            );
        }
        None
    }
}

/// Whether a hash can be compared with one that is made here.
fn readable(recorded: Option<&str>) -> Result<(), &'static str> {
    let recorded = recorded.ok_or("none was recorded")?;
    if recorded.starts_with("hmac-sha256:") {
        return Err("it was computed with a key that the collector does not have");
    }
    let digits = hex(recorded);
    match digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err("it is not a SHA-256 hash"),
    }
}

const CONVERSATION: &str = "conversation_hash";

const ONLY_HASHES: &str = "the gateway is configured to record only hashes";

const REDACTED: &str =
    "the gateway is configured to redact the text, but the hash covers the text as sent";

const NO_CONTENT: &str =
    "the content was not kept in the gateway’s log, from which the event was imported";

/// Whether a mark stands in this text in the place of a credential. The note does not say in which
/// text it does.
fn has_mark(event: &Members<'_>, content: Member) -> bool {
    let text = event.get(content).text().unwrap_or_default();
    event.has_note(Note::CredentialRemoved)
        && ["[credential]", "[hidden]"]
            .iter()
            .any(|mark| text.contains(mark))
}

/// The digits of SHA-256, with or without its name before them.
fn hex(hash: &str) -> String {
    hash.strip_prefix("sha256:")
        .unwrap_or(hash)
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Log;

    fn prompt_check(hash: &str, more: &serde_json::Value) -> Check {
        let mut event = json!({"prompt_content": "Hi", "prompt_hash": hash});
        let members = event.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        all(&Members::of(&Log::of(&event))).remove(0)
    }

    #[test]
    fn the_hash_is_compared_in_every_form_in_which_it_is_written() {
        let whole = sha256("Hi");
        let bare = hex(&whole);
        for hash in [&whole, &bare, &bare.to_uppercase()] {
            assert_eq!(
                prompt_check(hash, &json!({})).result,
                Outcome::Matches,
                "{hash}"
            );
        }
        let other = prompt_check(&sha256("hi"), &json!({}));
        assert!(other.differs());
        assert_eq!(other.computed, Some(whole.clone()));
        assert!(other.sentence().contains(&whole));
    }

    #[test]
    fn a_credential_in_another_text_keeps_no_hash_from_being_compared() {
        let more =
            json!({"metadata": {"audit_layer": {"capture": {"notes": ["credential_removed"]}}}});
        assert_eq!(prompt_check(&sha256("Hi"), &more).result, Outcome::Matches);
        assert!(prompt_check(&sha256("hi"), &more).differs());
    }

    #[test]
    fn an_event_with_content_is_checked_whatever_it_says_of_erasure() {
        let more = json!({"erasure": {"event_hash": "x"}});
        assert!(prompt_check(&sha256("hi"), &more).differs());
    }

    #[test]
    fn what_cannot_be_checked_says_why() {
        let whole = sha256("Hi");
        let capture = |capture| json!({"metadata": {"audit_layer": {"capture": capture}}});
        let cases = [
            ("", json!({}), "none was recorded"),
            ("hmac-sha256:00", json!({}), "a key"),
            ("sha256:abc123...", json!({}), "not a SHA-256 hash"),
            (
                &whole,
                json!({"erasure": {"event_hash": "x"}, "prompt_content": ""}),
                "erased",
            ),
            (
                &whole,
                capture(json!({"content": "hash_only"})),
                "only hashes",
            ),
            (
                &whole,
                capture(json!({"content": {"prompt": "none", "answer": "full"}})),
                "only hashes",
            ),
            (
                &whole,
                capture(json!({"content": "redacted"})),
                "redact the text",
            ),
            (
                &whole,
                capture(json!({"content": "not_logged"})),
                "not kept in the gateway’s log",
            ),
            (
                &whole,
                capture(json!({"notes": ["prompt_content_truncated"]})),
                "truncated",
            ),
            (
                &whole,
                {
                    let mut more = capture(json!({"notes": ["credential_removed"]}));
                    more["prompt_content"] = json!("Hi [credential]****");
                    more
                },
                "credential",
            ),
        ];
        for (hash, more, why) in cases {
            let check = prompt_check(hash, &more);
            assert_eq!(check.result, Outcome::CannotBeChecked);
            assert_eq!(check.computed, None);
            assert!(check.sentence().contains(why), "{}", check.sentence());
        }
    }
}
