//! What a model thought, under the names and in the shapes in use.
//!
//! Sources: DeepSeek's `reasoning_content`, OpenRouter's `reasoning` and `reasoning_details`
//! (<https://openrouter.ai/docs/use-cases/reasoning-tokens>), Mistral's `thinking`, LiteLLM's
//! `thinking_blocks`, and GitHub Copilot's `reasoning_text` and `reasoning_opaque`.

use std::borrow::Cow;

use crate::answer::{Answer, Part};
use crate::json::{self, Json, List, Object, Text};

/// How deep a thought's words are looked for: a list of parts, each of which may hold another.
pub(super) const DEPTH_MAX: usize = 4;

json::wire! {
    /// The members of a message that hold its reasoning; several of them may say the same.
    #[derive(Debug)]
    pub(super) struct ReasoningWire<'a> {
        content: Option<Json<'a>> = "reasoning_content",
        reasoning: Option<Json<'a>> = "reasoning",
        text: Option<Json<'a>> = "reasoning_text",
        thinking: Option<Json<'a>> = "thinking",
        thought: Option<Json<'a>> = "thought" | "thoughts",
        blocks: Option<Json<'a>> = "thinking_blocks",
        details: Option<Json<'a>> = "reasoning_details",
        summary: Option<Json<'a>> = "reasoning_summary" | "cot_summary",
        sealed: Option<Json<'a>> = "reasoning_opaque"
            | "encrypted_reasoning"
            | "reasoning_encrypted_content",
    }

    struct ThoughtWire<'a> {
        text: Option<Json<'a>> = "text",
        thinking: Option<Json<'a>> = "thinking",
        summary: Option<Json<'a>> = "summary",
        content: Option<Json<'a>> = "content",
        sealed: Option<Json<'a>> = "data" | "encrypted_content",
    }
}

impl ReasoningWire<'_> {
    /// Takes the reasoning of choice `index`: of members that say the same, the first that says
    /// something.
    pub(super) fn take(self, index: u64, answer: &mut Answer) {
        let members = [
            self.content,
            self.reasoning,
            self.text,
            self.thinking,
            self.thought,
            self.blocks,
            self.details,
            self.summary,
        ];
        let mut is_sealed = self.sealed.is_some();
        for member in members.into_iter().flatten() {
            let thought = words(member, DEPTH_MAX, &mut is_sealed);
            if !thought.is_empty() {
                answer.append(index, Part::Reasoning, &thought);
                return;
            }
        }
        answer.has_sealed_reasoning |= is_sealed;
    }
}

/// The words of a thought: a text, an object that has one, or a list of them.
pub(super) fn words<'a>(value: Json<'a>, depth: usize, is_sealed: &mut bool) -> Cow<'a, str> {
    let Some(depth) = depth.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    match value.get().as_bytes().first() {
        Some(b'"') => {
            let Text(text) = json::read(value).unwrap_or_default();
            text.unwrap_or_default()
        }
        Some(b'[') => {
            let List(parts): List<Json<'a>> = json::read(value).unwrap_or_default();
            let texts = parts.into_iter().map(|part| words(part, depth, is_sealed));
            Cow::Owned(texts.collect())
        }
        Some(b'{') => {
            let Object(wire) = json::read::<Object<ThoughtWire<'a>>>(value).unwrap_or_default();
            let wire = wire.unwrap_or_default();
            *is_sealed |= wire.sealed.is_some();
            let members = [wire.text, wire.thinking, wire.summary, wire.content];
            let mut texts = members.into_iter().flatten();
            let text = texts.find_map(|member| {
                Some(words(member, depth, is_sealed)).filter(|text| !text.is_empty())
            });
            text.unwrap_or_default()
        }
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    fn taken(message: &str) -> Answer {
        let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
        let wire: ReasoningWire<'_> = json::object(message).unwrap();
        wire.take(0, &mut answer);
        answer
    }

    #[test]
    fn a_thought_is_known_by_every_name_and_in_every_shape() {
        for message in [
            r#"{"reasoning_content":"so"}"#,
            r#"{"reasoning":"so","reasoning_content":""}"#,
            r#"{"reasoning":"so","reasoning_content":"so"}"#,
            r#"{"reasoning":{"content":"so"}}"#,
            r#"{"reasoning_text":"so","reasoning_opaque":"gAAA"}"#,
            r#"{"thinking":"so"}"#,
            r#"{"thinking":[{"type":"text","text":"s"},{"type":"text","text":"o"}]}"#,
            r#"{"thinking_blocks":[{"type":"thinking","thinking":"so","signature":"x"}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"so"}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"so"},
                {"type":"reasoning.encrypted","data":"gAAA"}],"reasoning":null}"#,
            r#"{"reasoning":{"summary":[{"type":"summary_text","text":"so"}]}}"#,
            r#"{"thought":"so"}"#,
        ] {
            let answer = taken(message);
            assert_eq!(answer.said(0, Part::Reasoning).0, "so", "{message}");
            assert!(!answer.has_sealed_reasoning, "{message}");
        }
    }

    #[test]
    fn a_thought_that_only_the_provider_can_read_is_told() {
        for (message, is_sealed) in [
            (r#"{"reasoning_opaque":"gAAA"}"#, true),
            (
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA"}]}"#,
                true,
            ),
            (r#"{"reasoning":null,"reasoning_opaque":null}"#, false),
            (
                r#"{"thought":true,"reasoning":7,"thinking":[[[[[["deep"]]]]]]}"#,
                false,
            ),
        ] {
            assert_eq!(taken(message).has_sealed_reasoning, is_sealed, "{message}");
        }
    }
}
