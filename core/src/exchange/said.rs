//! What an event says of an answer: its text, and what stands beside it.

use std::collections::BTreeSet;
use std::mem;

use super::response::Answered;
use crate::answer::{Answer, AnswerPart};
use crate::decision::{self, Decision};
use crate::event::{Choice, CompletionState, Response, ResponsePart};
use crate::note::Note;

impl Answered {
    /// `response_content`, and what the event says of the answer beside it.
    pub(super) fn said(&mut self, notes: &mut BTreeSet<Note>) -> (String, Response) {
        let answer = &mut self.answer;
        answer.settle_halves();
        if answer.has_lone_halves() {
            notes.insert(Note::InvalidUnicodeReplaced);
        }
        if !answer.findings.is_empty() {
            notes.insert(Note::ContentFlagged);
        }
        if answer.is_not_text {
            notes.insert(Note::AnswerNotText);
        }
        if answer.is_pending {
            notes.insert(Note::AnswerPending);
        }
        if answer.is_text_cut() {
            notes.insert(Note::ResponseContentTruncated);
        }
        if answer.names_cut {
            notes.insert(Note::NameTruncated);
        }
        if answer.calls_cut {
            notes.insert(Note::ToolCallsTruncated);
        }
        let thought = answer.choices.iter().any(|it| !it.reasoning.is_empty());
        if answer.has_sealed_reasoning && !thought {
            notes.insert(Note::ReasoningEncrypted);
        }
        let choices = match answer.choices.as_slice() {
            [] | [_] => Vec::new(),
            choices => choices
                .iter()
                .map(|choice| Choice {
                    index: choice.index,
                    content: choice.said().text.clone(),
                    finish_reason: choice.finish_reason.clone(),
                })
                .collect(),
        };
        let (tool_calls, has_credential) = answer.take_tool_calls();
        if has_credential {
            notes.insert(Note::CredentialRemoved);
        }
        let parts = parts(answer);
        let first = answer.choices.first();
        let present = |text: &String| !text.is_empty();
        let content = first.map(|first| first.said().text.clone());
        let said = first
            .map(|first| first.said())
            .filter(|said| !said.is_empty());
        let (hash, has_credential) = said.map(|said| said.hash()).unwrap_or_default();
        if has_credential {
            notes.insert(Note::CredentialRemoved);
        }
        let response = Response {
            id: answer.id.clone(),
            model: answer.model.clone(),
            hash,
            reasoning: first.map(|first| first.reasoning.clone()).filter(present),
            refusal: first
                .map(|first| first.refusal.text.clone())
                .filter(present),
            choices,
            findings: mem::take(&mut answer.findings).into_iter().collect(),
            tool_calls,
            parts,
            decision: None,
        };
        (content.unwrap_or_default(), response)
    }

    /// What the model decided, where it was asked for decisions.
    pub(super) fn decided(
        &mut self,
        state: CompletionState,
        notes: &mut BTreeSet<Note>,
    ) -> Option<Decision> {
        let mut is_cut = false;
        let answers = mem::take(&mut self.answer.decisions);
        let is_cut_off = notes.contains(&Note::ResponseBodyTruncated) || self.answer.calls_cut;
        let is_whole = state == CompletionState::Complete && !is_cut_off;
        let decision = decision::decide(answers, is_whole, &mut is_cut);
        if is_cut {
            notes.insert(Note::NameTruncated);
        }
        decision
    }
}

fn parts(answer: &mut Answer) -> Vec<ResponsePart> {
    let parts = answer.take_parts().into_iter();
    let of = |part: AnswerPart| {
        let said = part.said;
        let is_whole = said.bytes == u64::try_from(said.text.len()).unwrap_or(u64::MAX);
        ResponsePart {
            kind: part.kind,
            type_name: part.type_name,
            id: part.id,
            bytes: (!is_whole).then_some(said.bytes),
            hash: (!is_whole).then(|| said.hash().0),
            text: is_whole.then_some(said.text),
        }
    };
    parts.map(of).collect()
}
