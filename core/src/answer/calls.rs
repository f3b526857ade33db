//! The tool calls of an answer, put together from pieces whose numbers and ids may be wrong.

use std::cell::Cell;

use super::{CallKey, CallPiece};
use crate::event::ToolCall;
use crate::json;
use crate::limits::{ARGUMENTS_LOOKED_AT_BYTES_MAX, NAME_BYTES_MAX, TOOL_CALLS_MAX};
use crate::names::{keep_first, shortened};

/// What some servers send before the arguments, or after them.
const EMPTY: &str = "{}";

/// The calls in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls {
    all: Vec<(CallKey, ToolCall)>,
    /// Bytes of arguments that were looked through.
    looked_at: Cell<usize>,
}

/// A call that a piece belongs to.
pub(super) struct Found<'a> {
    pub(super) call: &'a mut ToolCall,
    /// Whether the piece says nothing that is new of a whole call: last events of some servers
    /// repeat it.
    pub(super) is_repeated: bool,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    pub(super) fn take(&mut self) -> Vec<ToolCall> {
        let calls = std::mem::take(&mut self.all).into_iter();
        calls.map(|(_, call)| call).collect()
    }

    /// The newest call of a number.
    pub(super) fn get(&self, key: CallKey) -> Option<&ToolCall> {
        self.all.get(self.newest_of(key)?).map(|(_, call)| call)
    }

    /// The newest call of a choice.
    pub(super) fn newest(&self, choice: u64) -> Option<u64> {
        let mut keys = self.all.iter().rev().map(|(key, _)| key);
        keys.find(|key| key.choice == choice).map(|key| key.call)
    }

    /// The number of the call with an id.
    pub(super) fn with_id(&self, choice: u64, id: &str) -> Option<u64> {
        let at = self.at_id(choice, id)?;
        self.all.get(at).map(|(key, _)| key.call)
    }

    /// The call that a piece belongs to, which may begin with it; `None` if there are too many.
    pub(super) fn of(&mut self, key: CallKey, piece: CallPiece<'_>) -> Option<Found<'_>> {
        let known = self.known(key, piece);
        let call = known.and_then(|at| self.all.get(at));
        let is_repeated = call.is_some_and(|(_, call)| self.is_repeated(call, piece));
        let call = self.at(known, key)?;
        Some(Found { call, is_repeated })
    }

    /// The call of a number, whatever it is called; `None` if there are too many.
    pub(super) fn settled(&mut self, key: CallKey) -> Option<&mut ToolCall> {
        self.at(self.newest_of(key), key)
    }

    fn newest_of(&self, key: CallKey) -> Option<usize> {
        self.all.iter().rposition(|(known, _)| *known == key)
    }

    fn at(&mut self, known: Option<usize>, key: CallKey) -> Option<&mut ToolCall> {
        let at = match known {
            Some(at) => at,
            None if self.all.len() >= TOOL_CALLS_MAX => return None,
            None => {
                let call = ToolCall {
                    choice: key.choice,
                    id: None,
                    name: String::new(),
                    arguments: String::new(),
                };
                self.all.push((key, call));
                self.all.len().saturating_sub(1)
            }
        };
        self.all.get_mut(at).map(|(_, call)| call)
    }

    /// The place of the call that a piece goes on with.
    ///
    /// Servers give parallel calls one number, and some give each piece of a call an id of its own.
    fn known(&self, key: CallKey, piece: CallPiece<'_>) -> Option<usize> {
        let id = piece.id.filter(|id| !id.is_empty());
        let of_id = || self.at_id(key.choice, id?);
        let Some(newest) = self.newest_of(key) else {
            return of_id().filter(|_| !is_named(piece));
        };
        let (_, call) = self.all.get(newest)?;
        let is_other = |id| call.id.as_deref().is_some_and(|known| known != id);
        if id.is_some_and(is_other) {
            let newest = Some(newest).filter(|_| !self.has_another_id(call, piece));
            return of_id().or(newest);
        }
        Some(newest).filter(|_| !self.follows_a_whole(call, piece))
    }

    fn at_id(&self, choice: u64, id: &str) -> Option<usize> {
        let is_it = |(key, call): &(CallKey, ToolCall)| {
            key.choice == choice && call.id.as_deref() == Some(id)
        };
        self.all.iter().position(is_it)
    }

    /// Whether a piece with a new id begins another call, and does not only have another id than the
    /// pieces before.
    fn has_another_id(&self, call: &ToolCall, piece: CallPiece<'_>) -> bool {
        is_named(piece) || self.is_object(&call.arguments)
    }

    /// Whether a piece without a new id begins another call: it names a tool and has arguments, and
    /// those of the call before it are whole.
    fn follows_a_whole(&self, call: &ToolCall, piece: CallPiece<'_>) -> bool {
        is_named(piece)
            && piece.arguments.starts_with('{')
            && !is_placeholder(call, piece)
            && piece.arguments != call.arguments
            && self.is_object(&call.arguments)
    }

    fn is_repeated(&self, call: &ToolCall, piece: CallPiece<'_>) -> bool {
        let is_again = piece.arguments == call.arguments || piece.arguments == EMPTY;
        is_again && self.is_object(&call.arguments)
    }

    /// Whether the arguments are a whole object. Pieces that make it a question again and again are
    /// no answer's of a model, and are taken as they come.
    fn is_object(&self, arguments: &str) -> bool {
        if !arguments.starts_with('{') || !arguments.ends_with('}') {
            return false;
        }
        let looked_at = self.looked_at.get().saturating_add(arguments.len());
        self.looked_at.set(looked_at);
        looked_at <= ARGUMENTS_LOOKED_AT_BYTES_MAX && json::read::<json::Depth>(arguments).is_some()
    }
}

/// Whether one of the two only stands for arguments that come, or have come.
fn is_placeholder(call: &ToolCall, piece: CallPiece<'_>) -> bool {
    call.arguments == EMPTY || piece.arguments == EMPTY
}

fn is_named(piece: CallPiece<'_>) -> bool {
    piece.name.is_some_and(|name| !name.is_empty())
}

/// Takes a piece into its call; `kept` are the arguments for which there is room.
pub(super) fn extend(call: &mut ToolCall, piece: CallPiece<'_>, kept: &str, is_cut: &mut bool) {
    keep_first(&mut call.id, piece.id, is_cut);
    if let (true, Some(name)) = (call.name.is_empty(), piece.name) {
        call.name = shortened(name, NAME_BYTES_MAX, is_cut);
    }
    if call.arguments == EMPTY && kept.starts_with('{') {
        call.arguments.clear();
    }
    call.arguments.push_str(kept);
}

/// What the whole arguments have beyond those that came; all of them where others came.
pub(super) fn rest<'a>(call: &mut ToolCall, whole: &'a str) -> &'a str {
    let says_less = call.arguments.starts_with(whole) || whole == EMPTY;
    if says_less && !call.arguments.is_empty() {
        return "";
    }
    whole.strip_prefix(&*call.arguments).unwrap_or_else(|| {
        call.arguments.clear();
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use crate::digest::HashForm;

    /// A call's number, its id, its name and a piece of its arguments.
    type Piece = (u64, &'static str, &'static str, &'static str);

    fn gathered(pieces: &[Piece]) -> Vec<(Option<String>, String)> {
        let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
        for &(call, id, name, arguments) in pieces {
            let piece = CallPiece {
                id: Some(id),
                name: Some(name),
                arguments,
            };
            answer.call(CallKey { choice: 0, call }, piece);
        }
        let (calls, _) = answer.take_tool_calls();
        let calls = calls.into_iter();
        calls.map(|call| (call.id, call.arguments)).collect()
    }

    #[test]
    fn calls_with_one_number_are_told_apart_by_what_begins_them() {
        let whole = [r#"{"city":"Rome"}"#, r#"{"city":"Oslo"}"#];
        for pieces in [
            // Each whole in one piece.
            vec![(0, "a", "f", whole[0]), (0, "b", "f", whole[1])],
            // Each in several, the first with id and name.
            vec![
                (0, "a", "f", ""),
                (0, "", "", r#"{"city":"#),
                (0, "", "", r#""Rome"}"#),
                (0, "b", "f", ""),
                (0, "", "", whole[1]),
            ],
            // Mixed, with the id at every piece.
            vec![
                (0, "a", "f", r#"{"city":"#),
                (0, "b", "f", r#"{"city":"#),
                (0, "a", "f", r#""Rome"}"#),
                (0, "b", "f", r#""Oslo"}"#),
            ],
            // The second without a name.
            vec![(0, "a", "f", whole[0]), (0, "b", "", whole[1])],
            // A last event repeats them.
            vec![
                (0, "a", "f", whole[0]),
                (0, "b", "f", whole[1]),
                (0, "a", "f", whole[0]),
                (0, "b", "f", whole[1]),
            ],
        ] {
            let calls = gathered(&pieces);
            let ids: Vec<_> = calls.iter().map(|(id, _)| id.as_deref()).collect();
            assert_eq!(ids, [Some("a"), Some("b")], "{pieces:?}");
            let arguments: Vec<_> = calls.iter().map(|(_, arguments)| arguments).collect();
            assert_eq!(arguments, whole, "{pieces:?}");
        }
        // Without ids, and with one for both.
        for id in ["", "f"] {
            let calls = gathered(&[(0, id, "f", whole[0]), (0, id, "f", whole[1])]);
            assert_eq!(calls.len(), 2, "{id}");
        }
    }

    #[test]
    fn pieces_that_ask_again_whether_a_call_is_whole_are_taken_as_they_come() {
        let large = format!("{{{}}}", "x".repeat(ARGUMENTS_LOOKED_AT_BYTES_MAX / 4 - 2));
        let mut answer = Answer::new(HashForm::Sha256, usize::MAX);
        let mut call = |arguments| {
            let key = CallKey { choice: 0, call: 0 };
            let piece = CallPiece {
                arguments,
                ..CallPiece::default()
            };
            answer.call(key, piece);
            answer.tool_calls.looked_at.get()
        };
        call(&large);
        let looked_at: Vec<_> = (0..1_000).map(|_| call("{}")).collect();
        assert!(looked_at[2] <= ARGUMENTS_LOOKED_AT_BYTES_MAX);
        assert!(looked_at[3] > ARGUMENTS_LOOKED_AT_BYTES_MAX);
        let (calls, _) = answer.take_tool_calls();
        assert_eq!(calls[0].arguments.len(), large.len() + 2_000);
    }

    #[test]
    fn an_id_or_name_at_every_piece_begins_no_other_call() {
        for pieces in [
            [(0, "a", "f", r#"{"a""#), (0, "a", "f", ":1}")],
            [(0, "a", "f", r#"{"a""#), (0, "", "f", ":1}")],
            // An id made anew for each piece.
            [(0, "a", "f", r#"{"a""#), (0, "b", "", ":1}")],
            // A number made anew for each piece.
            [(0, "a", "f", r#"{"a""#), (1, "a", "", ":1}")],
            // Placeholders.
            [(0, "a", "f", "{}"), (0, "", "", r#"{"a":1}"#)],
            [(0, "a", "f", r#"{"a":1}"#), (0, "a", "f", "{}")],
        ] {
            let calls = gathered(&pieces);
            let known = (Some("a".to_owned()), r#"{"a":1}"#.to_owned());
            assert_eq!(calls, [known], "{pieces:?}");
        }
    }
}
