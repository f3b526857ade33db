//! What stands in an answer beside its text, its reasoning and its tool calls: what the provider's
//! own tools gave, and summaries of what came before.

use super::choice::Gathered;
use super::halves::Place;
use super::{Answer, Room};
use crate::event::Kind;
use crate::limits::{ANSWER_PARTS_BYTES_MAX, ANSWER_PARTS_MAX, NAME_BYTES_MAX};
use crate::names::shortened;

/// One such part.
#[derive(Debug)]
pub struct AnswerPart {
    /// What it is.
    pub kind: Kind,
    /// The provider's name of its type.
    pub type_name: String,
    /// The id of the tool call that it answers.
    pub id: Option<String>,
    /// Its text.
    pub said: Gathered,
}

/// The parts of an answer, within a limit of their own: what a tool gave may be large, and must not
/// take the room of what the model says.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) all: Vec<AnswerPart>,
    pub(super) room: Room,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            room: Room::new(ANSWER_PARTS_BYTES_MAX),
        }
    }
}

impl Answer {
    /// Takes a part that has the text `text`; an empty one is begun, and goes on with
    /// [`Self::append_part`].
    pub fn part(&mut self, kind: Kind, type_name: &str, id: Option<&str>, text: &str) {
        if self.parts.all.len() >= ANSWER_PARTS_MAX {
            self.parts.room.is_cut = true;
            return;
        }
        let mut name = |name: &str| shortened(name, NAME_BYTES_MAX, &mut self.names_cut);
        let part = AnswerPart {
            kind,
            type_name: name(type_name),
            id: id.filter(|id| !id.is_empty()).map(name),
            said: Gathered::new(&self.hash, &self.secrets),
        };
        self.parts.all.push(part);
        self.append_part(text);
    }

    /// Appends to the part that was begun last.
    pub fn append_part(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        let joined;
        let piece = if self.halves.is_idle() {
            piece
        } else {
            joined = self.halves.join(Place::Beside, piece);
            &joined
        };
        let kept = self.parts.room.take(piece);
        if let Some(part) = self.parts.all.last_mut() {
            part.said.append(kept, piece);
        }
    }

    /// The parts in their order, without those that say nothing.
    pub fn take_parts(&mut self) -> Vec<AnswerPart> {
        let parts = std::mem::take(&mut self.parts.all).into_iter();
        parts.filter(|part| !part.said.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Part;
    use crate::digest::HashForm;

    #[test]
    fn large_parts_are_kept_by_their_beginning_and_take_no_room_of_the_text() {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        let large = "x".repeat(ANSWER_PARTS_BYTES_MAX);
        answer.part(Kind::ToolResult, "result", Some("a"), &large);
        answer.part(Kind::Other, "compaction", None, "");
        answer.append_part("so ");
        answer.append_part("far");
        answer.append(0, Part::Content, "Hi");
        assert!(answer.is_text_cut());
        assert_eq!(answer.choices[0].content.text, "Hi");
        let parts = answer.take_parts();
        let said: Vec<_> = parts.iter().map(|part| part.said.bytes).collect();
        assert_eq!(said, [64 << 10, 6]);
        assert_eq!(parts[0].said.text, large);
        assert_eq!(parts[1].said.text, "");
        let hash = HashForm::Sha256.hash(b"so far");
        assert_eq!(parts[1].said.hash().0, hash);
    }

    #[test]
    fn parts_stop_at_their_limit() {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        for _ in 0..=ANSWER_PARTS_MAX {
            answer.part(Kind::Other, "x", None, "x");
        }
        assert!(answer.is_text_cut());
        assert_eq!(answer.take_parts().len(), ANSWER_PARTS_MAX);
    }
}
