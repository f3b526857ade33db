//! The hash of a conversation, made again of what the event has of it. `core/PROMPT.md` says how.

use audit_layer_core::event::{Kind, Member};
use audit_layer_core::note::Note;
use sha2::{Digest, Sha256};

use crate::event::{Fields, Node};
use crate::limits;
use crate::report::members::Members;

/// SHA-256 of the conversation as `sha256:<hex>`, or why the event does not tell it.
pub(crate) fn hash(event: &Members<'_>) -> Result<String, &'static str> {
    let listed = event.part("prompt").get("parts");
    let (parts, count) = listed.list(limits::REPORT_PARTS_MAX).ok_or(ANOTHER_FORM)?;
    if parts.len() < count || event.has_note(Note::PromptPartsTruncated) {
        return Err("not all parts are listed, but the hash covers all");
    }
    if event.has_note(Note::NameTruncated) {
        return Err("a name is truncated in the event, but the hash covers all of it");
    }
    if event.has_note(Note::CredentialRemoved) {
        return Err("a credential was removed from a text, but the hash covers the texts as sent");
    }
    let are_texts_cut = event.has_note(Note::PromptContentTruncated);
    let mut record = Record(Sha256::new());
    record.0.update("audit-layer/prompt/1\n");
    let prompt_hash = event.get(Member::PromptHash).text().unwrap_or_default();
    record
        .0
        .update(digest(&prompt_hash).ok_or("the hash of the prompt is not a SHA-256 hash")?);
    for part in parts {
        let part = Fields::of(part);
        if are_texts_cut && is_only_hash(&part) {
            return Err("a text is truncated in the event, but the hash covers all of it");
        }
        record.part(&part).ok_or(ANOTHER_FORM)?;
    }
    let hex = record.0.finalize();
    let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256:{hex}"))
}

struct Record(Sha256);

impl Record {
    /// Adds a part, if it is of the expected form.
    fn part(&mut self, part: &Fields<'_>) -> Option<()> {
        self.number(part.get("message").count()?);
        self.string(&part.get("role").text()?);
        let said = part
            .get("text")
            .text()
            .or_else(|| part.get("arguments").text());
        let has = |name| !part.get(name).is_missing();
        if said.is_none() && !has("at") && !has("reference") && !has("hash") {
            self.0.update("-");
            return Some(());
        }
        let kind = Kind::named(&part.get("kind").text()?)?;
        self.0.update(letter(kind));
        for name in ["type", "id", "name"] {
            self.optional(part.get(name))?;
        }
        if has("at") {
            self.0.update("p");
            self.number(part.get("at").count()?);
            self.number(part.get("bytes").count()?);
        } else if let Some(said) = said {
            self.0.update("t");
            self.string(&said);
        } else if has("reference") {
            self.0.update("r");
            self.string(&part.get("reference").text()?);
        } else {
            self.0.update("h");
            self.number(part.get("bytes").count()?);
            self.string(&part.get("hash").text()?);
        }
        Some(())
    }

    fn optional(&mut self, text: Node<'_>) -> Option<()> {
        if text.is_missing() {
            self.0.update([0]);
            return Some(());
        }
        self.0.update([1]);
        self.string(&text.text()?);
        Some(())
    }

    fn string(&mut self, text: &str) {
        self.number(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.0.update(text);
    }

    fn number(&mut self, number: u64) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.update(number.to_be_bytes());
    }
}

/// Whether there is only a hash, which may be of data or of a text that was cut.
fn is_only_hash(part: &Fields<'_>) -> bool {
    let has = |name| !part.get(name).is_missing();
    has("hash")
        && !["at", "text", "arguments", "reference"]
            .into_iter()
            .any(has)
}

fn letter(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "T",
        Kind::ToolCall => "C",
        Kind::ToolResult => "R",
        Kind::Media => "M",
        Kind::Reasoning => "Z",
        Kind::Document => "D",
        Kind::Other => "O",
    }
}

/// The bytes of a hash that is written in hexadecimal digits, with or without its name.
fn digest(hash: &str) -> Option<Vec<u8>> {
    let digits = hash.strip_prefix("sha256:").unwrap_or(hash);
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    (digits.len() == 64).then_some(bytes)
}

const ANOTHER_FORM: &str = "the parts do not have the expected form";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::hash::sha256;
    use crate::store::Log;

    fn hash_of(prompt: &str, parts: &Value, notes: &Value) -> Result<String, &'static str> {
        let event = json!({
            "prompt_content": prompt, "prompt_hash": sha256(prompt),
            "metadata": {"audit_layer": {"prompt": {"parts": parts}, "capture": {"notes": notes}}},
        });
        hash(&Members::of(&Log::of(&event)))
    }

    /// As `core/PROMPT.md` has them.
    #[test]
    fn the_documented_vectors_hold() {
        let text = |message, role, at, bytes| json!({"message": message, "role": role, "kind": "text", "at": at, "bytes": bytes});
        let calls = |arguments| {
            json!([
                {"message": 0, "role": "assistant", "kind": "tool_call", "id": "c1", "name": "transfer", "arguments": arguments},
                {"message": 1, "role": "tool", "kind": "tool_result", "id": "c1", "at": 1, "bytes": 4},
            ])
        };
        let document = include_str!("../../../../../core/PROMPT.md");
        for (prompt, parts) in [
            ("Hi", json!([text(0, "user", 0, 2)])),
            ("Hi", json!([text(0, "system", 0, 2)])),
            ("a\nb", json!([text(0, "user", 0, 3)])),
            (
                "a\nb",
                json!([text(0, "user", 0, 1), text(1, "user", 2, 1)]),
            ),
            ("\ndone", calls(r#"{"amount":10}"#)),
            ("\ndone", calls(r#"{"amount":9000000}"#)),
        ] {
            let hash = hash_of(prompt, &parts, &json!([])).unwrap();
            assert!(
                document.contains(&format!("| `{hash}` |")),
                "{parts}: {hash}"
            );
        }
    }

    #[test]
    fn what_the_event_does_not_have_cannot_be_hashed() {
        let part = json!({"message": 0, "role": "user", "kind": "text", "text": "a"});
        let cut =
            json!({"message": 0, "role": "user", "kind": "text", "bytes": 9, "hash": "sha256:00"});
        for (parts, note, why) in [
            (json!([part]), "prompt_parts_truncated", "not all parts"),
            (json!([part]), "name_truncated", "a name is truncated"),
            (json!([part]), "credential_removed", "a credential"),
            (
                json!([cut]),
                "prompt_content_truncated",
                "a text is truncated",
            ),
            (json!([7]), "", "expected form"),
            (
                json!([{"message": 0, "role": "user", "kind": "x", "text": "a"}]),
                "",
                "expected form",
            ),
            (
                json!([{"message": -1, "role": "user", "kind": "text", "text": "a"}]),
                "",
                "expected form",
            ),
            (json!("x"), "", "expected form"),
        ] {
            let error = hash_of("p", &parts, &json!([note])).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(hash_of("p", &json!([part]), &json!(["prompt_content_truncated"])).is_ok());
    }
}
